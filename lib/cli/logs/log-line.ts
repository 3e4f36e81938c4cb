import { EVENT_METRICS, type EventMetrics } from '../../aws/reports/event-metrics.ts';
import { type EventName, LOG_EVENTS } from '../../core/reports/log-events.ts';
import { parseJson } from '../../core/text.ts';

/** A log event of a function or of the long-poll front. */
export interface LogLine {
  readonly atMs: number;
  readonly event: EventName;
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What to read from the logs. */
export interface LogWish {
  readonly sinceMs: number;
  readonly events: readonly EventName[];
}

/** The logs of a Mayfly. */
export interface LogSource {
  /** The events since the last call, or since `sinceMs` on the first call, ordered by time. */
  next(): Promise<readonly LogLine[]>;
  /** How long to wait between two calls. */
  readonly everyMs: number;
  close(): void;
}

/** Whether this is the name of a log event. */
export const isEvent = (name: unknown): name is EventName =>
  typeof name === 'string' && Object.hasOwn(LOG_EVENTS, name);

/** Parses a line of a log; undefined for a line that is not an event, such as those of Lambda itself. */
export function readLogLine(text: string): LogLine | undefined {
  const line = objectIn(text);
  if (!line || !isEvent(line.message)) return undefined;
  const atMs = typeof line.timestamp === 'string' ? Date.parse(line.timestamp) : Number(Object(line._aws).Timestamp);
  if (!Number.isFinite(atMs)) return undefined;
  return { atMs, event: line.message, fields: fieldsOf(line.message, line) };
}

function objectIn(text: string): Readonly<Record<string, unknown>> | undefined {
  if (!text.startsWith('{')) return undefined;
  try {
    return Object(parseJson(text));
  } catch {
    return undefined; // a line that was cut
  }
}

/** The event's own fields. A line of metrics has some of them under the metrics' names. */
function fieldsOf(event: EventName, line: Readonly<Record<string, unknown>>): LogLine['fields'] {
  const measured: EventMetrics | undefined = EVENT_METRICS[event];
  const byMetric = Object.entries(measured?.values ?? {}).flatMap(([metric, { field }]) =>
    field !== undefined && line[metric] !== undefined ? [[field, line[metric]] as const] : [],
  );
  const own = Object.keys(LOG_EVENTS[event].fields).flatMap((name) =>
    line[name] === undefined ? [] : [[name, line[name]] as const],
  );
  return Object.fromEntries([...byMetric, ...own]);
}
