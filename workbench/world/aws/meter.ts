import type { Clock } from '../simulation/clock.ts';
import type { AwsApiError } from './api.ts';

/** A token bucket: its capacity and its refill per second, in calls. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface MeterOptions {
  readonly clock: Clock;
  /** Rates by category; all operations of a category share one bucket. Default: no limits. */
  readonly rates?: Readonly<Record<string, Rate>>;
  /** Makes the service's error for a refused call. */
  readonly refusal: () => AwsApiError;
}

/** Counts the calls to one service's API and refuses those beyond its rates. */
export class ApiMeter {
  private readonly counts = new Map<string, number>();
  private readonly toRefuse = new Map<string, number>();
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly options: MeterOptions) {}

  /** Number of calls per operation, including refused calls. */
  get calls(): ReadonlyMap<string, number> {
    return this.counts;
  }

  /** Refuses the next `times` calls of an operation, even if its bucket has tokens. */
  throttleNext(operation: string, times = 1): void {
    this.toRefuse.set(operation, (this.toRefuse.get(operation) ?? 0) + times);
  }

  /** Counts a call. @throws {AwsApiError} the service's refusal; a refused call takes no token */
  spend(operation: string, category: string): void {
    this.counts.set(operation, (this.counts.get(operation) ?? 0) + 1);
    const refusals = this.toRefuse.get(operation) ?? 0;
    if (refusals > 0) {
      this.toRefuse.set(operation, refusals - 1);
      throw this.options.refusal();
    }
    const bucket = this.bucketOf(category);
    if (bucket && !bucket.take(this.options.clock.now())) throw this.options.refusal();
  }

  private bucketOf(category: string): Bucket | undefined {
    const { clock, rates } = this.options;
    if (!rates) return undefined;
    const rate = rates[category];
    if (!rate) throw new Error(`no rate for calls of category ${category}`);
    const bucket = this.buckets.get(category) ?? new Bucket(rate, clock.now());
    this.buckets.set(category, bucket);
    return bucket;
  }
}

class Bucket {
  private tokens: number;

  constructor(
    private readonly rate: Rate,
    private filledAtMs: number,
  ) {
    this.tokens = rate.burst;
  }

  take(nowMs: number): boolean {
    const { burst, perSecond } = this.rate;
    this.tokens = Math.min(burst, this.tokens + ((nowMs - this.filledAtMs) / 1000) * perSecond);
    this.filledAtMs = nowMs;
    if (this.tokens < 1) return false;
    this.tokens--;
    return true;
  }
}
