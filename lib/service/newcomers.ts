/** Counts, for each address, the connections or requests that have shown no valid node key yet. */
export class Newcomers {
  readonly #most: number;
  readonly #counts = new Map<string, number>();

  constructor(most: number) {
    this.#most = most;
  }

  /** Admits one; undefined if its address has too many. @returns an idempotent function that stops counting it */
  admit(address: string): (() => void) | undefined {
    const count = this.#counts.get(address) ?? 0;
    if (count >= this.#most) return undefined;
    this.#counts.set(address, count + 1);
    let isCounted = true;
    return () => {
      if (isCounted) this.#release(address);
      isCounted = false;
    };
  }

  #release(address: string): void {
    const left = (this.#counts.get(address) ?? 1) - 1;
    if (left > 0) this.#counts.set(address, left);
    else this.#counts.delete(address);
  }
}
