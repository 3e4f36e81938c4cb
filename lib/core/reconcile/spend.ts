/** The sweep has used up its budget of calls or time, or AWS throttled it. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';
}

/**
 * The share of a sweep in the throttling buckets of ECS, which all tools of an account share: a fifth of each. Describing and
 * listing tasks allows a burst of 100, then 20 a second; task definitions allow a burst of 50, then 20 a second.
 *
 * @see Request throttling for the Amazon ECS API, "cluster resource read" and "task definition read"
 */
const SHARES = {
  tasks: { burst: 20, perSecond: 4 },
  definitions: { burst: 10, perSecond: 4 },
} as const;
export type SharedBucket = keyof typeof SHARES;

/** The budget of a sweep: a token bucket for each shared one, a count of all calls, and an end time. */
export class Spend {
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #buckets: Readonly<Record<SharedBucket, Bucket>>;
  #untilMs = 0;
  #calls: Record<string, number> = {};
  #sharedCalls = 0;

  /** @param pause resolves after `ms` by the same clock */
  constructor(now: () => number, pause: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#pause = pause;
    this.#buckets = { tasks: new Bucket(SHARES.tasks, now()), definitions: new Bucket(SHARES.definitions, now()) };
  }

  /** Begins a sweep that ends by `untilMs`. Buckets keep their level, because the previous sweep may have just ended. */
  begin(untilMs: number): void {
    this.#untilMs = untilMs;
    for (const bucket of Object.values(this.#buckets)) bucket.refused = false;
    this.#calls = {};
    this.#sharedCalls = 0;
  }

  /**
   * Takes one call from a bucket. Waits for a token for calls about tasks, but not about task definitions, which are optional
   * and can be read by the next sweep.
   *
   * @throws {OutOfBudget} if there is no token, if the wait would exceed the sweep, or after AWS throttled a call
   */
  async take(from: SharedBucket): Promise<void> {
    const bucket = this.#buckets[from];
    const waitMs = bucket.take(this.#now());
    const isLate = from === 'definitions' ? waitMs > 0 : this.#now() + waitMs >= this.#untilMs;
    if (bucket.refused || this.isOver || isLate) {
      bucket.giveBack();
      throw new OutOfBudget('the sweep has used up its calls or its time');
    }
    if (waitMs > 0) await this.#pause(waitMs);
  }

  /** Counts the attempts at one call. @param from its bucket, from which retries are taken too */
  count(api: string, attempts: number, from?: SharedBucket): void {
    this.#calls[api] = (this.#calls[api] ?? 0) + attempts;
    if (!from) return;
    this.#sharedCalls += attempts;
    this.#buckets[from].drain(attempts - 1);
  }

  /** Records that AWS throttled a call: this sweep makes no more calls of that kind. */
  refused(from: SharedBucket): void {
    this.#buckets[from].refused = true;
  }

  /** Whether the time is over, so that nothing new may begin. */
  get isOver(): boolean {
    return this.#now() >= this.#untilMs;
  }

  /** Whether AWS throttled a call of any shared bucket. */
  get throttled(): boolean {
    return Object.values(this.#buckets).some(({ refused }) => refused);
  }

  /** Calls by API, retries included. */
  get calls(): Readonly<Record<string, number>> {
    return { ...this.#calls };
  }

  /** Calls from the shared buckets only. */
  get sharedCalls(): number {
    return this.#sharedCalls;
  }
}

/** A token bucket: fills at a rate, up to a burst. */
class Bucket {
  readonly #burst: number;
  readonly #perSecond: number;
  #tokens: number;
  #filledAtMs: number;
  refused = false;

  constructor({ burst, perSecond }: (typeof SHARES)[SharedBucket], nowMs: number) {
    this.#burst = burst;
    this.#perSecond = perSecond;
    this.#tokens = burst;
    this.#filledAtMs = nowMs;
  }

  /** Takes a token at once, so that concurrent callers wait one after the other. @returns ms until it is available */
  take(nowMs: number): number {
    this.#tokens = Math.min(this.#burst, this.#tokens + ((nowMs - this.#filledAtMs) / 1000) * this.#perSecond);
    this.#filledAtMs = nowMs;
    this.#tokens -= 1;
    return this.#tokens >= 0 ? 0 : Math.ceil((-this.#tokens / this.#perSecond) * 1000);
  }

  giveBack(): void {
    this.#tokens += 1;
  }

  drain(tokens: number): void {
    this.#tokens -= tokens;
  }
}
