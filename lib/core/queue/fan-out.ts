import { createHmac } from 'node:crypto';

/** The progress of a fan-out. */
export interface FanOutProgress {
  readonly hosts: number; // hosts queried so far
  /** The rank of the last queried host; hosts with higher ranks are next. */
  readonly cursor?: string;
  readonly done: boolean;
}

/** A host and its rank in the order of a fan-out. */
export interface Ranked<T> {
  readonly entry: T;
  readonly rank: string;
}

/**
 * Orders hosts by a keyed hash, so that no host can influence its rank with its name and a limit gives each the same chance.
 * Each fan-out has another order; a repeated fan-out has the same order.
 *
 * @param secret unknown to hosts
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

/** Progress of triggers that have no ledger record, so that a redelivered trigger queues nothing twice. */
export interface FanOuts {
  /** A constant random text, unknown to hosts, that orders fan-outs. */
  secret(): Promise<string>;
  /** The progress of a trigger; none if the trigger is new or its progress has expired. */
  resume(id: string, nowMs: number): Promise<FanOutProgress>;
  /**
   * Saves progress, unless progress with a later expiry exists: the answer to a finding may arrive before the note that it was
   * queued.
   *
   * @param keepMs how long the progress is kept; @default a day
   */
  save(id: string, progress: FanOutProgress, nowMs: number, keepMs?: number): Promise<void>;
}

/** GuardDuty keeps a finding for 90 days and may publish it again. */
export const FINDING_KEPT_MS = 90 * 24 * 3_600_000;

/** Events are redelivered within minutes. Requests with the same idempotency key within a day are the same request. */
export const FAN_OUT_KEPT_MS = 24 * 3_600_000;
