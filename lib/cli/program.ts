import { Command, type OutputConfiguration } from 'commander';
import packageJson from '../../package.json' with { type: 'json' };
import { addCompletion } from './completion.ts';
import { addConsole } from './console.ts';
import { addCost } from './cost.ts';
import { addDlq } from './dlq.ts';
import { addDoctor } from './doctor.ts';
import type { ExitCode } from './errors/exit.ts';
import { addHelp } from './help.ts';
import { addHost } from './host.ts';
import { addLedger } from './ledger.ts';
import { addNode } from './node.ts';
import { addPolicy } from './policy.ts';
import { addQuery } from './query.ts';
import { reportError } from './report-error.ts';
import { addRequest } from './request.ts';
import { addRows } from './rows.ts';
import { addSecret } from './secret.ts';
import { addTail } from './tail.ts';
import { reflowed } from './terminal/layout.ts';
import { examples, harmless, writeNotesAsJson } from './terminal/print.ts';

/** The width of help that does not go to a terminal; the same as Commander's. */
const HELP_WIDTH = 80;

/**
 * Runs the operator's command.
 *
 * @param args the command line after `mayfly`
 * @param addMore adds commands that are not part of the product, such as those of the workbench
 * @returns the exit code (`EXIT_CODES`)
 * @example process.exitCode = await run(['coverage', '--since', '7d']);
 */
export async function run(args: readonly string[], addMore?: (program: Command) => void): Promise<ExitCode> {
  const isJson = args.includes('--json');
  writeNotesAsJson(isJson);
  // With --json, standard error contains only JSON: `reportError` prints Commander's errors.
  const program = programWith(addMore, {
    writeOut: (text) => void process.stdout.write(reflowed(text, process.stdout.columns ?? HELP_WIDTH)),
    writeErr: (text) => void (isJson || process.stderr.write(harmless(text))),
    outputError: (text, write) => void (isJson || write(text)),
  });
  try {
    await program.parseAsync([...args], { from: 'user' });
    return 0;
  } catch (error) {
    return reportError(error, isJson);
  }
}

/** The command line: all commands with their options. */
export function programWith(addMore?: (program: Command) => void, output: OutputConfiguration = {}): Command {
  const program = new Command('mayfly')
    .description(
      'Mayfly turns lifecycle events into osquery queries that reach the host while the workload still runs.',
    )
    .version(packageJson.version)
    .showHelpAfterError('Try the same with --help')
    .enablePositionalOptions() // an option after a subcommand is that subcommand's
    .addHelpText(
      'after',
      `${examples('npx mayfly coverage --since 24h', 'npx mayfly doctor --stack Mayfly', 'npx mayfly help policy push')}

Commands use the Mayfly on this machine (--data), or one in AWS (--stack, --table) with your credentials. MAYFLY_DATA and
MAYFLY_STACK set both once: docs/reference/exit-codes.md lists them, the exit codes and the codes of errors.`,
    )
    .configureOutput(output) // before the subcommands, which inherit it
    .exitOverride();
  addMore?.(program);
  addLedger(program);
  addRows(program);
  addNode(program);
  addHost(program);
  addPolicy(program);
  addQuery(program);
  addRequest(program);
  addConsole(program);
  addDoctor(program);
  addTail(program);
  addSecret(program);
  addDlq(program);
  addCost(program);
  addCompletion(program);
  addHelp(program);
  return program;
}
