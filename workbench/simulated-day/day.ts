import {
  type Clock,
  type Lifetime,
  Random,
  type RunTask,
  SimulatedCluster,
  type SimulatedHost,
  simulatedHosts,
  type TaskHandle,
  VirtualClock,
} from '../world/index.ts';
import { E_BASE, EventPath, type Losses } from './event-path.ts';
import { Fleet } from './fleet.ts';
import { judged, type Life, tally } from './life.ts';
import { InMemoryMayfly } from './mayfly.ts';
import { type Mode, policyOf } from './modes.ts';
import { Schedule } from './schedule.ts';
import { type Start, startsOf } from './workload.ts';

export interface DayOptions {
  readonly seed: string;
  readonly tasks: number;
  readonly hosts: number;
  readonly lifetime: Lifetime;
  readonly mode: Mode;
  readonly losses: Losses;
  /** Interval of the reconciler's sweeps, in seconds; 0 for none. */
  readonly sweepSeconds: number;
  /** Intervals, in seconds, of the schedules that are compared on the same lives. */
  readonly schedules: readonly number[];
}

/**
 * The results of a day. The ledger's verdicts and the workloads without any event add up to the tasks that were
 * started.
 */
export interface Day {
  readonly lives: readonly Life[];
  readonly verdicts: Readonly<Record<Life['verdict'], number>>;
  readonly polls: number;
  readonly hostHours: number;
  readonly events: { readonly sent: number; readonly lost: number };
}

const EPOCH_MS = Date.UTC(2026, 10, 20);
const SECOND_MS = 1000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;

/**
 * Time before the first task: hosts register, agents enroll one by one, and the accelerated polling after enrollment
 * ends.
 */
const WARM_UP_MS = 5 * MINUTE_MS;
/** Maximum lifetime. By then every mode and schedule has seen the task; longer ones would only fill the hosts. */
const CUT_MS = 15 * MINUTE_MS;
/** Time after the last event: one sweep, and two polls of the slowest mode. */
const COOL_DOWN_MS = 4 * MINUTE_MS;
/** When the verdicts are read: after the last time at which an answer can still arrive. */
const JUDGED_AFTER_MS = 24 * HOUR_MS;

/** Simulates a seeded day of tasks in simulated time, with the real core and real agents. */
export async function simulateDay(options: DayOptions): Promise<Day> {
  const { seed, tasks, hosts: count, lifetime, mode, losses } = options;
  const random = new Random(seed).fork(lifetime.name);
  const clock = new VirtualClock(EPOCH_MS);
  const hosts = simulatedHosts(count, { clock, random });
  const path = new EventPath({
    latency: E_BASE,
    losses,
    clock,
    random: random.fork('event path'),
    deliver: (event) => mayfly.take(event),
  });
  const hotAtStart = new Map<string, boolean>();
  const cluster = new SimulatedCluster({
    hosts,
    clock,
    random: random.fork('cluster'),
    emit: path.emit,
    // Only the event path delays the event from container to queue; the other ECS delays are realistic. A pull takes 3
    // s at the median, including the steps before and after it.
    delays: { report: [0, 0], deliver: [0, 0], pull: [300, 4000] },
    onTask: ({ arn, lastStatus, host }) => {
      if (lastStatus === 'RUNNING' && !hotAtStart.has(arn)) hotAtStart.set(arn, fleet.isHot(host.instanceId));
    },
  });
  const mayfly = new InMemoryMayfly({
    policy: policyOf(mode),
    clock,
    cluster,
    heldEverySeconds: mode.isHeld ? 1 : undefined,
  });
  const fleet = new Fleet({ hosts, mayfly, clock, random: random.fork('agents') });

  const registered = cluster.registerHosts();
  const started = fleet.start();
  await clock.advance(WARM_UP_MS);
  await Promise.all([registered, started]);
  const sweeping = sweepEvery(options.sweepSeconds, mayfly, clock);
  const starts = startsOf(tasks, count, lifetime, random.fork('starts'));
  const handles = await runTasks(starts, { cluster, hosts, clock, pulls: mode.pulls });
  await clock.advance(COOL_DOWN_MS);
  sweeping.abort();
  await fleet.stop();
  mayfly.stop();
  await cluster.stop();

  if (mayfly.failures.length > 0) throw new Error(`requests failed: ${mayfly.failures.join('\n')}`);
  const judgedAtMs = clock.now() + JUDGED_AFTER_MS;
  const schedules = options.schedules.map((seconds) => new Schedule(hosts, seconds, clock, random));
  const lives = handles.map((task, index) => ({
    lifetimeMs: starts[index]?.lifetimeMs ?? Number.NaN,
    hot: hotAtStart.get(task.arn) ?? false,
    scheduledAfterMs: schedules.map((schedule) => schedule.firstSight(task)),
    ...judged(task, mayfly.ledger, judgedAtMs),
  }));
  return {
    lives,
    verdicts: tally(lives, mayfly.ledger),
    polls: fleet.polls,
    hostHours: (count * (clock.now() - EPOCH_MS)) / HOUR_MS,
    events: { sent: path.sent, lost: path.lost },
  };
}

/** Starts the tasks at their times, and waits until all have ended. */
async function runTasks(
  starts: readonly Start[],
  { cluster, hosts, clock, pulls }: RunOptions,
): Promise<readonly TaskHandle[]> {
  const handles: TaskHandle[] = [];
  for (const [index, start] of starts.entries()) {
    await clock.advance(EPOCH_MS + WARM_UP_MS + start.atMs - clock.now());
    const host = hosts[start.host];
    if (host) handles.push(cluster.runTask({ ...taskOf(start, pulls ? index : 1), host }));
  }
  while (cluster.tasks.length > 0) await clock.advance(10 * SECOND_MS);
  return handles;
}

interface RunOptions {
  readonly cluster: SimulatedCluster;
  readonly hosts: readonly SimulatedHost[];
  readonly clock: VirtualClock;
  /** Whether every task has an image that its host must pull. */
  readonly pulls?: boolean;
}

/** Starts the reconciler's schedule. @returns a controller that stops it */
function sweepEvery(seconds: number, mayfly: InMemoryMayfly, clock: Clock): AbortController {
  const end = new AbortController();
  const run = async (): Promise<void> => {
    while (!end.signal.aborted) {
      await clock.sleep(seconds * SECOND_MS, end.signal);
      await mayfly.sweep();
    }
  };
  if (seconds > 0) run().catch((error) => end.signal.aborted || mayfly.failures.push(`sweep: ${error}`));
  return end;
}

function taskOf({ family, lifetimeMs }: Start, build: number): Omit<RunTask, 'host'> {
  const image = `111122223333.dkr.ecr.us-east-1.amazonaws.com/${family}:${build}`;
  const container = { name: family, image, command: [`/app/${family}`], lifetimeMs: Math.min(lifetimeMs, CUT_MS) };
  return { family, containers: [container] };
}
