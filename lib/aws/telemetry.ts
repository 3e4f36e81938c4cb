import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { Report } from '../core/report.ts';

/** What is counted besides being logged: whatever was refused, dropped or failed. Event → metric. */
const COUNTED: Readonly<Record<string, string>> = {
  request_failed: 'RequestsFailed',
  enroll_refused: 'EnrollmentsRefused',
  host_identifier_shared: 'HostIdentifiersShared',
  body_quarantined: 'BodiesQuarantined',
  event_failed: 'EventsFailed',
  query_refused: 'QueriesRefused',
  query_dropped: 'QueriesDropped',
  rule_without_host: 'RulesWithoutHost',
  fan_out_limited: 'FanOutsLimited',
  policy_refresh_failed: 'PolicyRefreshesFailed',
};

/** One JSON line an event, and for what is counted a metric in CloudWatch's embedded format, both to standard output. */
export function telemetry(): Report {
  const logger = new Logger();
  const metrics = new Metrics();
  return (event, fields) => {
    logger.info(event, fields);
    const name = COUNTED[event];
    if (name) metrics.singleMetric().addMetric(name, MetricUnit.Count, 1);
  };
}
