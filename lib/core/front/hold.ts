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
  #lookAtMs = Infinity;
  #isWoken = false;
  #resolve: ((outcome: 'look' | 'over') => void) | undefined;
  #stopTimer: (() => void) | undefined;

  constructor({ now, timer, endsAtMs }: Settings) {
    this.#now = now;
    this.#timer = timer;
    this.#endsAtMs = endsAtMs;
    this.sinceMs = now();
  }

  /** Clears a hint. @returns whether there was one */
  takeHint(): boolean {
    const wasWoken = this.#isWoken;
    this.#isWoken = false;
    return wasWoken;
  }

  /** Makes the read look again. */
  wake(): void {
    this.#isWoken = true;
    this.#check();
  }

  /** Ends the hold now. */
  end(): void {
    this.endBy(-Infinity);
  }

  /** Ends the hold at this time, epoch ms, if it would end later. */
  endBy(atMs: number): void {
    this.#endsAtMs = Math.min(this.#endsAtMs, atMs);
    this.#check();
  }

  /** Waits for a hint, for `lookAtMs` or for the end of the hold. */
  until(lookAtMs: number): Promise<'look' | 'over'> {
    this.#lookAtMs = lookAtMs;
    // Without an async function: thousands of holds wait at a time, and each would keep a frame alive.
    return new Promise((resolve) => {
      this.#resolve = resolve;
      this.#check();
    });
  }

  /** Ends the wait if there is a reason to; otherwise waits on, unless the read is looking. */
  #check(): void {
    if (!this.#resolve) return;
    this.#stopTimer?.();
    const nowMs = this.#now();
    const isOver = nowMs >= this.#endsAtMs;
    if (isOver || this.#isWoken || nowMs >= this.#lookAtMs) {
      this.#resolve(isOver ? 'over' : 'look');
      this.#resolve = undefined;
    } else {
      const leftMs = Math.min(this.#endsAtMs, this.#lookAtMs) - nowMs;
      this.#stopTimer = this.#timer(leftMs, () => this.#check());
    }
  }
}
