import { randomUUID } from 'node:crypto';
import type { Clock } from './clock.ts';
import { type EventEnvelope, secondsUtc } from './event-bus.ts';
import type { LocalFunction } from './functions.ts';

export interface ScheduleTarget {
  readonly fn: Pick<LocalFunction, 'invoke'>;
  /** JSON, instead of the event. */
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

/** A timer of Node's that is set for longer ends at once. */
const LONGEST_SLEEP_MS = 2 ** 31 - 1;

/**
 * The interval of `rate(5 minutes)`, in milliseconds; `undefined` for what is no rate.
 *
 * @see EventBridge User Guide, "Rate expressions": singular for 1, plural for more
 */
export function rateMs(expression: string): number | undefined {
  const [, digits, unit = '', plural] = /^rate\(([1-9]\d*) (minute|hour|day)(s?)\)$/.exec(expression) ?? [];
  if (digits === undefined || (digits === '1') !== (plural === '')) return undefined;
  return Number(digits) * (UNIT_MS[unit] ?? 0);
}

/**
 * A scheduled rule: invokes its targets, first one interval after the start, whether their earlier runs have ended or not.
 *
 * A run that fails is not tried again. Lambda would try it twice more, one and two minutes later, but a schedule has
 * to stand a run that is lost altogether: the next one does its work again, here as there.
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

  /** Fires no more, and resolves when the runs in flight are done. */
  async close(): Promise<void> {
    this.stop.abort();
    await this.loop;
    await Promise.all(this.running);
  }

  private async run(): Promise<void> {
    const { everyMs } = this.config;
    for (let dueAtMs = this.clock.now() + everyMs; await this.reached(dueAtMs); ) {
      this.fire();
      const missed = Math.floor((this.clock.now() - dueAtMs) / everyMs); // by a machine that slept: made up for by none
      dueAtMs += (missed + 1) * everyMs;
    }
  }

  /** Whether `atMs` has come; false if the schedule is closed before. */
  private async reached(atMs: number): Promise<boolean> {
    const { signal } = this.stop;
    while (!signal.aborted && this.clock.now() < atMs)
      await this.clock.sleep(Math.min(LONGEST_SLEEP_MS, atMs - this.clock.now()), signal);
    return !signal.aborted;
  }

  private fire(): void {
    const event = JSON.stringify(this.event());
    for (const { fn, input = event } of this.config.targets) {
      const run = fn.invoke(input).finally(() => this.running.delete(run)); // a failure is told by the function
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
