import { MetricUnit } from '@aws-lambda-powertools/metrics';

type Unit = (typeof MetricUnit)[keyof typeof MetricUnit];

/** What an event adds to metrics. */
export interface EventMetrics {
  /** Metric → its unit and the field with its value; without a field each event counts 1, a field that is null none. */
  readonly values: Readonly<Record<string, { readonly unit: Unit; readonly field?: string }>>;
  /** Sets of fields whose values are dimensions, `rule` as `Rule`; a set with an empty one is left out. @default [[]] */
  readonly by?: readonly (readonly string[])[];
  /** Whether the metrics' own line takes the place of the event's. */
  readonly isLine?: boolean;
}

const counts = (metric: string, by?: EventMetrics['by']): EventMetrics => ({
  values: { [metric]: { unit: MetricUnit.Count } },
  ...(by ? { by } : {}),
});

const measures = (unit: Unit, fields: Readonly<Record<string, string>>): EventMetrics['values'] =>
  Object.fromEntries(Object.entries(fields).map(([metric, field]) => [metric, { unit, field }]));

/** Event → metrics: whatever was refused, dropped or failed is counted; queues, answers, verdicts, fleet and sweeps are measured. */
export const EVENT_METRICS: Readonly<Record<string, EventMetrics>> = {
  request_failed: counts('RequestsFailed'),
  enroll_refused: { ...counts('EnrollmentsRefused'), isLine: true }, // a stranger's request is worth one short line
  host_identifier_shared: counts('HostIdentifiersShared'),
  body_quarantined: counts('BodiesQuarantined'),
  event_failed: counts('EventsFailed'),
  event_ignored: counts('EventsIgnored'),
  event_malformed: counts('EventsMalformed'),
  query_refused: { values: measures(MetricUnit.Count, { QueriesRefused: 'count' }) },
  query_dropped: { values: measures(MetricUnit.Count, { QueriesDropped: 'count' }) },
  query_unanswered: counts('QueriesUnanswered', [[], ['host', 'rule', 'query']]),
  rule_without_host: counts('RulesWithoutHost'),
  fan_out_limited: counts('FanOutsLimited'),
  policy_refresh_failed: counts('PolicyRefreshesFailed'),
  mtta_breached: counts('MttaBreaches'),
  finding_opened: counts('FindingsOpened', [['kind']]),
  queries_delivered: {
    values: {
      ...measures(MetricUnit.Count, { QueriesWaiting: 'waiting' }),
      ...measures(MetricUnit.Milliseconds, { OldestWaiting: 'longestWaitMs' }),
    },
  },
  answer_timed: {
    values: measures(MetricUnit.Milliseconds, {
      EventToReceived: 'eventToReceivedMs',
      ReceivedToQueued: 'receivedToQueuedMs',
      QueuedToDelivered: 'queuedToDeliveredMs',
      DeliveredToAnswered: 'deliveredToAnsweredMs',
      AnsweredToStored: 'answeredToStoredMs',
      TimeToAnswer: 'timeToAnswerMs',
    }),
    by: [[], ['rule'], ['cluster'], ['rule', 'cluster']],
    isLine: true,
  },
  verdicts_told: {
    values: measures(MetricUnit.Count, { Verdicts: 'count' }),
    by: [['verdict'], ['reason'], ['cluster', 'verdict']],
    isLine: true,
  },
  review_done: { values: measures(MetricUnit.Count, { Judged: 'judged', Covered: 'covered' }), isLine: true },
  fleet_counted: {
    values: measures(MetricUnit.Count, {
      InstancesRunning: 'running',
      InstancesEnrolled: 'enrolled',
      AgentsSilent: 'silent',
    }),
    isLine: true,
  },
  sweep_done: {
    values: {
      ...measures(MetricUnit.Count, { WorkloadsFound: 'found', EcsCalls: 'ecsCalls', SweepsComplete: 'complete' }),
      ...measures(MetricUnit.Milliseconds, { SweepDuration: 'durationMs' }),
    },
  },
};
