import type { WorkloadRecord } from './workload.ts';

/** The ledger by time: for people, and for the review that tells verdicts. No other function has use for it. */
export interface LedgerBook {
  /** Every workload whose first event lies in this span, both ends included, oldest first; read as it is consumed. */
  between(fromMs: number, toMs: number): AsyncIterable<WorkloadRecord>;
  /** The workload of this ARN or instance id, or of this task id alone, which is searched back from `nowMs`. */
  find(name: string, nowMs: number): Promise<WorkloadRecord | undefined>;
}

/** So long after its last event a workload is remembered: so long has "who had this address?" an answer. */
export const LEDGER_KEEPS_MS = 90 * 24 * 3_600_000;
