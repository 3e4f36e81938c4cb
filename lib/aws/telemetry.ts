import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics } from '@aws-lambda-powertools/metrics';
import type { Report } from '../core/report.ts';
import { EVENT_METRICS, type EventMetrics } from './event-metrics.ts';

/**
 * One JSON line an event to standard output, and what `event-metrics.ts` says of it as metrics in CloudWatch's embedded format.
 * An event that is a measurement is one line in all: that of its metrics, with its other fields beside them.
 *
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function telemetry(): Report {
  const logger = new Logger();
  // It warns of every dimension that is in two sets, on each line; its other warnings are about what is checked here.
  const metrics = new Metrics({ logger: { debug: silent, info: silent, warn: silent, error: silent } });
  // The library's own dimension, the function's name, would be in every set: an alarm had to name it to see the metric.
  metrics.clearDefaultDimensions();
  return (event, fields) => {
    const measured = EVENT_METRICS[event];
    if (measured?.isLine && publish(metrics, event, fields, measured)) return;
    logger.info(event, fields);
    if (measured && !measured.isLine) publish(metrics, event, fields, measured);
  };
}

const silent = (): void => {};

type Fields = Readonly<Record<string, unknown>>;

/** Writes one line of metrics, all of them in all sets of dimensions; false when there is no value or no set. */
function publish(
  metrics: Metrics,
  event: string,
  fields: Fields,
  { values, by = [[]], isLine }: EventMetrics,
): boolean {
  const measured = Object.entries(values).flatMap(([metric, { unit, field }]) => {
    const value = field === undefined ? 1 : fields[field];
    return typeof value === 'number' || typeof value === 'boolean' ? [{ metric, unit, value: Number(value) }] : [];
  });
  const sets = by
    .map((names) => names.map((name) => [dimensionOf(name), dimensionValue(fields[name])] as const))
    .filter((set) => set.every(([, value]) => value !== ''));
  if (measured.length === 0 || sets.length === 0) return false;
  for (const { metric, unit, value } of measured) metrics.addMetric(metric, unit, value);
  for (const set of sets) metrics.addDimensions(Object.fromEntries(set));
  const beside = isLine ? { message: event, ...withoutMeasured(fields, values) } : {};
  for (const [name, value] of Object.entries(beside)) metrics.addMetadata(name, String(value));
  metrics.publishStoredMetrics();
  return true;
}

/** The fields of a line that no metric holds. */
function withoutMeasured(fields: Fields, values: EventMetrics['values']): Fields {
  const measured = new Set(Object.values(values).map(({ field }) => field));
  return Object.fromEntries(Object.entries(fields).filter(([name, value]) => !measured.has(name) && value !== null));
}

/** `rule` → `Rule` */
const dimensionOf = (field: string): string => `${field.charAt(0).toUpperCase()}${field.slice(1)}`;

/** CloudWatch takes 1 to 1024 characters of ASCII, and some of what stands here comes from the network. */
const dimensionValue = (value: unknown): string =>
  typeof value === 'string'
    ? value
        .replace(/[^\x20-\x7e]/g, '?')
        .trim()
        .slice(0, 255)
    : '';
