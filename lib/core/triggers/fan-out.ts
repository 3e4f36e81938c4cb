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
  save(id: string, progress: FanOutProgress, nowMs: number): Promise<void>;
}
