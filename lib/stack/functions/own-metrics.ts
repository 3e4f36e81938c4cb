import { MathExpression, Metric } from 'aws-cdk-lib/aws-cloudwatch';
import { type Duration, Stack } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';

const NAMESPACE = 'mayfly:metrics-namespace';

/**
 * Sets the metrics namespace of this Mayfly's functions, so that two Mayflies, in one stack or two, stay apart.
 * Call it before the construct has children.
 */
export function nameMetrics(mayfly: Construct): void {
  const stack = deployedStack(mayfly);
  const path = mayfly.node.path.slice(stack.node.path.length + 1).replace(/[^\w./#:-]/g, '-');
  mayfly.node.setContext(NAMESPACE, ['Mayfly', stack.stackName, ...(path === 'Mayfly' ? [] : [path])].join('/'));
}

/** The stack that is deployed by name: of nested stacks the outermost, as the others get their names at deployment. */
function deployedStack(scope: Construct): Stack {
  const stack = Stack.of(scope);
  return stack.nestedStackParent ? deployedStack(stack.nestedStackParent) : stack;
}

/** The metrics namespace of the Mayfly that contains this construct. */
export const metricsNamespace = (scope: Construct): string => String(scope.node.getContext(NAMESPACE));

export interface MetricSettings {
  readonly period: Duration;
  /** `Sum`, `Maximum`, `p99`, … */
  readonly statistic: string;
  readonly label?: string;
}

/** A metric of all functions together; docs/reference/metrics.md lists them. */
export const ownMetric = (scope: Construct, metricName: string, settings: MetricSettings): Metric =>
  new Metric({ namespace: metricsNamespace(scope), metricName, ...settings });

/** The same metric for each value of a dimension, as a search. For graphs only: alarms cannot use a search. */
export const ownMetricBy = (
  scope: Construct,
  metricName: string,
  dimension: string,
  settings: MetricSettings,
): MathExpression =>
  new MathExpression({
    expression: `SEARCH('{"${metricsNamespace(scope)}",${dimension}} MetricName="${metricName}"', '${settings.statistic}', ${settings.period.toSeconds()})`,
    usingMetrics: {},
    period: settings.period,
    label: settings.label ?? '',
  });

/** Percentage of the workloads judged in each period that were seen; no data where none was judged. */
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
