import { lateByMs } from '../ledger/bound.ts';
import { clocksOf } from '../ledger/clocks.ts';
import type { Node } from '../nodes/node.ts';
import type { DeliveredQuery } from '../queue/delivery.ts';
import type { Asker, QuerySet } from '../queue/pending-query.ts';
import type { Report } from '../report.ts';

/** An answer that proved something about a workload to one who asked. */
export interface Proof {
  readonly query: DeliveredQuery;
  readonly asker: Asker;
  readonly deliveredAtMs: number;
  readonly answeredAtMs: number;
  readonly storedAtMs: number;
}

/** Sets that ask about what happens now. A launch waits for boot and enrollment, and the others are about no workload. */
const TIMED: ReadonlySet<QuerySet> = new Set(['live', 'last-gasp', 'post-mortem']);

/**
 * Tells how long answers took, stage by stage, and of those that came later than MTTA's bound.
 *
 * @param intervalSeconds how often the node's agent polls; asked for only where there is something to time
 */
export async function reportClocks(
  node: Node,
  proofs: readonly Proof[],
  intervalSeconds: () => Promise<number>,
  report: Report,
): Promise<void> {
  const timed = proofs.filter(({ query }) => TIMED.has(query.set));
  if (timed.length === 0) return;
  const seconds = await intervalSeconds();
  for (const { query, asker, ...ours } of timed) {
    const { triggeredAtMs: eventAtMs, receivedAtMs, queuedAtMs, toldBy = 'event' } = asker;
    const instants = { toldBy, eventAtMs, receivedAtMs, queuedAtMs, ...ours };
    const clocks = clocksOf(instants);
    const { rule, set } = query;
    const { workload = null } = asker;
    const { host } = node;
    const { timeToAnswerMs } = clocks;
    report('answer_timed', {
      rule,
      cluster: asker.decorations.cluster ?? null,
      set,
      host,
      workload,
      toldBy,
      eventToReceivedMs: clocks.eventToReceivedMs,
      receivedToQueuedMs: clocks.receivedToQueuedMs,
      queuedToDeliveredMs: clocks.queuedToDeliveredMs,
      deliveredToAnsweredMs: clocks.deliveredToAnsweredMs,
      answeredToStoredMs: clocks.answeredToStoredMs,
      timeToAnswerMs,
    });
    const lateMs = lateByMs(instants, seconds, node.enrolledAtMs);
    if (lateMs > 0) report('mtta_breached', { rule, set, host, workload, timeToAnswerMs, lateMs });
  }
}
