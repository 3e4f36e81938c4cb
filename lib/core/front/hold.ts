/** Calls `ring` after some ms, unless the returned function is called before. */
export type Timer = (ms: number, ring: () => void) => () => void;

interface Settings {
  readonly now: () => number; // epoch ms
  readonly timer: Timer;
  readonly endsAtMs: number;
}

/** The wait of one held read. */
export class Hold {
  /** When the read arrived, epoch ms. */
  readonly sinceMs: number;
  readonly #now: () => number;
  readonly #timer: Timer;
  #endsAtMs: number;
  #isWoken = false;
  #ring: (() => void) | undefined;

  constructor({ now, timer, endsAtMs }: Settings) {
    this.#now = now;
    this.#timer = timer;
    this.#endsAtMs = endsAtMs;
    this.sinceMs = now();
  }

  /** Whether a hint arrived since the last look. */
  get isWoken(): boolean {
    return this.#isWoken;
  }

  /** Clears the hints; true if there was one. */
  heed(): boolean {
    const wasWoken = this.#isWoken;
    this.#isWoken = false;
    return wasWoken;
  }

  /** Makes the read look again. */
  wake(): void {
    this.#isWoken = true;
    this.#ring?.();
  }

  /** Ends the hold now. */
  end(): void {
    this.endBy(-Infinity);
  }

  /** Ends the hold at this time, epoch ms, if it would end later. */
  endBy(atMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, atMs);
    this.#ring?.();
  }

  /** Waits for a hint, for `lookAtMs` or for the end of the hold. */
  async until(lookAtMs: number): Promise<'look' | 'over'> {
    for (;;) {
      const nowMs = this.#now();
      if (nowMs >= this.#endsAtMs) return 'over';
      if (this.#isWoken || nowMs >= lookAtMs) return 'look';
      await this.#rung(Math.min(this.#endsAtMs, lookAtMs) - nowMs);
    }
  }

  #rung(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const ring = (): void => {
        this.#ring = undefined;
        cancel();
        resolve();
      };
      const cancel = this.#timer(ms, ring);
      this.#ring = ring;
    });
  }
}
