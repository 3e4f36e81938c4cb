import {
  boundsOf,
  EVENT_LATENCY_MS,
  guaranteedBoundMs,
  QUERY_RUN_MS,
  ROUND_TRIP_MS,
  SWEEP_EVERY_MS,
} from '../../lib/core/ledger/bound.ts';
import { percentilesOf } from '../../lib/core/ledger/percentiles.ts';
import { type Lifetime, Random } from '../world/index.ts';
import type { Day } from './day.ts';
import { E_BASE } from './event-path.ts';
import type { Life } from './life.ts';
import {
  armedShare,
  catchRate,
  type DelayDistribution,
  hotShare,
  lifetimesOf,
  modeDelay,
  modelBoundMs,
  quantileOf,
  scheduleDelay,
} from './model.ts';
import { type Mode, SCHEDULES } from './modes.ts';

/** A measured share or time (ms) and the formulas' value; null if there is none. */
export interface Pair {
  readonly measured: number | null;
  readonly model: number | null;
}

/** The figures of one mode or schedule on one workload. */
export interface Comparison {
  readonly workload: string;
  readonly mode: string;
  readonly lives: number;
  /** Share of containers seen while they ran. */
  readonly live: Pair;
  /** Share of containers with a row, live or post-mortem. A schedule has only live rows. */
  readonly row: Pair;
  /** The wait from each container's start to its first row; for a schedule, of the containers it saw. */
  readonly waitsMs: readonly number[];
  readonly mttaP50: Pair;
  readonly mttaP99: Pair;
  /** The guaranteed bound, for events that take 5 s at most. */
  readonly bound: Pair;
  /** Answers later than their event's arrival plus the rest of the bound; null for a schedule, which has no bound. */
  readonly late: number | null;
  /** Share of starts on a host that polled every 5 s at that time. */
  readonly hot: Pair;
  readonly pollsPerHostHour: number | null;
  readonly verdicts?: Day['verdicts'];
}

export const PATH = { latency: E_BASE, roundTripMs: ROUND_TRIP_MS, queryMs: QUERY_RUN_MS };

/** The ECS agent's clean-up wait, 3 hours. Until then a query can still return an exited container. */
const CLEANUP_WAIT_MS = 3 * 3_600_000;

/** Maximum factor by which osquery's splay lengthens an interval. */
const SPLAYED = 1.1;

/**
 * Compares the days of one workload, one per mode, and the schedules on the same lives.
 *
 * @param isModelled whether the formulas apply to these days: every event arrives, once and in order
 */
export function compared(
  lifetime: Lifetime,
  days: readonly { readonly mode: Mode; readonly day: Day }[],
  seed: string,
  isModelled: boolean,
): Comparison[] {
  const lifetimes = lifetimesOf(lifetime, new Random(seed).fork(`model ${lifetime.name}`));
  const lives = days[0]?.day.lives ?? [];
  const schedules = SCHEDULES.map((seconds, index) =>
    scheduled({ workload: lifetime.name, lifetimes }, seconds, index, lives),
  );
  return [
    ...schedules,
    ...days.map(({ mode, day }) => evented({ workload: lifetime.name, lifetimes }, mode, day, isModelled)),
  ];
}

/** A kind of workload, and the lifetime of each of its tasks, in ms. */
interface Workload {
  readonly workload: string;
  readonly lifetimes: Float64Array;
}

function scheduled(
  { workload, lifetimes }: Workload,
  seconds: number,
  index: number,
  lives: readonly Life[],
): Comparison {
  const delay = scheduleDelay(seconds);
  const waitsMs = lives.flatMap(({ scheduledAfterMs }) => scheduledAfterMs[index] ?? []);
  const live = { measured: waitsMs.length / lives.length, model: catchRate(delay, lifetimes) };
  return {
    workload,
    mode: `schedule ${seconds} s`,
    lives: lives.length,
    live,
    row: live,
    ...mttaOf(waitsMs, delay),
    bound: { measured: SPLAYED * 1000 * seconds, model: 1000 * seconds },
    late: null,
    hot: { measured: null, model: null },
    pollsPerHostHour: null,
  };
}

function evented({ workload, lifetimes }: Workload, mode: Mode, day: Day, isModelled: boolean): Comparison {
  const { lives, polls, hostHours, verdicts } = day;
  const share = (test: (life: Life) => boolean): number => lives.filter(test).length / lives.length;
  const hot = hotShare(mode);
  const delay = isModelled ? modeDelay(mode, hot, PATH) : undefined;
  const afterwards: DelayDistribution | undefined = delay && ((ms) => delay(ms + CLEANUP_WAIT_MS));
  const isSeen = ({ verdict }: Life): boolean => verdict === 'seen';
  const ours = boundsOf({ intervalSeconds: mode.idleSeconds, isHeld: mode.isHeld, sweepEveryMs: SWEEP_EVERY_MS });
  return {
    workload,
    mode: mode.name,
    lives: lives.length,
    live: { measured: share(isSeen), model: delay ? catchRate(delay, lifetimes) : null },
    row: {
      measured: share((life) => isSeen(life) || life.verdict === 'post-mortem'),
      model: afterwards ? catchRate(afterwards, lifetimes) : null,
    },
    ...mttaOf(
      lives.flatMap(({ answeredAfterMs }) => answeredAfterMs ?? []),
      delay,
    ),
    bound: isModelled
      ? { measured: ours.idleMs, model: modelBoundMs(mode, EVENT_LATENCY_MS, PATH) }
      : { measured: null, model: null },
    late: lateIn(day, mode),
    hot: { measured: share((life) => life.hot), model: isModelled ? armedShare(mode, hot) : null },
    pollsPerHostHour: polls / hostHours,
    verdicts,
  };
}

/**
 * Counts the first answers that came later than guaranteed. The guarantee starts when the first query is queued for the
 * host.
 */
export function lateIn(
  { lives }: Pick<Day, 'lives'>,
  { idleSeconds, isHeld }: Pick<Mode, 'idleSeconds' | 'isHeld'>,
): number {
  const boundMs = guaranteedBoundMs({ eventLatencyMs: 0, intervalSeconds: idleSeconds, isHeld });
  return lives.filter(({ queuedAfterMs = 0, answeredAfterMs = 0 }) => answeredAfterMs - queuedAfterMs > boundMs).length;
}

function mttaOf(
  waitsMs: readonly number[],
  delay: DelayDistribution | undefined,
): Pick<Comparison, 'waitsMs' | 'mttaP50' | 'mttaP99'> {
  const { p50 = null, p99 = null } = percentilesOf(waitsMs) ?? {};
  return {
    waitsMs,
    mttaP50: { measured: p50, model: delay ? quantileOf(delay, 0.5) : null },
    mttaP99: { measured: p99, model: delay ? quantileOf(delay, 0.99) : null },
  };
}
