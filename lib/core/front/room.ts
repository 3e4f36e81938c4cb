/** A number of units that several users share: bytes, or calls at a time. */
export class Room {
  readonly #size: number;
  #used = 0;
  readonly #waiting: { readonly units: number; readonly enter: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes units if there is room for them now. */
  tryTake(units: number): boolean {
    if (this.#used + units > this.#size) return false;
    this.#used += units;
    return true;
  }

  /**
   * Waits for room, first come, first served; a request for more than the whole room gets the whole room.
   *
   * @returns a function that gives it back
   */
  async take(wanted: number): Promise<() => void> {
    const units = Math.min(wanted, this.#size);
    if (this.#waiting.length > 0 || !this.tryTake(units))
      await new Promise<void>((enter) => this.#waiting.push({ units, enter }));
    return () => this.give(units);
  }

  /** Gives units back. */
  give(units: number): void {
    this.#used -= units;
    for (;;) {
      const next = this.#waiting[0];
      if (!next || !this.tryTake(next.units)) return;
      this.#waiting.shift();
      next.enter();
    }
  }
}
