import type { Verdict } from '../../lib/core/ledger/workload.ts';

/** One task of the demo: the simulation's facts and the ledger's verdict. */
export interface TaskCard {
  readonly arn: string;
  readonly family: string;
  readonly host: string;
  readonly startedAtMs: number | undefined; // epoch ms; undefined until its container exists
  readonly endedAtMs: number | undefined;
  readonly verdict: Verdict['verdict'];
  readonly reason?: string;
  readonly answeredAtMs: number | undefined; // when the first row about the task was stored
  readonly fetchedAfterMs: number | undefined; // from queued until the agent had the query
  readonly bySchedule: boolean; // whether a schedule on the same host returned the container
}

/** Percentiles of durations, ms. */
interface Waits {
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
}

/** Counts over a set of tasks; the five verdict counts add up to `tasks`. */
export interface Score {
  readonly tasks: number;
  /** Tasks whose container existed. */
  readonly started: number;
  readonly seen: number;
  readonly postMortem: number;
  readonly neverStarted: number;
  readonly missed: number;
  readonly pending: number;
  readonly bySchedule: number;
  /** Seen and post-mortem tasks as a share of those with a verdict, as in `mayfly coverage`; null without any. */
  readonly share: number | null;
  /**
   * The same share for the schedule. A task counts as missed if it ended before a scheduled run; one still running
   * unseen is pending.
   */
  readonly scheduleShare: number | null;
  /** From the container's start to its first stored row, in ms, over the tasks with a row. */
  readonly timeToAnswerMs?: Waits;
  /** From queued until the agent had the query, over the same tasks: what the front decides. */
  readonly timeToFetchMs?: Waits;
}

export function score(cards: readonly TaskCard[]): Score {
  const count = (verdict: Verdict['verdict']): number => cards.filter((card) => card.verdict === verdict).length;
  const answers = cards.flatMap(({ startedAtMs, answeredAtMs }) =>
    startedAtMs && answeredAtMs ? [Math.max(0, answeredAtMs - startedAtMs)] : [],
  );
  const fetches = cards.flatMap(({ fetchedAfterMs }) => fetchedAfterMs ?? []);
  const covered = count('seen') + count('post-mortem');
  const bySchedule = cards.filter((card) => card.bySchedule).length;
  const unscheduled = cards.filter((card) => !card.bySchedule && card.endedAtMs !== undefined).length;
  return {
    tasks: cards.length,
    started: cards.filter((card) => card.startedAtMs !== undefined).length,
    seen: count('seen'),
    postMortem: count('post-mortem'),
    neverStarted: count('never-started'),
    missed: count('missed'),
    pending: count('pending'),
    bySchedule,
    share: shareOf(covered, covered + count('missed')),
    scheduleShare: shareOf(bySchedule, bySchedule + unscheduled),
    timeToAnswerMs: waitsOf(answers),
    timeToFetchMs: waitsOf(fetches),
  };
}

function waitsOf(durations: readonly number[]): Waits | undefined {
  if (durations.length === 0) return undefined;
  const sorted = durations.toSorted((a, b) => a - b);
  return { p50: quantile(sorted, 0.5), p95: quantile(sorted, 0.95), max: quantile(sorted, 1) };
}

const shareOf = (part: number, whole: number): number | null => (whole === 0 ? null : part / whole);

/** Returns the smallest value that is not below a share `q` of the sorted values. */
function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)] ?? Number.NaN;
}

/** Returns the task's lifetime so far; undefined before its container exists. */
export const livedMs = ({ startedAtMs, endedAtMs }: TaskCard, nowMs: number): number | undefined =>
  startedAtMs === undefined ? undefined : (endedAtMs ?? nowMs) - startedAtMs;

/** Returns the rows of the summary: the talk's job, then tasks by lifetime, then all. */
export function groups(
  cards: readonly TaskCard[],
  nowMs: number,
): readonly [name: string, cards: readonly TaskCard[]][] {
  const lived = (card: TaskCard): number => livedMs(card, nowMs) ?? 0;
  const mixed = cards.filter((card) => card.family !== 'sleepy');
  return [
    ['sleepy, 5 × 10 s', cards.filter((card) => card.family === 'sleepy')],
    ['up to 10 s', mixed.filter((card) => lived(card) <= 10_000)],
    ['10 s to 60 s', mixed.filter((card) => lived(card) > 10_000 && lived(card) <= 60_000)],
    ['longer', mixed.filter((card) => lived(card) > 60_000)],
    ['all', cards],
  ];
}
