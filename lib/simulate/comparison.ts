import { type Lifetime, Random } from '../agent/index.ts';
import { QUERY_RUN_MS, ROUND_TRIP_MS } from '../core/ledger/bound.ts';
import { percentilesOf } from '../core/ledger/percentiles.ts';
import type { Day } from './day.ts';
import { E_BASE } from './event-path.ts';
import type { Life } from './life.ts';
import { catchRate, type DelayDistribution, lifetimesOf, modeDelay, quantileOf, scheduleDelay } from './model.ts';
import { type Mode, SCHEDULES } from './modes.ts';

/** A share or a time in ms as we measured it, beside what the formulas say. */
export interface Pair {
  readonly measured: number;
  readonly model: number;
}

/** How one way of looking did on one workload. */
export interface Comparison {
  readonly workload: string;
  readonly mode: string;
  readonly lives: number;
  /** Share of containers that were seen while they ran. */
  readonly live: Pair;
  /** Share of which a row tells, live or post-mortem; a schedule has live ones alone. */
  readonly row: Pair;
  /** From the container's start to its first row; a schedule's over what it saw. */
  readonly mttaP50: Pair;
  readonly mttaP99: Pair;
  /** Share of starts that found the host polling every 5 s. */
  readonly hot: number;
  readonly pollsPerHostHour?: number;
  readonly verdicts?: Day['verdicts'];
}

const PATH = { latency: E_BASE, roundTripMs: ROUND_TRIP_MS, queryMs: QUERY_RUN_MS };

/** The ECS agent's clean-up wait, 3 hours: so long a row about an exited container can be had. */
const CLEANUP_WAIT_MS = 3 * 3_600_000;

/** The days of one workload, one a mode, and the schedules on the lives they share. */
export function compared(
  lifetime: Lifetime,
  days: readonly { readonly mode: Mode; readonly day: Day }[],
  seed: string,
): Comparison[] {
  const lifetimes = lifetimesOf(lifetime, new Random(seed).fork(`model ${lifetime.name}`));
  const lives = days[0]?.day.lives ?? [];
  const schedules = SCHEDULES.map((seconds, index) => scheduled(lifetime.name, seconds, index, lives, lifetimes));
  return [...schedules, ...days.map(({ mode, day }) => evented(lifetime.name, mode, day, lifetimes))];
}

function scheduled(
  workload: string,
  seconds: number,
  index: number,
  lives: readonly Life[],
  lifetimes: Float64Array,
): Comparison {
  const delay = scheduleDelay(seconds);
  const waits = lives.flatMap(({ scheduledAfterMs }) => scheduledAfterMs[index] ?? []);
  const live = { measured: waits.length / lives.length, model: catchRate(delay, lifetimes) };
  const mode = `schedule ${seconds} s`;
  return { workload, mode, lives: lives.length, live, row: live, ...mttaOf(waits, delay), hot: 0 };
}

function evented(workload: string, mode: Mode, day: Day, lifetimes: Float64Array): Comparison {
  const { lives, polls, hostHours, verdicts } = day;
  const share = (test: (life: Life) => boolean): number => lives.filter(test).length / lives.length;
  const hot = share((life) => life.hot);
  const delay = modeDelay(mode, hot, PATH);
  const afterwards: DelayDistribution = (ms) => delay(ms + CLEANUP_WAIT_MS);
  const isSeen = ({ verdict }: Life): boolean => verdict === 'seen';
  return {
    workload,
    mode: mode.name,
    lives: lives.length,
    live: { measured: share(isSeen), model: catchRate(delay, lifetimes) },
    row: {
      measured: share((life) => isSeen(life) || life.verdict === 'post-mortem'),
      model: catchRate(afterwards, lifetimes),
    },
    ...mttaOf(
      lives.flatMap(({ answeredAfterMs }) => answeredAfterMs ?? []),
      delay,
    ),
    hot,
    pollsPerHostHour: polls / hostHours,
    verdicts,
  };
}

function mttaOf(waitsMs: readonly number[], delay: DelayDistribution): Pick<Comparison, 'mttaP50' | 'mttaP99'> {
  const { p50 = Number.NaN, p99 = Number.NaN } = percentilesOf(waitsMs) ?? {};
  return {
    mttaP50: { measured: p50, model: quantileOf(delay, 0.5) },
    mttaP99: { measured: p99, model: quantileOf(delay, 0.99) },
  };
}
