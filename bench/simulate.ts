/**
 * The simulated day: thousands of seeded lives, in simulated time, through the real core and real agents, beside schedules on
 * the same hosts and the formulas of performance.md §3.1. The same seed gives the same output.
 *
 *   npm run simulate -- --seed 1 --lifetimes sysdig2025 --drop 0.2 --json
 */
import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Lifetime } from '../lib/agent/index.ts';
import { catchCurves } from '../lib/simulate/catch-curves.ts';
import { catchPicture } from '../lib/simulate/catch-picture.ts';
import { type Comparison, compared } from '../lib/simulate/comparison.ts';
import { type Day, simulateDay } from '../lib/simulate/day.ts';
import type { Losses } from '../lib/simulate/event-path.ts';
import { MODES, SCHEDULES } from '../lib/simulate/modes.ts';
import { tableOf } from '../lib/simulate/table.ts';
import { type Untold, untoldOf, untoldTable } from '../lib/simulate/untold.ts';
import { EVEN_LIVES, WORKLOADS } from '../lib/simulate/workload.ts';

/** Both cores of a small machine. */
const PROCESSES = 2;

/** The argument that makes this one of them. */
const CHILD = '--one-of-several';

/** The mode of the picture, and how many lives it takes beside those of a workload. */
const PICTURED = MODES[4];
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
const UNTOLD_MODES = [0, MODES.length - 1];
const NO_EVENTS: Losses = { drop: 1, duplicate: 0, reorder: 0 };

const lifetimeOf = (workload: string): Lifetime => WORKLOADS[workload] ?? EVEN_LIVES;

async function run({ workload, mode, ...rest }: Job): Promise<Day> {
  return simulateDay({ ...rest, lifetime: lifetimeOf(workload), mode: MODES[mode] ?? PICTURED, schedules: SCHEDULES });
}

function optionsOf(args: string[]) {
  const { values } = parseArgs({
    args,
    options: {
      seed: { type: 'string', default: '1' },
      tasks: { type: 'string', default: '600' },
      hosts: { type: 'string', default: '6' },
      lifetimes: { type: 'string', default: 'all' },
      sweep: { type: 'string', default: '60' },
      drop: { type: 'string', default: '0' },
      duplicate: { type: 'string', default: '0' },
      reorder: { type: 'string', default: '0' },
      json: { type: 'boolean', default: false },
      out: { type: 'string', default: '.mayfly/catch-rate.svg' },
    },
  });
  const whole = (name: 'tasks' | 'hosts'): number => {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value < 1) throw new Error(`--${name} ${values[name]}: a whole number above 0`);
    return value;
  };
  const share = (name: 'drop' | 'duplicate' | 'reorder'): number => {
    const value = Number(values[name]);
    if (!(value >= 0 && value <= 1)) throw new Error(`--${name} ${values[name]}: a share from 0 to 1`);
    return value;
  };
  const known = Object.keys(WORKLOADS);
  if (values.lifetimes !== 'all' && !known.includes(values.lifetimes))
    throw new Error(`--lifetimes ${values.lifetimes}: one of ${known.join(', ')}, all`);
  return {
    seed: values.seed,
    tasks: whole('tasks'),
    hosts: whole('hosts'),
    workloads: values.lifetimes === 'all' ? known : [values.lifetimes],
    sweepSeconds: sweepOf(values.sweep),
    losses: { drop: share('drop'), duplicate: share('duplicate'), reorder: share('reorder') },
    json: values.json,
    out: values.out,
  };
}

function sweepOf(text: string): number {
  const seconds = Number(text);
  if (Number.isInteger(seconds) && seconds >= 0) return seconds;
  throw new Error(`--sweep ${text}: whole seconds between two sweeps, 0 for none`);
}

/** Each day is a job of its own; processes take the next one as they become free. */
async function runAll(jobs: readonly Job[]): Promise<Day[]> {
  const days: Day[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    const child = fork(fileURLToPath(import.meta.url), [CHILD]);
    try {
      for (let index = next++; index < jobs.length; index = next++) days[index] = await done(child, jobs[index] as Job);
    } finally {
      child.kill();
    }
  };
  await Promise.all(Array.from({ length: PROCESSES }, work));
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

async function main(): Promise<void> {
  const { workloads, json, out, ...rest } = optionsOf(process.argv.slice(2));
  const startedAt = performance.now();
  const even = { ...rest, workload: 'even', mode: MODES.indexOf(PICTURED), tasks: PICTURED_LIVES * rest.tasks };
  const told = workloads.flatMap((workload) => MODES.map((_, mode) => ({ ...rest, workload, mode })));
  const untold = workloads.flatMap((workload) =>
    UNTOLD_MODES.map((mode) => ({ ...rest, workload, mode, losses: NO_EVENTS })),
  );
  const [pictured, ...days] = await runAll([even, ...told, ...untold]);
  if (!pictured) throw new Error('no day for the picture');
  const comparisons = workloads.flatMap((workload, index) =>
    compared(
      lifetimeOf(workload),
      MODES.map((mode, position) => ({ mode, day: days[index * MODES.length + position] ?? pictured })),
      rest.seed,
    ),
  );
  const withoutEvents = days.slice(told.length).map((day, index) => untoldDay(untold[index] as Job, day));
  await mkdir(dirname(out), { recursive: true });
  await writeFile(out, pictureOf(pictured, rest.seed));
  process.stdout.write(
    json
      ? `${JSON.stringify({ ...rest, comparisons, withoutEvents }, null, 2)}\n`
      : report(comparisons, withoutEvents, rest, out),
  );
  process.stderr.write(`${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`);
}

function pictureOf({ lives }: Day, seed: string): string {
  const looks = [
    ...[60, 5].map((seconds) => {
      const index = SCHEDULES.indexOf(seconds);
      return {
        name: `schedule ${seconds} s`,
        saw: (life: Day['lives'][number]) => life.scheduledAfterMs[index] !== null,
      };
    }),
    { name: `${PICTURED.name}: live`, saw: ({ verdict }: Day['lives'][number]) => verdict === 'seen' },
    {
      name: `${PICTURED.name}: any row`,
      saw: ({ verdict }: Day['lives'][number]) => verdict === 'seen' || verdict === 'post-mortem',
    },
  ];
  return catchPicture(catchCurves(lives, looks), `${lives.length} simulated lives, npm run simulate -- --seed ${seed}`);
}

const untoldDay = ({ workload, mode }: Job, day: Day): Untold =>
  untoldOf(lifetimeOf(workload).name, (MODES[mode] ?? PICTURED).name, day);

function report(
  comparisons: readonly Comparison[],
  withoutEvents: readonly Untold[],
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
    `Workloads ${total} = ${sums.join(' + ')}`,
    '',
    `The same days with every event dropped: what a sweep every ${sweepSeconds} s finds by itself.`,
    '',
    untoldTable(withoutEvents),
    '',
    `Picture: ${out}`,
    '',
  ].join('\n');
}

if (process.argv[2] === CHILD) process.on('message', async (job) => process.send?.(await run(job as Job)));
else await main();
