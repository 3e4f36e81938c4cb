import { lateByMs } from './bound.ts';
import type { Instants } from './clocks.ts';
import type { Arrival, FirstQuery, Poller, WorkloadRecord } from './workload.ts';

/** What the first answer about a workload leaves in its record. */
export const firstAnswer = ({ from, answeredAtMs, storedAtMs }: Arrival) => ({
  firstAnswerAtMs: answeredAtMs,
  firstStoredAtMs: storedAtMs,
  firstAnswerFrom: from,
});

/** An answer, held against what was guaranteed. */
export interface Judged {
  readonly instants: Instants;
  /** The agent of which it was guaranteed. */
  readonly poller: Poller;
  /** By how much it came later than that; 0 when it did not. */
  readonly lateMs: number;
}

/**
 * The first answer about a workload, from the first question about it, whichever it answers. Its record alone tells, so
 * metrics and commands say the same, and whatever becomes of host and policy changes nothing.
 *
 * @returns undefined without an answer
 */
export function firstAnswerOf(record: WorkloadRecord, sweepEveryMs: number): Judged | undefined {
  const { handling, firstAnswerAtMs, firstStoredAtMs, firstAnswerFrom } = record;
  if (firstAnswerAtMs === undefined || firstStoredAtMs === undefined || !firstAnswerFrom) return undefined;
  const arrival = { from: firstAnswerFrom, answeredAtMs: firstAnswerAtMs, storedAtMs: firstStoredAtMs };
  return judged(handling?.firstAsked ?? firstHeard(record), arrival, record, sweepEveryMs);
}

/** Where a function died between queue and ledger, nobody noted when it asked. */
const firstHeard = ({ firstEventAtMs, firstReceivedAtMs, firstToldBy }: WorkloadRecord): FirstQuery => ({
  eventAtMs: firstEventAtMs,
  receivedAtMs: firstReceivedAtMs,
  queuedAtMs: firstReceivedAtMs,
  toldBy: firstToldBy,
});

/**
 * Holds an answer against the bound of the agent that was asked. Without one the bound counts from the enrollment; but an
 * agent that took a question was there, whenever it enrolled anew.
 *
 * @param deliveredAtMs when a question about the workload was handed over first
 */
export function judged(
  { poller: askedOf, ...asked }: FirstQuery,
  { from: { poller, deliveredAtMs }, answeredAtMs, storedAtMs }: Arrival,
  { deliveredAtMs: takenAtMs = deliveredAtMs }: Pick<WorkloadRecord, 'deliveredAtMs'>,
  sweepEveryMs: number,
): Judged {
  const instants = { ...asked, deliveredAtMs, answeredAtMs, storedAtMs };
  const sinceMs = askedOf ? 0 : Math.min(poller.enrolledAtMs, takenAtMs);
  const of = askedOf ?? poller;
  return {
    instants,
    poller: of,
    lateMs: lateByMs(instants, { intervalSeconds: of.intervalSeconds, sweepEveryMs }, sinceMs),
  };
}
