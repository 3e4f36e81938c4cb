/** The sweep has spent what it may, in calls or in time, or AWS has asked it to stop. */
export class OutOfBudget extends Error {
  override readonly name = 'OutOfBudget';
}

/**
 * What a sweep may take of the buckets that ECS grants an account, and that all its tools share: a fifth of each. Describing
 * and listing tasks has a burst of 100, then 20 a second, task definitions one of 50, then as many.
 *
 * @see Request throttling for the Amazon ECS API, "cluster resource read" and "task definition read"
 */
const SHARES = {
  tasks: { burst: 20, perSecond: 4 },
  definitions: { burst: 10, perSecond: 4 },
} as const;
export type SharedBucket = keyof typeof SHARES;

/** What a sweep spends: a token bucket for each of those it shares, a count of all calls, and a time to be done by. */
export class Spend {
  readonly #now: () => number;
  readonly #pause: (ms: number) => Promise<void>;
  readonly #buckets: Readonly<Record<SharedBucket, Bucket>>;
  #untilMs = 0;
  #calls: Record<string, number> = {};
  #sharedCalls = 0;

  /** @param pause resolves after so many ms by the same clock */
  constructor(now: () => number, pause: (ms: number) => Promise<void>) {
    this.#now = now;
    this.#pause = pause;
    this.#buckets = { tasks: new Bucket(SHARES.tasks, now()), definitions: new Bucket(SHARES.definitions, now()) };
  }

  /** A new sweep, to be done by `untilMs`. Buckets keep what they hold: the sweep before may have just ended. */
  begin(untilMs: number): void {
    this.#untilMs = untilMs;
    for (const bucket of Object.values(this.#buckets)) bucket.refused = false;
    this.#calls = {};
    this.#sharedCalls = 0;
  }

  /**
   * Takes one call out of a bucket. Of those about tasks it waits until there is one; what a task definition says is only
   * good to know, and the next sweep may ask for it.
   *
   * @throws {OutOfBudget} when there is none, or it would have to wait too long, or after a refusal
   */
  async take(from: SharedBucket): Promise<void> {
    const bucket = this.#buckets[from];
    const waitMs = bucket.take(this.#now());
    const isLate = from === 'definitions' ? waitMs > 0 : this.#now() + waitMs >= this.#untilMs;
    if (bucket.refused || this.isOver || isLate) {
      bucket.giveBack();
      throw new OutOfBudget('the sweep has spent its share of calls, or its time');
    }
    if (waitMs > 0) await this.#pause(waitMs);
  }

  /** Counts attempts at one call. @param from the bucket it was taken out of: what was tried again drains the same one */
  count(api: string, attempts: number, from?: SharedBucket): void {
    this.#calls[api] = (this.#calls[api] ?? 0) + attempts;
    if (!from) return;
    this.#sharedCalls += attempts;
    this.#buckets[from].drain(attempts - 1);
  }

  /** AWS refused a call for there having been too many: this sweep makes no more of that kind. */
  refused(from: SharedBucket): void {
    this.#buckets[from].refused = true;
  }

  /** Whether the time is over: nothing new is to be begun. */
  get isOver(): boolean {
    return this.#now() >= this.#untilMs;
  }

  /** Whether AWS refused a call of any shared kind. */
  get throttled(): boolean {
    return Object.values(this.#buckets).some(({ refused }) => refused);
  }

  /** Calls by API, retries included. */
  get calls(): Readonly<Record<string, number>> {
    return { ...this.#calls };
  }

  /** Calls out of the shared buckets alone. */
  get sharedCalls(): number {
    return this.#sharedCalls;
  }
}

/** Tokens that come in at a rate, up to a burst. */
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

  /** Taken before the wait: callers that wait at the same time queue up behind each other. @returns ms until it is there */
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
