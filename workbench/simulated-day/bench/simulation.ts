import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { ticking } from '../../../lib/cli/terminal/print.ts';
import { SWEEP_EVERY_MS } from '../../../lib/core/ledger/bound.ts';
import { percentilesOf } from '../../../lib/core/ledger/percentiles.ts';
import type { Lifetime } from '../../world/index.ts';
import { catchCurves } from '../catch-curves.ts';
import { catchPicture } from '../catch-picture.ts';
import { type Comparison, compared } from '../comparison.ts';
import { type Day, simulateDay } from '../day.ts';
import type { Losses } from '../event-path.ts';
import { LONG_POLL, MODES, POLL_60, SCHEDULES, SHIPPED } from '../modes.ts';
import { tableOf } from '../table.ts';
import { type DayWithoutEvents, summaryWithoutEvents, tableWithoutEvents } from '../without-events.ts';
import { EVEN_LIVES, WORKLOADS } from '../workload.ts';
import type { SimulateOptions } from './simulate-options.ts';

const SWEEP_SECONDS = SWEEP_EVERY_MS / 1000;

/** One per core of a small computer. */
const PROCESSES = 2;

/** Argument that marks a child process. */
const CHILD = '--one-of-several';

/** Lives in the picture, as a multiple of those of a workload. */
const PICTURED_LIVES = 2;

interface Job {
  readonly workload: string; // `even` for the picture
  readonly mode: number;
  readonly seed: string;
  readonly tasks: number;
  readonly hosts: number;
  readonly losses: Losses;
  readonly sweepSeconds: number;
}

/** The modes that are measured a second time, with every event dropped. */
const MODES_WITHOUT_EVENTS = [POLL_60, SHIPPED, LONG_POLL].map((mode) => MODES.indexOf(mode));
const NO_EVENTS: Losses = { drop: 1, duplicate: 0, reorder: 0 };

const lifetimeOf = (workload: string): Lifetime => WORKLOADS[workload] ?? EVEN_LIVES;

async function run({ workload, mode, ...rest }: Job): Promise<Day> {
  return simulateDay({ ...rest, lifetime: lifetimeOf(workload), mode: MODES[mode] ?? SHIPPED, schedules: SCHEDULES });
}

/**
 * The bundle that the child processes run. Without it, compiling every module in each process takes a tenth of their
 * time.
 */
const BUNDLE = fileURLToPath(new URL('../../../dist/simulate.mjs', import.meta.url));
const ESM = { bundle: true, platform: 'node', format: 'esm', packages: 'external' } as const;

/** Runs each day as a separate job. A process takes the next job when it is free. */
async function runAll(jobs: readonly Job[]): Promise<Day[]> {
  await build({ ...ESM, entryPoints: [fileURLToPath(import.meta.url)], outfile: BUNDLE });
  const days: Day[] = [];
  let next = 0;
  let finished = 0;
  const quiet = ticking((took) => `day ${finished} of ${jobs.length} …  ${took} s`);
  const work = async (): Promise<void> => {
    const child = fork(BUNDLE, [CHILD], { execArgv: [] });
    try {
      for (let index = next++; index < jobs.length; index = next++) {
        days[index] = await done(child, jobs[index] as Job);
        finished++;
      }
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, work)).finally(quiet);
  return days;
}

function done(child: ChildProcess, job: Job): Promise<Day> {
  return new Promise((resolve, reject) => {
    const died = (code: number | null): void => reject(new Error(`the day of ${job.workload} ended with ${code}`));
    child.once('exit', died).once('message', (day) => {
      child.off('exit', died);
      resolve(day as Day);
    });
    child.send(job);
  });
}

/** Simulates the days, prints the report and writes the picture. `command` repeats the run. */
export async function simulate(options: SimulateOptions, command: string): Promise<void> {
  const { json, out, lifetimes, sweep: sweepSeconds, seed, tasks, hosts, ...losses } = options;
  const workloads = lifetimes === 'all' ? Object.keys(WORKLOADS) : [lifetimes];
  const rest = { seed, tasks, hosts, sweepSeconds, losses };
  const startedAt = performance.now();
  const even = { ...rest, workload: 'even', mode: MODES.indexOf(SHIPPED), tasks: PICTURED_LIVES * rest.tasks };
  const withEvents = workloads.flatMap((workload) => MODES.map((_, mode) => ({ ...rest, workload, mode })));
  const lost = workloads.flatMap((workload) =>
    MODES_WITHOUT_EVENTS.map((mode) => ({ ...rest, workload, mode, losses: NO_EVENTS })),
  );
  const [pictured, ...days] = await runAll([even, ...withEvents, ...lost]);
  if (!pictured) throw new Error('no day for the picture');
  const comparisons = workloads.flatMap((workload, index) =>
    compared(
      lifetimeOf(workload),
      MODES.map((mode, position) => ({ mode, day: days[index * MODES.length + position] ?? pictured })),
      rest.seed,
      isModelled(rest),
    ),
  );
  const withoutEvents = days.slice(withEvents.length).map((day, index) => dayWithoutEvents(lost[index] as Job, day));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, pictureOf(pictured, command));
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...rest, comparisons: comparisons.map(withoutWaits), withoutEvents }, null, 2)}\n`
      : report(comparisons, withoutEvents, rest, out),
  );
  process.stderr.write(`took ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
}

/** The formulas assume that every event arrives, once and in order, and that sweeps find nothing to do. */
const isModelled = ({ losses, sweepSeconds }: Pick<Job, 'losses' | 'sweepSeconds'>): boolean =>
  Object.values(losses).every((share) => share === 0) && sweepSeconds === SWEEP_SECONDS;

function pictureOf({ lives }: Day, command: string): string {
  const observers = [
    ...[60, 5].map((seconds) => {
      const index = SCHEDULES.indexOf(seconds);
      return {
        name: `schedule ${seconds} s`,
        saw: (life: Day['lives'][number]) => life.scheduledAfterMs[index] !== null,
      };
    }),
    { name: `${SHIPPED.name}: live`, saw: ({ verdict }: Day['lives'][number]) => verdict === 'seen' },
    {
      name: `${SHIPPED.name}: any row`,
      saw: ({ verdict }: Day['lives'][number]) => verdict === 'seen' || verdict === 'post-mortem',
    },
  ];
  return catchPicture(catchCurves(lives, observers), `${lives.length} simulated lives, ${command}`);
}

/** Returns a comparison as data, with percentiles in place of its hundreds of waits. */
const withoutWaits = ({ waitsMs, ...comparison }: Comparison) => ({ ...comparison, mttaMs: percentilesOf(waitsMs) });

const dayWithoutEvents = ({ workload, mode, sweepSeconds }: Job, day: Day): DayWithoutEvents =>
  summaryWithoutEvents(lifetimeOf(workload), MODES[mode] ?? SHIPPED, sweepSeconds, day);

const FOOTNOTES = `(…): what the model says of a day on which no event is lost, where it can say it.
Columns of a workload: live catch, the share seen while they ran. row catch: seen live or post-mortem; a schedule has no post-mortem.
MTTA: from a container's start to its first row. A schedule's counts only the lives it saw, an event mode's all with a row.
hot: starts that found their host polling every 5 s. polls/host-h: distributed reads of a host in an hour.
bound: what is guaranteed where events take 5 s at most. late: first rows that came later than that, their own event's time beside.
unheard: tasks that neither an event nor a sweep reported.`;

function report(
  comparisons: readonly Comparison[],
  withoutEvents: readonly DayWithoutEvents[],
  options: Omit<Job, 'workload' | 'mode'>,
  out: string,
): string {
  const { seed, tasks, hosts, losses, sweepSeconds } = options;
  const verdicts = comparisons.flatMap(({ verdicts: counts }) => (counts ? [counts] : []));
  const total = verdicts.reduce((sum, counts) => sum + Object.values(counts).reduce((a, b) => a + b, 0), 0);
  const ends = ['seen', 'post-mortem', 'never-started', 'missed', 'pending', 'unheard'] as const;
  const sums = ends.map((end) => `${end} ${verdicts.reduce((sum, counts) => sum + counts[end], 0)}`);
  return [
    `Live catch, measured (model). Seed ${seed}; ${tasks} tasks a workload on ${hosts} hosts; events: p50 1.0 s, p99 4.0 s late,`,
    `dropped ${losses.drop}, duplicated ${losses.duplicate}, reordered ${losses.reorder}; r = 80 ms, q = 150 ms; a sweep every ${sweepSeconds} s.`,
    '',
    tableOf(comparisons),
    '',
    FOOTNOTES,
    '',
    `Workloads ${total} = ${sums.join(' + ')}`,
    '',
    `The same days with every event dropped: what a sweep every ${sweepSeconds} s finds by itself.`,
    '',
    tableWithoutEvents(withoutEvents),
    '',
    `Picture: ${out}`,
    '',
  ].join('\n');
}

if (process.argv[2] === CHILD) process.on('message', async (job) => process.send?.(await run(job as Job)));
