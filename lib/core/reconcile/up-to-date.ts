/** An entry expires after this, so that the ledger regularly records that the workload is alive. */
const TRUSTED_MS = 6 * 3_600_000;

/**
 * Caches workloads that the last sweeps found up to date, to save reads of the ledger: ECS lists a stopped task for an hour.
 * In memory of one process; anything not cached is read.
 */
export class UpToDate {
  /** Key → when it was found up to date, epoch ms. */
  #before = new Map<string, number>();
  #now = new Map<string, number>();

  has(key: string, nowMs: number): boolean {
    const sinceMs = this.#now.get(key) ?? this.#before.get(key);
    if (sinceMs === undefined || nowMs - sinceMs >= TRUSTED_MS) return false;
    this.#now.set(key, sinceMs);
    return true;
  }

  add(key: string, nowMs: number): void {
    this.#now.set(key, nowMs);
  }

  /** Drops the keys that the sweep did not ask for, because their workloads are gone. */
  endSweep(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
