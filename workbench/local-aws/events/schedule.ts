import { randomUUID } from 'node:crypto';
import type { LocalFunction } from '../functions/functions.ts';
import type { Clock } from '../machine/clock.ts';
import { type EventEnvelope, secondsUtc } from './event-bus.ts';

export interface ScheduleTarget {
  readonly fn: Pick<LocalFunction, 'invoke'>;
  /** JSON that replaces the event. */
  readonly input?: string;
}

export interface ScheduleConfig {
  readonly ruleArn: string;
  readonly account: string;
  readonly region: string;
  readonly everyMs: number;
  readonly targets: readonly ScheduleTarget[];
}

const UNIT_MS: Readonly<Record<string, number>> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Node's longest timer; it fires a longer one at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * Parses `rate(5 minutes)` into milliseconds; `undefined` for an expression that is not a rate.
 *
 * @see EventBridge User Guide, "Rate expressions": singular for 1, plural for more
 */
export function rateMs(expression: string): number | undefined {
  const [, digits, unit = '', plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (digits === undefined || (digits === '1') !== (plural === '')) return undefined;
  return Number(digits) * (UNIT_MS[unit] ?? 0);
}

/**
 * A scheduled rule. It invokes its targets at every interval, first one interval after the start, even if earlier runs
 * have not ended.
 *
 * A failed run is not retried. Lambda would retry it twice, after one and two minutes, but a scheduled function must
 * tolerate a lost run in any case: the next run does its work.
 */
export class Schedule {
  private readonly running = new Set<Promise<unknown>>();
  private readonly stop = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    private readonly config: ScheduleConfig,
    private readonly clock: Clock,
  ) {
    this.loop = this.run();
  }

  /** Stops the schedule and resolves when the runs in flight are done. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.loop;
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    const { everyMs } = this.config;
    for (let dueAtMs = this.clock.now() + everyMs; await this.reached(dueAtMs); ) {
      this.fire();
      const missed = Math.floor((this.clock.now() - dueAtMs) / everyMs); // skipped: the machine was asleep
      dueAtMs += (missed + 1) * everyMs;
    }
  }

  /** Waits until `atMs`. @returns false if the schedule is closed before */
  private async reached(atMs: number): Promise<boolean> {
    const { signal } = this.stop;
    while (!signal.aborted && this.clock.now() < atMs)
      await this.clock.sleep(Math.min(LONGEST_SLEEP_MS, atMs - this.clock.now()), signal);
    return !signal.aborted;
  }

  private fire(): void {
    const event = JSON.stringify(this.event());
    for (const { fn, input = event } of this.config.targets) {
      const run = fn.invoke(input).finally(() => this.running.delete(run)); // the function reports its own failures
      this.running.add(run);
    }
  }

  /** @see EventBridge User Guide, "Creating an Amazon EventBridge rule that runs on a schedule" */
  private event(): EventEnvelope {
    return {
      version: '0',
      id: randomUUID(),
      'detail-type': 'Scheduled Event',
      source: 'aws.events',
      account: this.config.account,
      time: secondsUtc(this.clock.now()),
      region: this.config.region,
      resources: [this.config.ruleArn],
      detail: {},
    };
  }
}
