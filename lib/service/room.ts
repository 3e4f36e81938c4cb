/** A number of bytes that several users share. */
export class Room {
  readonly #size: number;
  #used = 0;
  readonly #waiting: { readonly bytes: number; readonly enter: () => void }[] = [];

  constructor(size: number) {
    this.#size = size;
  }

  /** Takes bytes if there is room for them now. */
  tryTake(bytes: number): boolean {
    if (this.#used + bytes > this.#size) return false;
    this.#used += bytes;
    return true;
  }

  /**
   * Waits for room, first come, first served; a request for more than the whole room gets the whole room.
   *
   * @returns a function that gives it back
   */
  async take(wanted: number): Promise<() => void> {
    const bytes = Math.min(wanted, this.#size);
    if (this.#waiting.length > 0 || !this.tryTake(bytes))
      await new Promise<void>((enter) => this.#waiting.push({ bytes, enter }));
    return () => this.give(bytes);
  }

  /** Gives bytes back. */
  give(bytes: number): void {
    this.#used -= bytes;
    for (;;) {
      const next = this.#waiting[0];
      if (!next || !this.tryTake(next.bytes)) return;
      this.#waiting.shift();
      next.enter();
    }
  }
}
