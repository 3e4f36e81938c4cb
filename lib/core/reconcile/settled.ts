/** After so long it is looked at again, so that the ledger hears from time to time that it is there. */
const TRUSTED_MS = 6 * 3_600_000;

/**
 * What the last sweeps saw and found in order, so that it is not read from the ledger again: a stopped task stays listed
 * for an hour. Lives in one process and is a saving only: what it has forgotten is read.
 */
export class Settled {
  /** Key → when it was found in order, epoch ms. */
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

  /** A sweep has seen everything: what it did not ask for is gone. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }
}
