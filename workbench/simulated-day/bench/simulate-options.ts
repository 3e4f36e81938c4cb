import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { examples } from '../../../lib/cli/terminal/print.ts';
import { WORKLOADS } from '../workload.ts';

/** The options of a run. */
export interface SimulateOptions {
  readonly seed: string;
  readonly tasks: number;
  readonly hosts: number;
  readonly lifetimes: string;
  readonly sweep: number;
  readonly drop: number;
  readonly duplicate: number;
  readonly reorder: number;
  readonly json: boolean;
  readonly out: string;
}

/** The exit code after a parser's error, which is printed already: 0 after help, else 2. @throws any other error */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  throw error;
}

const ALL = 'all';
/** Options that change only how the output is shown. */
const SHOWN = new Set(['json', 'out']);

/**
 * Parses the command line of the simulated day.
 *
 * @returns the options, and the command that reproduces the output
 * @throws {CommanderError} for help and for an invalid command line, after printing the message
 */
export function optionsOf(args: readonly string[]): { readonly options: SimulateOptions; readonly command: string } {
  const program = new Command('npm run simulate --')
    .description(
      'The simulated day: thousands of seeded lives in simulated time through the real core, beside schedules on the same hosts and what formulas say.',
    )
    .option('--seed <text>', 'the same seed gives the same output', seed, '1')
    .option('--tasks <count>', 'starts of each workload; the picture takes twice as many of its own', count, 300)
    .option('--hosts <count>', 'hosts they are spread over, 33 starts an hour on each', count, 6)
    .option('--lifetimes <name>', `${Object.keys(WORKLOADS).join(', ')}, or ${ALL}`, lifetimes, ALL)
    .option('--sweep <seconds>', 'between two sweeps of the reconciler; 0 for none', seconds, 60)
    .option('--drop <share>', 'of events that never come, 0 to 1', share, 0)
    .option('--duplicate <share>', 'of events that come twice', share, 0)
    .option('--reorder <share>', 'of events that are held back by up to 10 s', share, 0)
    .option('--json', 'JSON for programs, on standard output', false)
    .option('--out <file>', 'where the picture goes', '.mayfly/catch-rate.svg')
    .addHelpText(
      'after',
      `${examples(
        'npm run simulate',
        'npm run simulate -- --lifetimes sysdig2025 --seed 7 --json',
        'npm run simulate -- --drop 0.2 --duplicate 0.2 --reorder 0.2 --out rates.svg',
      )}

What is simulated, and what the columns mean: docs/performance.md`,
    )
    .showHelpAfterError('Try the same with --help')
    .exitOverride();
  program.parse([...args], { from: 'user' });
  const options = program.opts<SimulateOptions>();
  const given = Object.entries(options).filter(
    ([name]) => name === 'seed' || (program.getOptionValueSource(name) === 'cli' && !SHOWN.has(name)),
  );
  return { options, command: ['npm run simulate --', ...given.map(([name, value]) => `--${name} ${value}`)].join(' ') };
}

function seed(text: string): string {
  if (/^\S+$/.test(text)) return text;
  throw new InvalidArgumentError('Any text without blanks.');
}

function count(text: string): number {
  if (/^[1-9]\d{0,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number above 0.');
}

function seconds(text: string): number {
  if (/^\d{1,6}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Whole seconds, 0 for none.');
}

function share(text: string): number {
  if (/^(0?\.\d+|[01](\.0+)?)$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A share from 0 to 1, such as 0.2.');
}

function lifetimes(text: string): string {
  if (text === ALL || Object.hasOwn(WORKLOADS, text)) return text;
  throw new InvalidArgumentError(`One of ${Object.keys(WORKLOADS).join(', ')}, ${ALL}.`);
}
