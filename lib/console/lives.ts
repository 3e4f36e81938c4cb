import type { Life, LifeVerdict, Lives } from './api.ts';

export const VERDICTS: readonly LifeVerdict[] = [
  'seen',
  'post-mortem',
  'missed',
  'pending',
  'never-started',
  'ignored',
];

/** The lives that the page has, by workload, with the revision up to which it has them. */
export interface Known {
  readonly byWorkload: ReadonlyMap<string, Life>;
  /** The latest start first. */
  readonly sorted: readonly Life[];
  readonly next: number;
  /** Set once lives were dropped: when the latest of them began, epoch ms. */
  readonly droppedMs?: number;
}

export const NOTHING: Known = { byWorkload: new Map(), sorted: [], next: 0 };

/**
 * Adds an update. Only the new lives are sorted, not all of them.
 *
 * @param most so many lives are kept; beyond that, those that began first are dropped, and running ones last
 */
export function withUpdate(before: Known, { lives, next }: Lives, most = Number.POSITIVE_INFINITY): Known {
  const { byWorkload, sorted } = before;
  if (lives.length === 0) return { ...before, next };
  const all = new Map(byWorkload);
  for (const life of lives) all.set(life.workload, life);
  const changed = new Set(lives.map(({ workload }) => workload));
  const kept = sorted.filter(({ workload }) => !changed.has(workload));
  const fresh = [...new Map(lives.map((life) => [life.workload, life])).values()].sort(latestFirst);
  return bounded({ ...before, byWorkload: all, sorted: merged(fresh, kept), next }, most);
}

function bounded(known: Known, most: number): Known {
  const { byWorkload, sorted } = known;
  const tooMany = sorted.length - most;
  if (tooMany <= 0) return known;
  const ended = sorted.filter(({ endedAtMs }) => endedAtMs !== undefined);
  const running = sorted.filter(({ endedAtMs }) => endedAtMs === undefined);
  const dropped = new Set([...running, ...ended].slice(-tooMany));
  const left = new Map(byWorkload);
  let droppedMs = known.droppedMs ?? 0;
  for (const { workload, firstAtMs } of dropped) {
    left.delete(workload);
    droppedMs = Math.max(droppedMs, firstAtMs);
  }
  return { ...known, byWorkload: left, sorted: sorted.filter((life) => !dropped.has(life)), droppedMs };
}

const latestFirst = (a: Life, b: Life): number => b.firstAtMs - a.firstAtMs || (a.workload < b.workload ? -1 : 1);

function merged(a: readonly Life[], b: readonly Life[]): Life[] {
  const both: Life[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    const [one, other] = [a[i], b[j]];
    if (one && (!other || latestFirst(one, other) <= 0)) {
      both.push(one);
      i += 1;
    } else if (other) {
      both.push(other);
      j += 1;
    }
  }
  return both;
}

export interface Wanted {
  /** Words, each of which the family, host, cluster or id must contain. */
  readonly text: string;
  /** Empty for all. */
  readonly verdicts: ReadonlySet<LifeVerdict>;
  /** Lives that ended before are left out. */
  readonly fromMs: number;
}

/** The lives that match, in the same order. */
export function selected(lives: readonly Life[], { text, verdicts, fromMs }: Wanted): Life[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  return lives.filter(
    (life) =>
      (life.endedAtMs === undefined || life.endedAtMs >= fromMs) &&
      (verdicts.size === 0 || verdicts.has(life.verdict)) &&
      words.every((word) => textOf(life).includes(word)),
  );
}

const textOf = ({ family, host = '', cluster = '', workload, reason = '' }: Life): string =>
  `${family} ${host} ${cluster} ${workload} ${reason}`.toLowerCase();

/** The part of a list that is drawn: only the rows in view. */
export interface Slice {
  readonly from: number;
  readonly to: number;
}

/** The rows in view, and a few around them. */
export function sliceInView(scrollTop: number, height: number, rowHeight: number, rows: number): Slice {
  const from = Math.max(0, Math.min(rows, Math.floor(scrollTop / rowHeight)) - OVERSCAN);
  return { from, to: Math.min(rows, Math.ceil((scrollTop + height) / rowHeight) + OVERSCAN) };
}
const OVERSCAN = 4;

/** Figures about lives: their number, those still running, verdicts, and the time to answer. */
export function figuresOf(lives: readonly Life[]) {
  const verdicts: Record<LifeVerdict, number> = {
    seen: 0,
    'post-mortem': 0,
    missed: 0,
    pending: 0,
    'never-started': 0,
    ignored: 0,
  };
  const waits: number[] = [];
  let running = 0;
  for (const { verdict, startedAtMs, endedAtMs, answeredAtMs } of lives) {
    verdicts[verdict] += 1;
    if (startedAtMs !== undefined && endedAtMs === undefined) running += 1;
    if (startedAtMs !== undefined && answeredAtMs !== undefined) waits.push(Math.max(0, answeredAtMs - startedAtMs));
  }
  waits.sort((a, b) => a - b);
  const at = (share: number) => waits[Math.max(0, Math.ceil(share * waits.length) - 1)];
  const covered = verdicts.seen + verdicts['post-mortem'];
  const judged = covered + verdicts.missed;
  return { verdicts, running, p50: at(0.5), p95: at(0.95), share: judged === 0 ? null : covered / judged };
}

/** Even steps for an axis of this span, about `most` of them. */
export function axisStepMs(spanMs: number, most: number): number {
  return AXIS_STEPS_MS.find((step) => spanMs / step <= most) ?? 86_400_000;
}
const AXIS_STEPS_MS = [1, 5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21_600, 43_200].map((s) => s * 1000);
