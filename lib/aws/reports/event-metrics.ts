import type { MetricUnit } from '@aws-lambda-powertools/metrics';
import type { EventName, FieldsOf } from '../../core/reports/log-events.ts';

type FieldName<E extends EventName> = keyof FieldsOf<E> & string;

interface MetricOf<Field extends string> {
  readonly unit: typeof MetricUnit.Count | typeof MetricUnit.Milliseconds;
  /** The field that holds the value; null there means no value. @default - each event counts 1 */
  readonly field?: Field;
  /** Smaller values are not written, because CloudWatch bills each hour in which a metric is written. @default - all are */
  readonly atLeast?: number;
  /** What it counts or measures, if the names of event and metric do not make it clear. */
  readonly meaning?: string;
}

/** The metrics that an event adds to. */
export interface EventMetrics<Field extends string = string> {
  /** By the metric's name. */
  readonly values: Readonly<Record<string, MetricOf<Field>>>;
  /** Sets of fields whose values are dimensions, `rule` as `Rule`; a set with an empty value is left out. @default [[]] */
  readonly by?: readonly (readonly Field[])[];
  /** Whether the metrics' own line takes the place of the event's. */
  readonly isLine?: boolean;
}

const one = { unit: 'Count' } as const;

/** Everything refused, dropped or failed is counted; queues, answers, verdicts, fleet and sweeps are measured. */
export const EVENT_METRICS: { readonly [E in EventName]?: EventMetrics<FieldName<E>> } = {
  answer_timed: {
    values: {
      EventToReceived: {
        unit: 'Milliseconds',
        field: 'eventToReceivedMs',
        meaning:
          "from the event, by AWS's clock, until a function received it. A task's first answer counts from the first event about the task, in every stage",
      },
      ReceivedToQueued: {
        unit: 'Milliseconds',
        field: 'receivedToQueuedMs',
        meaning: 'until the query waited for the host',
      },
      QueuedToDelivered: {
        unit: 'Milliseconds',
        field: 'queuedToDeliveredMs',
        meaning: 'until the agent received the query, for the last time if it received it more than once',
      },
      DeliveredToAnswered: {
        unit: 'Milliseconds',
        field: 'deliveredToAnsweredMs',
        meaning: 'until the answer arrived',
      },
      AnsweredToStored: {
        unit: 'Milliseconds',
        field: 'answeredToStoredMs',
        meaning: 'until its rows were durable',
      },
      TimeToAnswer: { unit: 'Milliseconds', field: 'timeToAnswerMs', meaning: 'from the event to the answer' },
    },
    by: [[], ['rule'], ['cluster'], ['rule', 'cluster']],
    isLine: true,
  },
  queries_delivered: {
    values: {
      QueriesWaiting: {
        unit: 'Count',
        field: 'waiting',
        meaning: 'how many queries waited for a host when it polled. The log has them by host',
      },
      OldestWaiting: { unit: 'Milliseconds', field: 'longestWaitMs', meaning: 'how long the oldest of them waited' },
    },
  },
  mtta_breached: {
    values: {
      MttaBreaches: { ...one, meaning: "tasks whose first answer came too late, and instances' last gasps that did" },
    },
  },
  verdicts_recorded: {
    values: { Verdicts: { unit: 'Count', field: 'count', meaning: 'only misses have a `Reason`' } },
    by: [['verdict'], ['reason'], ['cluster', 'verdict']],
    isLine: true,
  },
  review_done: {
    values: {
      Judged: {
        unit: 'Count',
        field: 'judged',
        meaning:
          'workloads with a first verdict that an agent could and should have seen. Workloads that never started, ignored ones, and tasks without a container instance (Fargate) do not count',
      },
      Covered: {
        unit: 'Count',
        field: 'covered',
        meaning:
          'those of them that were seen, alive or post-mortem. Coverage is 100 × `Covered` ÷ `Judged` over any period',
      },
    },
    isLine: true,
  },
  fleet_counted: {
    values: {
      InstancesRunning: {
        unit: 'Count',
        field: 'running',
        atLeast: 1,
        meaning: 'instances that should have an agent by now',
      },
      InstancesWithoutAgent: {
        unit: 'Count',
        field: 'withoutAgent',
        atLeast: 1,
        meaning: 'those of them that have none',
      },
      AgentsSilent: {
        unit: 'Count',
        field: 'silent',
        atLeast: 1,
        meaning: 'instances with a node whose agent stopped polling',
      },
    },
    isLine: true,
  },
  fleet_issue_opened: { values: { FleetIssuesOpened: one }, by: [['kind']] },
  sweep_done: {
    values: {
      WorkloadsFound: { unit: 'Count', field: 'found', atLeast: 1, meaning: 'workloads without any earlier event' },
      EcsCalls: {
        unit: 'Count',
        field: 'ecsCalls',
        atLeast: 10,
        meaning: "calls from the account's shared ECS buckets, of sweeps that made ten or more",
      },
      SweepsComplete: { unit: 'Count', field: 'complete' },
    },
  },
  front_measured: {
    values: {
      ReadsHeld: { unit: 'Count', field: 'held', meaning: 'reads that one process of the long-poll front holds' },
      Connections: { unit: 'Count', field: 'connections', meaning: 'of one process of the long-poll front' },
      AgentRequests: { unit: 'Count', field: 'requests', meaning: 'to the long-poll front' },
      ClientsRefused: {
        unit: 'Count',
        field: 'refused',
        meaning: 'connections and requests of addresses with too many that had not shown a valid node key',
      },
      BodiesTooLarge: { unit: 'Count', field: 'tooLarge', meaning: 'results in them are lost' },
    },
    isLine: true,
  },
  hints_unreadable: { values: { HintsUnreadable: one } },
  request_failed: { values: { RequestsFailed: one } },
  enroll_refused: { values: { EnrollmentsRefused: one }, isLine: true }, // one short line, because anyone can send such requests
  host_identifier_shared: { values: { HostIdentifiersShared: one } },
  body_quarantined: { values: { BodiesQuarantined: one } },
  event_failed: { values: { EventsFailed: one } },
  event_ignored: { values: { EventsIgnored: one } },
  event_malformed: { values: { EventsMalformed: one } },
  query_refused: { values: { QueriesRefused: { unit: 'Count', field: 'count' } } },
  query_dropped: { values: { QueriesDropped: { unit: 'Count', field: 'count' } } },
  query_unanswered: {
    values: {
      QueriesUnanswered: { ...one, meaning: 'queries that an agent received and, while it polled on, never answered' },
    },
    by: [[], ['host', 'rule', 'query']],
  },
  rule_without_host: { values: { RulesWithoutHost: one } },
  fan_out_limited: { values: { FanOutsLimited: one } },
  policy_refresh_failed: { values: { PolicyRefreshesFailed: one } },
};
