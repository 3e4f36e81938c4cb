/** How far a fan-out has come. */
export interface FanOutProgress {
  readonly hosts: number; // asked so far
  readonly cursor?: string; // of the directory's next page
  readonly done: boolean;
}

/** The places of triggers without a ledger: how far each has come, so that one that comes again asks nothing twice. */
export interface FanOuts {
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
