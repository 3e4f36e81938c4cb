import { clocksOf } from '../ledger/clocks.ts';
import { type Judged, judged } from '../ledger/first-answer.ts';
import type { Arrival, FirstQuery, WorkloadRecord } from '../ledger/workload.ts';
import type { QuerySet } from '../policy/query-set.ts';
import type { DeliveredQuery } from '../queue/delivery.ts';
import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../report.ts';

/** An answer that proved something about a workload to one who asked. */
export interface Proof extends Arrival {
  readonly query: DeliveredQuery;
  readonly asker: Asker;
  /** What the ledger knew of the workload before. */
  readonly before: WorkloadRecord | undefined;
}

/** Sets that ask about what happens now. A launch waits for boot and enrollment, and the others are about no workload. */
const TIMED: ReadonlySet<QuerySet> = new Set(['live', 'last-gasp', 'post-mortem']);

/**
 * Tells how long answers took, stage by stage, and of those that came later than MTTA's bound.
 *
 * @param sweepEveryMs how often the reconciler sweeps
 */
export function reportClocks(host: string, proofs: readonly Proof[], sweepEveryMs: number, report: Report): void {
  for (const proof of proofs) {
    const { rule, set } = proof.query;
    if (!TIMED.has(set)) continue;
    const { workload = null, decorations } = proof.asker;
    const { instants, lateMs } = timed(proof, sweepEveryMs);
    const clocks = clocksOf(instants);
    const { timeToAnswerMs } = clocks;
    report('answer_timed', {
      rule,
      cluster: decorations.cluster ?? null,
      set,
      host,
      workload,
      source: instants.detectedBy,
      eventToReceivedMs: clocks.eventToReceivedMs,
      receivedToQueuedMs: clocks.receivedToQueuedMs,
      queuedToDeliveredMs: clocks.queuedToDeliveredMs,
      deliveredToAnsweredMs: clocks.deliveredToAnsweredMs,
      answeredToStoredMs: clocks.answeredToStoredMs,
      timeToAnswerMs,
    });
    if (lateMs > 0) report('mtta_breached', { rule, set, host, workload, timeToAnswerMs, lateMs });
  }
}

/**
 * The first answer about a task counts from the first question about it and is held against the bound: each life breaches it
 * once at most, and `mayfly mtta` says the same. Others count from their own event. An instance was seen long before its
 * last gasp, which is held against the bound each time.
 */
function timed({ asker, before, ...arrival }: Proof, sweepEveryMs: number): Pick<Judged, 'instants' | 'lateMs'> {
  const held = (asked: FirstQuery): Judged => judged(asked, arrival, before ?? {}, sweepEveryMs);
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, detectedBy = 'event' } = asker;
  const own: FirstQuery = { eventAtMs, receivedAtMs, queuedAtMs, detectedBy };
  if (!before || before.kind === 'ec2-instance') return held(own);
  if (before.firstAnswerAtMs === undefined) return held(before.handling?.firstQuery ?? own);
  return { ...held(own), lateMs: 0 };
}
