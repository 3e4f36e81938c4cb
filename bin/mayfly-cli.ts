import { run } from '../lib/cli/program.ts';
import { addWorkbench } from '../workbench/demo/add-workbench.ts';

// The reader of the pipe closed it, as `head` does. Exit with the code of SIGPIPE, as other programs do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

process.exitCode = await run(process.argv.slice(2), addWorkbench);
