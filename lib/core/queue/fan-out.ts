import { createHmac } from 'node:crypto';

/** How far a fan-out has come. */
export interface FanOutProgress {
  readonly hosts: number; // asked so far
  /** The rank of the host that was asked last; those behind it come next. */
  readonly cursor?: string;
  readonly done: boolean;
}

/** A host and where it stands in the order of a fan-out. */
export interface Ranked<T> {
  readonly entry: T;
  readonly rank: string;
}

/**
 * Puts hosts into an order that no host can choose by its name, and that differs from one fan-out to the next. A limit
 * then leaves each the same chance. The same fan-out has the same order when it is repeated.
 *
 * @param secret known to no host
 * @param id of the fan-out
 */
export function ranked<T extends { readonly hostIdentifier: string }>(
  entries: readonly T[],
  secret: string,
  id: string,
): Ranked<T>[] {
  const rankOf = (host: string): string =>
    createHmac('sha256', secret)
      .update(JSON.stringify([id, host]))
      .digest('hex');
  return entries
    .map((entry) => ({ entry, rank: rankOf(entry.hostIdentifier) }))
    .sort((one, other) => (one.rank < other.rank ? -1 : 1));
}

/** The places of triggers without a ledger: how far each has come, so that one that comes again asks nothing twice. */
export interface FanOuts {
  /** A random text that stays the same and that no host knows: it orders fan-outs. */
  secret(): Promise<string>;
  /** Where a trigger was left; at the beginning when it is new, or so old that it counts as new. */
  resume(id: string, nowMs: number): Promise<FanOutProgress>;
  /**
   * Changes nothing that is to be remembered for longer: the answer to a finding may overtake the note that it was asked.
   *
   * @param keepMs for how long it is remembered; @default a day
   */
  save(id: string, progress: FanOutProgress, nowMs: number, keepMs?: number): Promise<void>;
}

/** GuardDuty keeps a finding, and may publish it again, for as long. */
export const FINDING_KEEPS_MS = 90 * 24 * 3_600_000;

/** An event comes back within minutes; a request with the same idempotency key within a day is the same request. */
export const FAN_OUT_KEEPS_MS = 24 * 3_600_000;
