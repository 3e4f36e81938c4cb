import { type Percentiles, percentilesOf } from './percentiles.ts';
import { verdictOf } from './verdict.ts';
import type { MissReason, Verdict, WorkloadRecord } from './workload.ts';

/** What became of a set of workloads. The verdicts add up to `workloads`, the reasons to the missed ones. */
export interface Coverage {
  readonly workloads: number;
  readonly verdicts: Readonly<Record<Verdict['verdict'], number>>;
  readonly reasons: Readonly<Partial<Record<MissReason, number>>>; // most frequent first, then by name
  /**
   * Seen and post-mortem, of those on which there is a verdict and of which there was something to see; null without
   * any.
   */
  readonly share: number | null;
  /** From the event that asked to the first row about it, of the workloads that have one. */
  readonly timeToAnswerMs: Percentiles | null;
}

/** The coverage of one cluster; null stands for what is in none, such as EC2 instances. */
export interface ClusterCoverage extends Coverage {
  readonly cluster: string | null;
}

export const clusterOf = ({ identity }: WorkloadRecord): string | null => identity.cluster ?? null;

/** From the event that asked to the first row about it, in ms; undefined without an answer. */
function timeToAnswerMs({ firstAnswerAtMs, handling, firstEventAtMs }: WorkloadRecord): number | undefined {
  if (firstAnswerAtMs === undefined) return undefined;
  // AWS's clock and ours may differ by a little.
  return Math.max(0, firstAnswerAtMs - (handling?.firstAsked?.eventAtMs ?? firstEventAtMs));
}

/**
 * Counts workloads by what became of them: all together, and by cluster in the order of their names.
 *
 * @param nowMs the moment of the verdicts, epoch milliseconds
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

/** The largest count first; equal ones by name, so that what is shown keeps one order. */
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
