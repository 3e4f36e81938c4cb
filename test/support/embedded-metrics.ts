import { jest } from '@jest/globals';
import { telemetry } from '../../lib/aws/reports/telemetry.ts';
import type { Report } from '../../lib/core/reports/report.ts';
import { restoreEnvironment } from './environment.ts';

/** A metric as CloudWatch stores it. */
interface Datum {
  readonly namespace: string;
  readonly name: string;
  readonly dimensions: Readonly<Record<string, string>>;
  readonly unit: string;
  readonly value: number;
}

interface Directive {
  readonly Namespace: string;
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit: string }[];
}

/**
 * Returns what a function prints while it reports: the lines, their size in bytes, and the metrics that CloudWatch
 * extracts.
 *
 * @param namespace the metric namespace in the function's environment
 * @see Amazon CloudWatch User Guide, "Specification: Embedded metric format"
 */
export function printed(act: (report: Report) => void, namespace = 'Mayfly/Test') {
  const text: string[] = [];
  const take = (chunk: unknown): boolean => text.push(String(chunk)) > 0;
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(take),
    jest.spyOn(process.stderr, 'write').mockImplementation(take),
    jest.spyOn(console, 'warn').mockImplementation((line) => void take(`${line}\n`)),
  ];
  const before = { ...process.env };
  Object.assign(process.env, { POWERTOOLS_METRICS_NAMESPACE: namespace, POWERTOOLS_SERVICE_NAME: 'a-function' });
  try {
    act(telemetry());
  } finally {
    restoreEnvironment(before);
    for (const spy of spies) spy.mockRestore();
  }
  const lines = text
    .join('')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Readonly<Record<string, unknown>>);
  return { lines, metrics: lines.flatMap(metricsOf), bytes: Buffer.byteLength(text.join('')) };
}

/** Returns the metrics of one line, each for every dimension set. @throws if CloudWatch would drop the line */
function metricsOf(line: Readonly<Record<string, unknown>>): Datum[] {
  if (!('_aws' in line)) return [];
  const { Timestamp, CloudWatchMetrics } = line._aws as { Timestamp: number; CloudWatchMetrics: readonly Directive[] };
  if (!Number.isInteger(Timestamp)) throw new Error('a line of metrics has no time');
  return CloudWatchMetrics.flatMap(({ Namespace, Dimensions, Metrics }) =>
    Dimensions.flatMap((names) =>
      Metrics.map(({ Name, Unit }) => {
        const dimensions = Object.fromEntries(names.map((name) => [name, textIn(line, name)]));
        const value = line[Name];
        if (typeof value !== 'number') throw new Error(`${Name} has no value`);
        return { namespace: Namespace, name: Name, dimensions, unit: Unit, value };
      }),
    ),
  );
}

function textIn(line: Readonly<Record<string, unknown>>, name: string): string {
  const value = line[name];
  if (typeof value !== 'string' || !/^[\x20-\x7e]{1,1024}$/.test(value)) throw new Error(`${name} is no dimension`);
  return value;
}
