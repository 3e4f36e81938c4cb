import type { Clock } from '../clock.ts';
import type { AwsApiError } from './api.ts';

/** A token bucket: how many calls it holds when full, and how many come back a second. */
export interface Rate {
  readonly burst: number;
  readonly perSecond: number;
}

export interface MeterOptions {
  readonly clock: Clock;
  /** By category; what a category's operations spend they spend together. Default: no limits. */
  readonly rates?: Readonly<Record<string, Rate>>;
  /** What the service answers to a call too many. */
  readonly refusal: () => AwsApiError;
}

/** Counts the calls of one service's API, and refuses those that are too many. */
export class ApiMeter {
  private readonly counts = new Map<string, number>();
  private readonly toRefuse = new Map<string, number>();
  private readonly buckets = new Map<string, Bucket>();

  constructor(private readonly options: MeterOptions) {}

  /** How often each operation was called, refused calls included. */
  get calls(): ReadonlyMap<string, number> {
    return this.counts;
  }

  /** Refuses the next `times` calls of an operation, whatever its bucket holds. */
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
