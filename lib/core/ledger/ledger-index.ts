import type { Tenancy } from './who-had.ts';
import type { WorkloadRecord } from './workload.ts';

/** The ledger by time and by address: for people, and for the review that tells verdicts. No other function has use for it. */
export interface LedgerIndex {
  /** Every workload first heard of in this span, both ends included, oldest first; read as it is consumed. */
  between(fromMs: number, toMs: number): AsyncIterable<WorkloadRecord>;
  /** When the latest workload until `atMs` was first heard of; undefined where the ledger remembers none. */
  latest(atMs: number): Promise<number | undefined>;
  /** The workload of this ARN or instance id, or of this task id alone, which is searched back from `nowMs`. */
  find(name: string, nowMs: number): Promise<WorkloadRecord | undefined>;
  /** Who came last to an address until `atMs`, in each of its realms. @see realmOf */
  tenants(address: string, atMs: number): Promise<readonly Tenancy[]>;
  /** Those that `lookAgain` meant until now, in pages. A page is forgotten when the next one is asked for. */
  due(nowMs: number): AsyncIterable<readonly WorkloadRecord[]>;
}

/** A life may have been heard of under a clock that was ahead: people are shown those of so much later, too. */
export const CLOCK_AHEAD_MS = 7 * 24 * 3_600_000;

/** So long after the last sign of it a workload is remembered, unless the policy says otherwise. */
export const LEDGER_KEEPS_MS = 90 * 24 * 3_600_000;
