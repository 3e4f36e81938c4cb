import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EVENT_METRICS, type EventMetrics } from '../../../../lib/aws/reports/event-metrics.ts';
import { STANDING } from '../../../../lib/cost/bill.ts';
import prices from '../../../../lib/cost/prices.json' with { type: 'json' };
import { printed } from '../../../support/embedded-metrics.ts';
import { customTemplate, pairTemplate, serviceTemplate } from '../shared-templates.ts';
import {
  type FunctionProperties,
  functionNamed,
  mayflyTemplate,
  resourcesOf,
  type Template,
  textOf,
  theOnly,
} from '../template.ts';

interface AlarmMetric {
  readonly Namespace: string;
  readonly MetricName: string;
  readonly Dimensions?: readonly { readonly Name: string; readonly Value: unknown }[];
}
interface AlarmProperties extends Partial<AlarmMetric> {
  readonly AlarmDescription: string;
  readonly Metrics?: readonly {
    readonly Expression?: string;
    readonly MetricStat?: { readonly Metric: AlarmMetric };
  }[];
  readonly Period?: number;
  readonly EvaluationPeriods: number;
  readonly Threshold: number;
  readonly TreatMissingData: string;
}

const template = mayflyTemplate();
const alarmsOf = (of: Template) => resourcesOf<AlarmProperties>(of, 'AWS::CloudWatch::Alarm');
const alarms = alarmsOf(template);
const named = (of: Template, name: string): AlarmProperties => {
  const found = alarmsOf(of).find(([id]) => id.startsWith(`MayflyAlarms${name}`));
  if (!found) throw new Error(`no alarm ${name}`);
  return found[1];
};
const metricsOf = ({ Namespace = '', MetricName, Dimensions, Metrics = [] }: AlarmProperties): AlarmMetric[] =>
  MetricName
    ? [{ Namespace, MetricName, Dimensions }]
    : Metrics.flatMap(({ MetricStat }) => (MetricStat ? [MetricStat.Metric] : []));

/** The identity of a metric in CloudWatch, without the values of its dimensions; the order of their names does not matter. */
const identity = (namespace: string, name: string, dimensions: readonly string[]): string =>
  `${namespace} ${name} {${[...dimensions].sort().join(', ')}}`;

describe('every alarm', () => {
  it('is in the estimate of an idle stack', () => {
    const metrics = alarmsOf(template).map(
      ([, { Metrics }]) => Metrics?.filter((one) => 'MetricStat' in one).length ?? 1,
    );
    expect(metrics.reduce((sum, each) => sum + each)).toBe(STANDING.alarmMetrics);
  });

  const sections = [...readFileSync('docs/runbook.md', 'utf8').matchAll(/^## (.+)\n\n(?!No alarm\.)/gm)].map(
    ([, heading]) => heading,
  );

  it('names its section of the runbook, and every section has an alarm, of one of the fronts', () => {
    const of = [...alarms, ...alarmsOf(serviceTemplate())].map(
      ([, alarm]) => /Runbook: docs\/runbook\.md, "(.+)"$/.exec(alarm.AlarmDescription)?.[1],
    );
    expect([...new Set(of)].sort()).toEqual([...sections].sort());
  });

  it('watches something: each queue, the API, each stream, the table, the reconciler, workloads, fleet', () => {
    const watched = alarms.flatMap(([, alarm]) =>
      metricsOf(alarm).map(
        ({ MetricName, Dimensions = [] }) => `${MetricName} ${Dimensions.map(({ Value }) => JSON.stringify(Value))}`,
      ),
    );
    const queues = resourcesOf<{ RedrivePolicy?: unknown }>(template, 'AWS::SQS::Queue').map(
      ([id, { RedrivePolicy }]) =>
        `${RedrivePolicy ? 'ApproximateAgeOfOldestMessage' : 'ApproximateNumberOfMessagesVisible'} {"Fn::GetAtt":["${id}","QueueName"]}`,
    );
    const streams = resourcesOf(template, 'AWS::KinesisFirehose::DeliveryStream').map(
      ([id]) => `DeliveryToS3.DataFreshness {"Ref":"${id}"}`,
    );
    const { Name } = theOnly<{ Name: string }>(template, 'AWS::ApiGateway::RestApi');
    const [polls] = functionNamed(template, 'tls-api'); // others that are throttled delay events or sweeps
    const [reconcile] = functionNamed(template, 'reconcile');
    const [[table]] = resourcesOf(template, 'AWS::DynamoDB::Table') as [[string, unknown]];
    const ours =
      'Covered,Judged,MttaBreaches,OldestWaiting,QueriesUnanswered,InstancesWithoutAgent,AgentsSilent,SweepsComplete'.split(
        ',',
      );
    expect(watched.sort()).toEqual(
      [
        ...queues,
        ...streams,
        `Throttles {"Ref":"${polls}"}`,
        ...[`4XXError "${Name}"`, `5XXError "${Name}"`, `Count "${Name}"`],
        ...['Read', 'Write'].map((way) => `${way}ThrottleEvents {"Ref":"${table}"}`),
        `WriteThrottleEvents "byDay",{"Ref":"${table}"}`,
        `Errors {"Ref":"${reconcile}"}`,
        ...ours.map((metric) => `${metric} `),
      ].sort(),
    );
  });

  it('treats missing data as healthy, except the alarm of the reconciler', () => {
    const breaching = alarms.filter(([, { TreatMissingData }]) => TreatMissingData === 'breaching');
    expect(breaching.map(([id]) => id)).toEqual([expect.stringContaining('ReconcilerSilent')]);
    expect(alarms.filter(([, { TreatMissingData }]) => TreatMissingData === 'missing')).toEqual([]);
  });

  it('on coverage fires below the objective, 99 % unless the app sets another', () => {
    expect(named(template, 'Coverage')).toMatchObject({ Threshold: 99, ComparisonOperator: 'LessThanThreshold' });
    const other = customTemplate(); // an objective of 90 %, a sweep every five minutes
    expect(named(other, 'Coverage').Threshold).toBe(90);
    expect(named(other, 'ReconcilerErrors')).toMatchObject({ Period: 300 });
    expect(named(other, 'AgentsSilent')).toMatchObject({ Period: 300 });
    expect(named(other, 'LastGaspOldestEvent')).toMatchObject({ Threshold: 160 });
    expect(named(other, 'ReconcilerSilent')).toMatchObject({ Period: 300, EvaluationPeriods: 15, Threshold: 1 });
  });
});

describe('server errors', () => {
  it('fire on the share of failed requests, so that even an outage of a single host triggers them', () => {
    const { Metrics = [], ...alarm } = named(template, 'TlsApiServerErrors');
    expect(Metrics.map(({ Expression }) => Expression)).toContain('100 * errors / requests');
    expect(alarm).toMatchObject({ Threshold: 1, EvaluationPeriods: 3 });
  });
});

describe('two Mayflies in one stack', () => {
  const both = pairTemplate();

  it('each write and watch metrics in their own namespace', () => {
    const functions = resourcesOf<FunctionProperties>(both, 'AWS::Lambda::Function');
    for (const [name, namespace] of [
      ['Mayfly', 'Mayfly/Platform'],
      ['Osquery2TeamA', 'Mayfly/Platform/Osquery-2/Team-A'],
    ] as const) {
      const isIts = ([id]: readonly [string, unknown]): boolean => id.startsWith(name);
      const written = functions
        .filter(isIts)
        .map(([, { Environment }]) => Environment.Variables.POWERTOOLS_METRICS_NAMESPACE);
      const watched = alarmsOf(both)
        .filter(isIts)
        .flatMap(([, alarm]) => metricsOf(alarm).map(({ Namespace }) => Namespace))
        .filter((of) => !of.startsWith('AWS/'));
      expect([new Set(written), new Set(watched)]).toEqual([new Set([namespace]), new Set([namespace])]);
    }
  });
});

describe('the metrics that alarms and dashboard show', () => {
  const functions = resourcesOf<FunctionProperties>(template, 'AWS::Lambda::Function');
  const namespaces = new Set(functions.map(([, fn]) => String(fn.Environment.Variables.POWERTOOLS_METRICS_NAMESPACE)));
  const [namespace = ''] = namespaces;
  /** The metrics that the functions write when each event is reported once. */
  const written = new Set(
    printed((report) => {
      const reportAny: (event: string, fields: object) => void = report as never;
      for (const [event, { values, by = [] }] of Object.entries<EventMetrics>(EVENT_METRICS)) {
        const numbers = Object.values(values).flatMap(({ field, atLeast = 1 }) => (field ? [[field, atLeast]] : []));
        reportAny(event, Object.fromEntries([...numbers, ...by.flat().map((field) => [field, 'a value'])]));
      }
    }, namespace).metrics.map((metric) => identity(metric.namespace, metric.name, Object.keys(metric.dimensions))),
  );
  const body = JSON.parse(
    textOf(theOnly<{ DashboardBody: unknown }>(template, 'AWS::CloudWatch::Dashboard').DashboardBody),
  ) as {
    widgets: { type: string; properties: { title: string; metrics?: unknown[][]; alarms?: string[] } }[];
  };
  const shown = body.widgets.flatMap(({ properties }) => properties.metrics ?? []).flatMap(identitiesIn);

  it('are written in one namespace, the one of the stack', () => {
    expect([...namespaces]).toEqual(['Mayfly/Mayfly']);
    expect(written.size).toBeGreaterThan(40);
  });

  it('are all written by some code, under that namespace, name and dimensions', () => {
    const watched = alarms.flatMap(([, alarm]) =>
      metricsOf(alarm).map((metric) =>
        identity(
          metric.Namespace,
          metric.MetricName,
          (metric.Dimensions ?? []).map(({ Name }) => Name),
        ),
      ),
    );
    const own = [...watched, ...shown].filter((metric) => metric.startsWith('Mayfly'));
    expect(own.length).toBeGreaterThan(30);
    expect([...new Set(own)].filter((metric) => !written.has(metric))).toEqual([]);
  });

  it('include AWS metrics of each function, queue, stream and the table', () => {
    const titles = body.widgets.map(({ properties }) => properties.title);
    expect(titles).toEqual(
      expect.arrayContaining(['Coverage', 'Misses by reason', 'Oldest event, s', 'Fleet', 'DynamoDB']),
    );
    expect(body.widgets[0]?.properties.alarms).toHaveLength(alarms.length);
    const invoked = shown.filter((metric) => metric === 'AWS/Lambda Invocations {FunctionName}');
    expect(invoked).toHaveLength(functions.length - 1); // CloudFormation itself waits for the one that deploys
    expect(shown).toContain('AWS/Firehose IncomingBytes {DeliveryStreamName}');
  });

  it('are few enough for a free dashboard', () => {
    expect(shown).toHaveLength(STANDING.dashboardMetrics);
    expect(STANDING.dashboardMetrics).toBeLessThanOrEqual(prices.cloudwatch.metricsOnFreeDashboard);
  });

  it('fit beside each other', () => {
    for (const { properties, ...widget } of body.widgets as unknown as {
      x: number;
      width: number;
      properties: object;
    }[])
      expect([properties, widget.x + widget.width <= 24]).toEqual([properties, true]);
  });
});

/** The metrics of one line of a widget: `[namespace, name, dimension, value, …, settings]`, or a search. */
function identitiesIn(line: unknown[]): string[] {
  const [first] = line;
  if (typeof first === 'object' && first !== null && 'expression' in first) {
    const found = /^SEARCH\('\{([^,}]+),?([^}]*)\} MetricName="(\w+)"'/.exec(String(first.expression));
    return found ? [identity(found[1] ?? '', found[3] ?? '', (found[2] ?? '').split(',').filter(Boolean))] : [];
  }
  const texts = line.filter((part): part is string => typeof part === 'string');
  const [namespace = '', name = '', ...dimensions] = texts;
  return [
    identity(
      namespace,
      name,
      dimensions.filter((_, at) => at % 2 === 0),
    ),
  ];
}
