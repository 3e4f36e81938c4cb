import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { Exit } from './exit.ts';
import { addLedger } from './ledger.ts';
import { addNode } from './node.ts';
import { addPolicy } from './policy.ts';
import { addRequest } from './request.ts';

/**
 * The operator's command.
 *
 * @param args what follows `mayfly` on the command line
 * @param addMore adds commands that are not part of the product: those of the workbench
 * @returns the exit code: 0 when done, 1 when it failed, 2 for a command line that makes no sense; a command may have
 *   others, which its help names
 */
export async function run(args: readonly string[], addMore?: (program: Command) => void): Promise<number> {
  const program = new Command('mayfly')
    .description('Mayfly turns lifecycle events into osquery queries that reach the host while the thing still lives.')
    .version(packageJson.version)
    .showHelpAfterError('Try the same with --help')
    .enablePositionalOptions() // an option after a subcommand is that subcommand's
    .exitOverride();
  addMore?.(program);
  addLedger(program);
  addNode(program);
  addPolicy(program);
  addRequest(program);
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    if (error instanceof Exit) return error.code;
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    process.stderr.write(`mayfly: ${error instanceof Error ? error.message : String(error)}\n`);
    if (process.env.MAYFLY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
    return 1;
  }
}
