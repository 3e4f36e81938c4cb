/** Calls `ring` after some ms, unless the returned function is called before. */
export type Timer = (ms: number, ring: () => void) => () => void;

/** Why a wait ended: the read has to look, or its hold is over. */
export type Outcome = 'look' | 'over';

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
  #ended: ((outcome: Outcome) => void) | undefined;
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

  /** Whether the read has waited long enough, or its agent is gone. */
  get isOver(): boolean {
    return this.#now() >= this.#endsAtMs;
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

  /** Waits for a hint, for `lookAtMs` or for the end of the hold, and then calls `ended` once. */
  wait(lookAtMs: number, ended: (outcome: Outcome) => void): void {
    this.#lookAtMs = lookAtMs;
    this.#ended = ended;
    this.#check();
  }

  /** Ends the wait if there is a reason to. Otherwise sets the timer again, unless the read is looking at the table. */
  #check(): void {
    const ended = this.#ended;
    if (!ended) return;
    this.#stopTimer?.();
    const nowMs = this.#now();
    const { isOver } = this;
    if (isOver || this.#isWoken || nowMs >= this.#lookAtMs) {
      this.#ended = undefined;
      ended(isOver ? 'over' : 'look');
    } else {
      const leftMs = Math.min(this.#endsAtMs, this.#lookAtMs) - nowMs;
      this.#stopTimer = this.#timer(leftMs, () => this.#check());
    }
  }
}
