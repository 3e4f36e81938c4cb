import { CloudWatchLogsClient, type FilteredLogEvent, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import { grouped } from '../../core/grouped.ts';
import type { EventName } from '../../core/reports/log-events.ts';
import { type LogLine, type LogSource, type LogWish, readLogLine } from './log-line.ts';

/** Lines may become readable late, and not in the order of their times. */
const LATE_MS = 30_000;

/**
 * Logs in CloudWatch, read by polling: FilterLogEvents is free, and Live Tail costs by the minute. Each call reads the last half
 * minute again, and leaves out what it has returned already.
 */
export class CloudWatchLogs implements LogSource {
  /** Eight log groups every 5 s are 1.6 calls a second; AWS allows 5 in each Region. */
  readonly everyMs = 5000;
  readonly #groups: readonly string[];
  readonly #pattern: string;
  readonly #events: ReadonlySet<EventName>;
  readonly #client: CloudWatchLogsClient;
  #fromMs: number;
  /** Ids of events that were returned, with their times. */
  readonly #returned = new Map<string, number>();

  constructor(groups: readonly string[], { sinceMs, events }: LogWish, client = new CloudWatchLogsClient({})) {
    this.#groups = groups;
    this.#pattern = patternOf(events);
    this.#events = new Set(events);
    this.#client = client;
    this.#fromMs = sinceMs;
  }

  async next(): Promise<readonly LogLine[]> {
    const found: FilteredLogEvent[] = [];
    for (const logGroupName of this.#groups) {
      const input = { logGroupName, startTime: this.#fromMs, filterPattern: this.#pattern };
      for await (const { events = [] } of paginateFilterLogEvents({ client: this.#client }, input))
        found.push(...events);
    }
    const fresh = found.filter(({ eventId = '' }) => !this.#returned.has(eventId));
    for (const { eventId = '', timestamp = 0 } of fresh) this.#returned.set(eventId, timestamp);
    const latestMs = Math.max(this.#fromMs + LATE_MS, ...this.#returned.values());
    this.#fromMs = latestMs - LATE_MS;
    for (const [id, atMs] of this.#returned) if (atMs < this.#fromMs) this.#returned.delete(id);
    const lines = fresh.flatMap(({ message = '' }) => readLogLine(message) ?? []);
    return lines.filter(({ event }) => this.#events.has(event)).sort((a, b) => a.atMs - b.atMs);
  }

  close(): void {
    this.#client.destroy();
  }
}

/**
 * Events that begin with the same word share one condition: a pattern has 1024 characters at most.
 *
 * @see Amazon CloudWatch Logs User Guide, "Filter pattern syntax" for JSON
 * @example patternOf(['event_failed', 'event_handled', 'node_enrolled']) // '{ ($.message = "event_*") || ($.message = "node_enrolled") }'
 */
export function patternOf(events: readonly EventName[]): string {
  const names = [...grouped(events, (event) => event.slice(0, event.indexOf('_') + 1))].map(([start, those]) =>
    those.length === 1 ? those[0] : `${start}*`,
  );
  return `{ ${names.map((name) => `($.message = "${name}")`).join(' || ')} }`;
}
