/**
 * What the last sweeps saw and found in order, so that it is not read from the ledger again: a stopped task stays listed
 * for an hour. Lives in one process and is a saving only: what it has forgotten is read.
 */
export class Settled {
  #before = new Set<string>();
  #now = new Set<string>();

  has(key: string): boolean {
    if (!this.#now.has(key) && !this.#before.has(key)) return false;
    this.#now.add(key);
    return true;
  }

  add(key: string): void {
    this.#now.add(key);
  }

  /** A sweep has seen everything: what it did not ask for is gone. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Set();
  }
}
