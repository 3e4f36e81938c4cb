import { type Percentiles, percentilesOf } from './percentiles.ts';
import { verdictOf } from './verdict.ts';
import type { MissReason, Verdict, WorkloadRecord } from './workload.ts';

/** Verdicts on a set of workloads. `verdicts` add up to `workloads`, `reasons` to the missed ones. */
export interface Coverage {
  readonly workloads: number;
  readonly verdicts: Readonly<Record<Verdict['verdict'], number>>;
  readonly reasons: Readonly<Partial<Record<MissReason, number>>>; // most frequent first, then by name
  /**
   * Seen and post-mortem, divided by those plus missed; null without any. Pending, ignored and never-started workloads
   * are left out.
   */
  readonly share: number | null;
  /** From the trigger to the first row, of the workloads with a row. */
  readonly timeToAnswerMs: Percentiles | null;
}

/** The coverage of one cluster; `cluster` is null for workloads in none, such as EC2 instances. */
export interface ClusterCoverage extends Coverage {
  readonly cluster: string | null;
}

export const clusterOf = ({ identity }: WorkloadRecord): string | null => identity.cluster ?? null;

/** From the trigger to the first row about the workload, ms; undefined without a row. */
function timeToAnswerMs({ firstAnswerAtMs, handling, firstEventAtMs }: WorkloadRecord): number | undefined {
  if (firstAnswerAtMs === undefined) return undefined;
  // AWS's clock and ours may differ by a little.
  return Math.max(0, firstAnswerAtMs - (handling?.firstQuery?.eventAtMs ?? firstEventAtMs));
}

/**
 * Counts workloads by verdict: in total, and by cluster in order of their names.
 *
 * @param nowMs the time for which verdicts are decided, epoch milliseconds
 * @example
 * const { all } = await coverageOf(ledgerIndex.between(fromMs, toMs), nowMs);
 * // all.share: 0.98, all.verdicts: { seen: 96, 'post-mortem': 2, missed: 2, … }, all.reasons: { 'no-agent': 2 }
 */
export async function coverageOf(
  records: AsyncIterable<WorkloadRecord> | Iterable<WorkloadRecord>,
  nowMs: number,
): Promise<{ readonly all: Coverage; readonly clusters: readonly ClusterCoverage[] }> {
  const all = new Tally();
  const clusters = new Map<string | null, Tally>();
  for await (const record of records) {
    const cluster = clusterOf(record);
    const tally = clusters.get(cluster) ?? new Tally();
    clusters.set(cluster, tally);
    const verdict = verdictOf(record, nowMs);
    for (const each of [all, tally]) each.add(verdict, timeToAnswerMs(record));
  }
  return {
    all: all.coverage(),
    clusters: [...clusters]
      .sort(([a], [b]) => (a === null ? 1 : b === null || a < b ? -1 : 1))
      .map(([cluster, tally]) => ({ cluster, ...tally.coverage() })),
  };
}

/** Sorts [name, count]: the largest count first, equal counts by name, so that output is stable. */
export const byCount = ([a, n]: readonly [string, number], [b, m]: readonly [string, number]): number =>
  m - n || (a < b ? -1 : 1);

class Tally {
  readonly #verdicts = { seen: 0, 'post-mortem': 0, 'never-started': 0, ignored: 0, missed: 0, pending: 0 };
  readonly #reasons: Partial<Record<MissReason, number>> = {};
  readonly #waits: number[] = [];

  add(verdict: Verdict, waitMs: number | undefined): void {
    this.#verdicts[verdict.verdict] += 1;
    if (verdict.verdict === 'missed') this.#reasons[verdict.reason] = (this.#reasons[verdict.reason] ?? 0) + 1;
    if (waitMs !== undefined) this.#waits.push(waitMs);
  }

  coverage(): Coverage {
    const verdicts = { ...this.#verdicts };
    const covered = verdicts.seen + verdicts['post-mortem'];
    const judged = covered + verdicts.missed;
    return {
      workloads: Object.values(verdicts).reduce((sum, n) => sum + n, 0),
      verdicts,
      reasons: Object.fromEntries(Object.entries(this.#reasons).sort(byCount)),
      share: judged === 0 ? null : covered / judged,
      timeToAnswerMs: percentilesOf(this.#waits),
    };
  }
}
