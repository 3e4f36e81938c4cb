import { run } from '../lib/cli/program.ts';
import { addWorkbench } from '../workbench/demo/add-workbench.ts';

// Who reads has had enough, as `head` does: end as any program in a pipe does, with the code of SIGPIPE.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit(141);
});

process.exitCode = await run(process.argv.slice(2), addWorkbench);
