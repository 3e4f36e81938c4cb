/**
 * Runs seeded worlds: the real core on ports that can fail at any call, simulated agents, simulated time. The same seed
 * gives the same world, call by call.
 *
 *   npm run world -- --seeds 2000
 *   npm run world -- --seed 1234
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { CommanderError } from 'commander';
import { build } from 'esbuild';
import { ticking } from '../../../lib/cli/terminal/print.ts';
import { runWorld, type WorldResult } from '../world.ts';
import { type WorldOptions, worldOptionsOf } from './world-options.ts';

/** Argument that marks a child process. */
const CHILD = '--one-of-several';
/** Number of worlds per batch; each process gets one batch at a time. */
const BATCH = 10;
/** Number of lines of a replay shown on the screen; the file has all of them. */
const SHOWN_LINES = 60;

const BUNDLE = fileURLToPath(new URL('../../../dist/world.mjs', import.meta.url));
const ESM = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;

/** Runs all worlds, one batch at a time in each process. Reports each world that broke a promise at once. */
async function runAll({ from, seeds, processes }: WorldOptions): Promise<WorldResult[]> {
  await build({ ...ESM, entryPoints: [fileURLToPath(import.meta.url)], outfile: BUNDLE });
  const results: WorldResult[] = [];
  const all = Array.from({ length: seeds }, (_, index) => from + index);
  let broken = 0;
  const quiet = ticking((took) => `world ${results.length} of ${seeds}, ${broken} broken …  ${took} s`);
  const work = async (): Promise<void> => {
    const child = fork(BUNDLE, [CHILD], { execArgv: [] });
    try {
      for (let batch = all.splice(0, BATCH); batch.length > 0; batch = all.splice(0, BATCH)) {
        const done = await given(child, batch);
        results.push(...done);
        for (const world of done.filter(({ violations }) => violations.length > 0)) {
          broken++;
          process.stdout.write(summaryOf(world));
        }
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: processes }, work)).finally(quiet);
  return results;
}

function given(child: ChildProcess, seeds: readonly number[]): Promise<WorldResult[]> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null): void => reject(new Error(`worlds ${seeds.join(', ')} ended with ${code}`));
    child.once('exit', died).once('message', (results) => {
      child.off('exit', died);
      resolve(results as WorldResult[]);
    });
    child.send(seeds);
  });
}

const summaryOf = ({ seed, violations }: WorldResult): string =>
  `\nworld ${seed} broke ${violations.length} promises: npm run world -- --seed ${seed}\n${violations.map((what) => `  ${what.slice(0, 300)}\n`).join('')}`;

/** Sums up the events of all worlds. A run with few events proves little. */
function totalsOf(results: readonly WorldResult[]): string {
  const totals = new Map<string, number>();
  for (const { counts } of results)
    for (const [name, count] of Object.entries(counts)) totals.set(name, (totals.get(name) ?? 0) + count);
  const lines = [...totals].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, count]) => `${name} ${Math.round(count)}`);
  return `${lines.join(', ')}\n`;
}

async function replay(seed: number): Promise<boolean> {
  const { violations, trace } = await runWorld(seed, { trace: true });
  const file = `.mayfly/world-${seed}.txt`;
  await mkdir('.mayfly', { recursive: true });
  await writeFile(file, `${trace.join('\n')}\n`);
  const shown = trace.slice(-SHOWN_LINES).map((line) => line.slice(0, 240));
  process.stdout.write(`${shown.join('\n')}\n\nAll ${trace.length} lines are in ${file}.\n`);
  process.stdout.write(violations.length > 0 ? `${violations.join('\n')}\n` : 'It broke no promise.\n');
  return violations.length === 0;
}

async function main(): Promise<void> {
  const options = worldOptionsOf(process.argv.slice(2));
  if (options.seed !== undefined) {
    process.exitCode = (await replay(options.seed)) ? 0 : 1;
    return;
  }
  const startedAt = performance.now();
  const results = await runAll(options);
  const seconds = (performance.now() - startedAt) / 1000;
  const broken = results.filter(({ violations }) => violations.length > 0).map(({ seed }) => seed);
  process.stdout.write(totalsOf(results));
  process.stdout.write(`${results.length} worlds in ${seconds.toFixed(0)} s, ${broken.length} broken\n`);
  process.exitCode = broken.length > 0 ? 1 : 0;
}

if (process.argv[2] === CHILD) {
  process.on('message', async (seeds: readonly number[]) => {
    const results: WorldResult[] = [];
    for (const seed of seeds) results.push(await runWorld(seed));
    process.send?.(results);
  });
} else {
  main().catch((error: unknown) => {
    if (!(error instanceof CommanderError)) throw error;
    process.exitCode = error.exitCode;
  });
}
