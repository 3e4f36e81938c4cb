/** The sweep has spent what it may, in calls or in time, or AWS has asked it to stop. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';
}

/**
 * A fifth of what ECS grants an account for describing and listing, which all its tools share: a burst of 100, then 20 a
 * second. @see Request throttling for the Amazon ECS API, "cluster resource read"
 */
const BURST = 20;
const PER_SECOND = 4;

/** What a sweep spends: a token bucket for calls of the shared kind, a count of all calls, and a time to be done by. */
export class Spend {
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  #tokens = BURST;
  #filledAtMs: number;
  #untilMs = 0;
  #throttled = false;
  #calls: Record<string, number> = {};
  #sharedCalls = 0;

  /** @param pause resolves after so many ms by the same clock */
  constructor(now: () => number, pause: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#pause = pause;
    this.#filledAtMs = now();
  }

  /** A new sweep, to be done by `untilMs`. The bucket keeps what it holds: the sweep before may have just ended. */
  begin(untilMs: number): void {
    this.#untilMs = untilMs;
    this.#throttled = false;
    this.#calls = {};
    this.#sharedCalls = 0;
  }

  /**
   * Takes one call of the shared kind, waiting until there is one.
   *
   * @throws {OutOfBudget} when it would have to wait too long, or after a refusal
   */
  async take(): Promise<void> {
    this.#fill();
    // Taken before the wait: callers that wait at the same time queue up behind each other.
    this.#tokens -= 1;
    const waitMs = this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / PER_SECOND) * 1000);
    if (this.isOver || this.#now() + waitMs >= this.#untilMs) {
      this.#tokens += 1;
      throw new OutOfBudget('the sweep has spent its share of calls, or its time');
    }
    if (waitMs > 0) await this.#pause(waitMs);
  }

  /** Counts attempts at one call. @param shared whether it was taken: what was tried again drains the same bucket */
  count(api: string, attempts: number, shared: boolean): void {
    this.#calls[api] = (this.#calls[api] ?? 0) + attempts;
    if (!shared) return;
    this.#sharedCalls += attempts;
    this.#tokens -= attempts - 1;
  }

  /** AWS refused a call for there having been too many: this sweep makes no more of them. */
  refused(): void {
    this.#throttled = true;
  }

  /** Whether the sweep has to end here. */
  get isOver(): boolean {
    return this.#throttled || this.#now() >= this.#untilMs;
  }

  get throttled(): boolean {
    return this.#throttled;
  }

  /** Calls by API, retries included. */
  get calls(): Readonly<Record<string, number>> {
    return { ...this.#calls };
  }

  /** Calls of the shared kind alone. */
  get sharedCalls(): number {
    return this.#sharedCalls;
  }

  #fill(): void {
    const nowMs = this.#now();
    this.#tokens = Math.min(BURST, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * PER_SECOND);
    this.#filledAtMs = nowMs;
  }
}
