import type { SimulatedHost } from './host/host.ts';
import { splay } from './osquery/scheduler.ts';
import { type Clock, Stopped } from './simulation/clock.ts';
import type { Random } from './simulation/random.ts';

/** osquery's `schedule_splay_percent`. */
const SPLAY_PERCENT = 10;

export interface BaselineOptions {
  readonly host: SimulatedHost;
  /** The query to schedule; its column `id` contains container ids. */
  readonly sql?: string;
  readonly intervalSeconds?: number;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * What a plain scheduled query would have seen on a host. It runs like osquery's scheduler, at instants aligned to unix
 * time and with a splayed interval, and records every container it returned.
 */
export class ScheduleBaseline {
  /** Container id → when it was first returned, in epoch milliseconds. */
  readonly seen = new Map<string, number>();
  /** How many times the query ran. */
  runs = 0;
  /** The interval on this host after splay, in seconds. */
  readonly intervalSeconds: number;
  private readonly options: BaselineOptions;
  private stopped = new AbortController();

  constructor(options: BaselineOptions) {
    this.options = options;
    const chance = options.random.fork(`baseline ${options.host.instanceId}`).next();
    this.intervalSeconds = splay(options.intervalSeconds ?? 60, SPLAY_PERCENT, chance);
    options.host.off.addEventListener('abort', () => this.stop(), { once: true });
  }

  /** Runs until {@link stop} or until the host powers off. */
  start(): void {
    this.stopped = new AbortController();
    if (this.options.host.down) return;
    this.run(this.stopped.signal).catch((error: unknown) => {
      if (!(error instanceof Stopped)) throw error;
    });
  }

  stop(): void {
    this.stopped.abort();
  }

  private async run(signal: AbortSignal): Promise<never> {
    const { clock } = this.options;
    const periodMs = this.intervalSeconds * 1000;
    for (;;) {
      await clock.sleep(periodMs - (clock.now() % periodMs), signal);
      this.runOnce();
    }
  }

  private runOnce(): void {
    const { clock, host, sql = 'SELECT id FROM docker_containers' } = this.options;
    const answer = host.query(sql);
    if (!answer.ok) throw new Error(`the baseline query failed: ${answer.message}`);
    this.runs++;
    for (const { id } of answer.rows) {
      if (id && !this.seen.has(id)) this.seen.set(id, clock.now());
    }
  }
}
