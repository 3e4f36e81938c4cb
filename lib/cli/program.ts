import { Command, CommanderError } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addCost } from './cost.ts';
import { Exit } from './exit.ts';
import { addHost } from './host.ts';
import { addLedger } from './ledger.ts';
import { addNode } from './node.ts';
import { addPolicy } from './policy.ts';
import { addRequest } from './request.ts';

/**
 * Runs the operator's command.
 *
 * @param args the command line after `mayfly`
 * @param addMore adds commands that are not part of the product, such as those of the workbench
 * @returns the exit code: 0 for success, 1 for failure, 2 for a wrong command line; a command may have others, which its
 *   help lists
 * @example process.exitCode = await run(['coverage', '--since', '7d']);
 */
export async function run(args: readonly string[], addMore?: (program: Command) => void): Promise<number> {
  const program = new Command('mayfly')
    .description(
      'Mayfly turns lifecycle events into osquery queries that reach the host while the workload still runs.',
    )
    .version(packageJson.version)
    .showHelpAfterError('Try the same with --help')
    .enablePositionalOptions() // an option after a subcommand is that subcommand's
    .exitOverride();
  addMore?.(program);
  addLedger(program);
  addNode(program);
  addHost(program);
  addPolicy(program);
  addRequest(program);
  addCost(program);
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
