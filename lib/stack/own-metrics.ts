import { type Duration, Stack } from 'aws-cdk-lib';
import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import type { Construct } from 'constructs';

const NAMESPACE = 'mayfly:metrics-namespace';

/**
 * Says where the functions of this Mayfly write their metrics: two of them, in one stack or in two, never see each other's.
 * To be called before it has children.
 */
export function nameMetrics(mayfly: Construct): void {
  const stack = Stack.of(mayfly);
  const path = mayfly.node.path.slice(stack.node.path.length + 1).replace(/[^\w./#:-]/g, '-');
  mayfly.node.setContext(NAMESPACE, ['Mayfly', stack.stackName, ...(path === 'Mayfly' ? [] : [path])].join('/'));
}

/** The namespace of the Mayfly that this is a part of. */
export const metricsNamespace = (scope: Construct): string => String(scope.node.getContext(NAMESPACE));

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
