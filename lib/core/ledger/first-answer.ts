import { lateByMs } from './bound.ts';
import type { Instants } from './clocks.ts';
import type { Arrival, FirstQuery, Poller, WorkloadRecord } from './workload.ts';

/** The fields of a record that the first answer sets. */
export const firstAnswer = ({ from, answeredAtMs, storedAtMs }: Arrival) => ({
  firstAnswerAtMs: answeredAtMs,
  firstStoredAtMs: storedAtMs,
  firstAnswerFrom: from,
});

/** An answer compared with its guaranteed bound. */
export interface Judged {
  readonly instants: Instants;
  /** The agent whose bound applies. */
  readonly poller: Poller;
  /** By how much it exceeded the bound; 0 if it did not. */
  readonly lateMs: number;
}

/**
 * The first answer about a workload, timed from the first query about it even if it answers another one. It is computed
 * from the record alone, so metrics and commands agree, and later changes of host or policy do not change it.
 *
 * @returns undefined without an answer
 */
export function firstAnswerOf(record: WorkloadRecord, sweepEveryMs: number): Judged | undefined {
  const { handling, firstAnswerAtMs, firstStoredAtMs, firstAnswerFrom } = record;
  if (firstAnswerAtMs === undefined || firstStoredAtMs === undefined || !firstAnswerFrom) return undefined;
  const arrival = { from: firstAnswerFrom, answeredAtMs: firstAnswerAtMs, storedAtMs: firstStoredAtMs };
  return judged(handling?.firstQuery ?? firstReceived(record), arrival, record, sweepEveryMs);
}

/** Fallback if a function died between queue and ledger, so that the time of the first query was not recorded. */
const firstReceived = ({ firstEventAtMs, firstReceivedAtMs, firstDetectedBy }: WorkloadRecord): FirstQuery => ({
  eventAtMs: firstEventAtMs,
  receivedAtMs: firstReceivedAtMs,
  queuedAtMs: firstReceivedAtMs,
  detectedBy: firstDetectedBy,
});

/**
 * Compares an answer with the bound of the agent that was enrolled when the query was queued. Without one, the bound counts
 * from the enrollment, or from the first delivery if that is earlier: an agent that took a query may have enrolled again.
 *
 * @param deliveredAtMs first delivery of a query about the workload, epoch ms
 */
export function judged(
  { poller: pollerWhenQueued, ...query }: FirstQuery,
  { from: { poller, deliveredAtMs }, answeredAtMs, storedAtMs }: Arrival,
  { deliveredAtMs: takenAtMs = deliveredAtMs }: Pick<WorkloadRecord, 'deliveredAtMs'>,
  sweepEveryMs: number,
): Judged {
  const instants = { ...query, deliveredAtMs, answeredAtMs, storedAtMs };
  const sinceMs = pollerWhenQueued ? 0 : Math.min(poller.enrolledAtMs, takenAtMs);
  const of = pollerWhenQueued ?? poller;
  return {
    instants,
    poller: of,
    lateMs: lateByMs(instants, { ...of, sweepEveryMs }, sinceMs),
  };
}
