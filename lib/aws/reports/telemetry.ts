import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Level } from '../../core/reports/log-event-fields.ts';
import { LOG_EVENTS } from '../../core/reports/log-events.ts';
import type { Report } from '../../core/reports/report.ts';
import { EVENT_METRICS, type EventMetrics } from './event-metrics.ts';

/**
 * Writes each event as one JSON line, and its metrics (`event-metrics.ts`) in CloudWatch's embedded format. Where an event
 * is a measurement, the metrics' line holds its other fields too and takes the place of its own.
 *
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function telemetry(): Report {
  const logger = new Logger();
  // The library warns on each line about a dimension in two sets. Its other warnings are about values that this file checks.
  const metrics = new Metrics({ logger: { debug: silent, info: silent, warn: silent, error: silent } });
  // The library's default dimension, the function's name, would be in every set: an alarm would have to name it.
  metrics.clearDefaultDimensions();
  return (event, fields) => {
    const { level } = LOG_EVENTS[event];
    const measured: EventMetrics | undefined = EVENT_METRICS[event];
    if (measured?.isLine && publish(metrics, fields, measured, { message: event, level })) return;
    logger[METHODS[level]](event, fields);
    if (measured && !measured.isLine) publish(metrics, fields, measured, undefined);
  };
}

const METHODS = { ERROR: 'error', WARN: 'warn', INFO: 'info' } as const satisfies Record<Level, string>;

const silent = (): void => {};

type Fields = Readonly<Record<string, unknown>>;

/**
 * Writes one line of metrics, each in every set of dimensions.
 *
 * @param line what an event's own line would begin with, where this line takes its place
 * @returns false when there is no value or no set
 */
function publish(
  metrics: Metrics,
  fields: Fields,
  { values, by = [[]] }: EventMetrics,
  line: { readonly message: string; readonly level: Level } | undefined,
): boolean {
  const measured = Object.entries(values).flatMap(([metric, { unit, field, atLeast = 0 }]) => {
    const value = field === undefined ? 1 : fields[field];
    const isWritten = (typeof value === 'number' || typeof value === 'boolean') && Number(value) >= atLeast;
    return isWritten ? [{ metric, unit, field, value: Number(value) }] : [];
  });
  const sets = by
    .map((names) => names.map((name) => [dimensionOf(name), dimensionValue(fields[name])] as const))
    .filter((set) => set.every(([, value]) => value !== ''));
  if (measured.length === 0 || sets.length === 0) return false;
  for (const { metric, unit, value } of measured) metrics.addMetric(metric, unit, value);
  for (const set of sets) metrics.addDimensions(Object.fromEntries(set));
  if (line) {
    const others = { ...line, ...withoutMeasured(fields, new Set(measured.map(({ field }) => field))) };
    for (const [name, value] of Object.entries(others)) metrics.addMetadata(name, String(value));
  }
  metrics.publishStoredMetrics();
  return true;
}

/** The fields of a line that no metric holds. */
function withoutMeasured(fields: Fields, measured: ReadonlySet<string | undefined>): Fields {
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !measured.has(name) && value !== null));
}

/** `rule` → `Rule` */
const dimensionOf = (field: string): string => `${field.charAt(0).toUpperCase()}${field.slice(1)}`;

/** CloudWatch takes 1 to 1024 characters of ASCII, and some values come from the network. */
const dimensionValue = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replace(/[^\x20-\x7e]/g, '?')
        .trim()
        .slice(0, 255)
    : '';
