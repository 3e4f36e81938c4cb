import { Command, InvalidArgumentError } from 'commander';
import { examples } from '../../../lib/cli/terminal/print.ts';

/** The options of a run of worlds. */
export interface WorldOptions {
  /** Number of worlds; their seeds are consecutive, starting at `from`. */
  readonly seeds: number;
  readonly from: number;
  /** Replays only this world and prints everything that happens in it. */
  readonly seed?: number;
  readonly processes: number;
}

/**
 * Parses the command line of the seeded worlds.
 *
 * @throws {CommanderError} for help and for an invalid command line, after printing the message
 */
export function worldOptionsOf(args: readonly string[]): WorldOptions {
  const program = new Command('npm run world --')
    .description(
      'Seeded worlds: the real core on ports that fail anywhere, with simulated agents, in simulated time. Each world is held to what Mayfly promises.',
    )
    .option('--seeds <count>', 'how many worlds', whole, 200)
    .option('--from <seed>', 'the first of their seeds', whole, 1)
    .option('--seed <seed>', 'replay this one, and write down all that happens in it', whole)
    .option('--processes <count>', 'how many worlds at a time', whole, 2)
    .addHelpText(
      'after',
      `${examples('npm run world -- --seeds 2000', 'npm run world -- --seed 1234')}

What happens in a world, and what it is held to: docs/world.md`,
    )
    .showHelpAfterError('Try the same with --help')
    .exitOverride();
  program.parse([...args], { from: 'user' });
  return program.opts<WorldOptions>();
}

function whole(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('A whole number above 0.');
}
