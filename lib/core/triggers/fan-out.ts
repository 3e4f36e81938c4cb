/** How far a fan-out has come. */
export interface FanOutProgress {
  readonly hosts: number; // asked so far
  readonly cursor?: string; // of the directory's next page
  readonly done: boolean;
}

/** The places of fan-outs under way, by cause and rule. */
export interface FanOuts {
  resume(id: string): Promise<FanOutProgress>;
  save(id: string, progress: FanOutProgress, nowMs: number): Promise<void>;
}
