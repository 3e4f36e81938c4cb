import { clocksOf } from '../ledger/clocks.ts';
import { type Judged, judged } from '../ledger/first-answer.ts';
import type { AnswerContext, Arrival, FirstQuery } from '../ledger/workload.ts';
import type { QuerySet } from '../policy/query-set.ts';
import type { DeliveredQuery } from '../queue/delivery.ts';
import type { Asker } from '../queue/pending-query.ts';
import type { Report } from '../reports/report.ts';

/** An answer that proved something about a workload, for one asker. */
export interface ProvingAnswer extends Arrival {
  readonly query: DeliveredQuery;
  readonly asker: Asker;
  /** The ledger's record of the workload before the answer. */
  readonly before: AnswerContext | undefined;
}

/** The query sets whose answers are timed. Launch queries wait for boot and enrollment; the other sets are not about a workload. */
const TIMED: ReadonlySet<QuerySet> = new Set(['live', 'last-gasp', 'post-mortem']);

/**
 * Reports how long each stage of an answer took, and answers that exceeded the MTTA bound.
 *
 * @param sweepEveryMs how often the reconciler sweeps, ms
 */
export function reportClocks(
  host: string,
  proofs: readonly ProvingAnswer[],
  sweepEveryMs: number,
  report: Report,
): void {
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
 * The clocks of an answer, and how late it was. A task's first answer counts from the first query about the task and is
 * compared with the bound, so each task breaches it at most once, as in `mayfly mtta`. Later answers count from their own
 * event. Each last gasp of an instance is compared with the bound, because the instance was seen long before.
 */
function timed(
  { asker, before, ...arrival }: ProvingAnswer,
  sweepEveryMs: number,
): Pick<Judged, 'instants' | 'lateMs'> {
  const held = (query: FirstQuery): Judged => judged(query, arrival, before ?? {}, sweepEveryMs);
  const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, detectedBy = 'event' } = asker;
  const own: FirstQuery = { eventAtMs, receivedAtMs, queuedAtMs, detectedBy };
  if (!before || before.kind === 'ec2-instance') return held(own);
  if (before.firstAnswerAtMs === undefined) return held(before.firstQuery ?? own);
  return { ...held(own), lateMs: 0 };
}
