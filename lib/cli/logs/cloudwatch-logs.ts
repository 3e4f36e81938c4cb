import { CloudWatchLogsClient, type FilteredLogEvent, paginateFilterLogEvents } from '@aws-sdk/client-cloudwatch-logs';
import type { EventName } from '../../core/log-events.ts';
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
  readonly #client: CloudWatchLogsClient;
  #fromMs: number;
  /** Ids of events that were returned, with their times. */
  readonly #returned = new Map<string, number>();

  constructor(groups: readonly string[], { sinceMs, events }: LogWish, client = new CloudWatchLogsClient({})) {
    this.#groups = groups;
    this.#pattern = patternOf(events);
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
    return fresh.flatMap(({ message = '' }) => readLogLine(message) ?? []).sort((a, b) => a.atMs - b.atMs);
  }

  close(): void {
    this.#client.destroy();
  }
}

/** @see Amazon CloudWatch Logs User Guide, "Filter pattern syntax" for JSON */
const patternOf = (events: readonly EventName[]): string =>
  `{ ${events.map((event) => `($.message = "${event}")`).join(' || ')} }`;
