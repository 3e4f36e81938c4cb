import { type Duration, Stack } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

/** Where the functions of one stack write their metrics: two stacks of an account never see each other's. */
export const metricsNamespace = (scope: Construct): string => `Mayfly/${Stack.of(scope).stackName}`;

export interface MetricSettings {
  readonly period: Duration;
  /** `Sum`, `Maximum`, `p99`, … */
  readonly statistic: string;
  readonly label?: string;
}

/** A metric the functions write, all together; docs/reference/metrics.md lists them. */
export const ownMetric = (scope: Construct, metricName: string, settings: MetricSettings): Metric =>
  new Metric({ namespace: metricsNamespace(scope), metricName, ...settings });

/** The same by the values of a dimension, whichever there will be. For graphs: no alarm takes a search. */
export const ownMetricBy = (scope: Construct, metricName: string, dimension: string, settings: MetricSettings) =>
  new MathExpression({
    expression: `SEARCH('{"${metricsNamespace(scope)}",${dimension}} MetricName="${metricName}"', '${settings.statistic}', ${settings.period.toSeconds()})`,
    usingMetrics: {},
    period: settings.period,
    label: settings.label ?? '',
  });

/** Of the workloads judged in each period, the share that was seen, in percent; nothing where none was. */
export const coverageShare = (scope: Construct, period: Duration): MathExpression =>
  new MathExpression({
    expression: '100 * covered / judged',
    usingMetrics: {
      covered: ownMetric(scope, 'Covered', { period, statistic: 'Sum' }),
      judged: ownMetric(scope, 'Judged', { period, statistic: 'Sum' }),
    },
    period,
    label: 'coverage, %',
  });
