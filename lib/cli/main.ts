import type { Command } from 'commander';
import type { ExitCode } from './errors/exit.ts';
import { run } from './program.ts';

/** Runs the command line of this process, and sets its exit code. */
export async function main(addMore?: (program: Command) => void): Promise<void> {
  // The reader of the pipe closed it, as `head` does. Exit with the code of SIGPIPE, as other programs do.
  // Standard error goes into the same pipe with `2>&1`.
  for (const stream of [process.stdout, process.stderr])
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
      process.exit(141 satisfies ExitCode);
    });
  process.exitCode = await run(process.argv.slice(2), addMore);
}
