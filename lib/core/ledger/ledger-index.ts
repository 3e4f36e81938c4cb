import type { Tenancy } from './who-had.ts';
import type { WorkloadRecord } from './workload.ts';

/** The ledger by time and by address: for commands, and for the review that publishes verdicts. */
export interface LedgerIndex {
  /** Every workload first received in this span, both ends included, oldest first; pages are read as they are consumed. */
  between(fromMs: number, toMs: number): AsyncIterable<WorkloadRecord>;
  /** The same workloads, newest first; only what is consumed is read. */
  newest(fromMs: number, toMs: number): AsyncIterable<WorkloadRecord>;
  /**
   * The same workloads for people who look back. Records of settled workloads are shortened, and cost a tenth of the reads.
   *
   * @see shortened
   */
  lookBack(lookBack: LookBack): AsyncIterable<WorkloadRecord>;
  /** When the latest workload up to `atMs` was first received, epoch ms; undefined if there is none. */
  latest(atMs: number): Promise<number | undefined>;
  /** The workload with this ARN, instance id or bare task id; a bare id is searched backwards from `nowMs`. */
  find(name: string, nowMs: number): Promise<WorkloadRecord | undefined>;
  /**
   * Names of workloads whose ARN, instance id, task id or `<cluster>/<task id>` begins with this text, newest first. Searched
   * backwards from `nowMs` and `CLOCK_AHEAD_MS`, two weeks at a time, until two weeks have some.
   */
  startingWith(text: string, nowMs: number): Promise<readonly string[]>;
  /** The latest holder of an address up to `atMs`, in each of its realms. @see realmOf */
  tenants(address: string, atMs: number): Promise<readonly Tenancy[]>;
  /** Workloads scheduled for review until `nowMs`, in pages. Requesting the next page deletes the previous one. */
  due(nowMs: number): AsyncIterable<readonly WorkloadRecord[]>;
}

/** The span of a look-back, both ends included, and its order. */
export interface LookBack {
  readonly fromMs: number;
  readonly toMs: number;
  readonly isNewestFirst: boolean;
  readonly nowMs: number;
}

/** A fast clock may have recorded workloads in the future: commands include those up to this much later. */
export const CLOCK_AHEAD_MS = 7 * 24 * 3_600_000;

/** Default time a workload is kept after the last sign of it; the policy may set another. */
export const LEDGER_KEPT_MS = 90 * 24 * 3_600_000;
