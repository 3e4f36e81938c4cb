import {
  type Alarm,
  AlarmStatusWidget,
  Dashboard as CloudWatchDashboard,
  Color,
  GraphWidget,
  type IMetric,
  type IWidget,
  Metric,
  Stats,
} from 'aws-cdk-lib/aws-cloudwatch';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EventRoute } from '../events/event-route.ts';
import type { Reconciler } from '../events/reconciler.ts';
import type { ServiceFront } from '../front/service-front.ts';
import type { TlsApi } from '../front/tls-api.ts';
import { coverageShare, ownMetric, ownMetricBy } from '../functions/own-metrics.ts';
import type { Watched } from './alarms.ts';

export interface DashboardProps extends Watched {
  readonly alarms: readonly Alarm[];
}

const PERIOD = Duration.minutes(5);
/** Columns of the dashboard. */
const WHOLE = 24;
/** The maximum comes first, because the guaranteed bound applies to it. */
const PERCENTILES = [Stats.MAXIMUM, 'p50'] as const;
const STAGES = {
  EventToReceived: 'event → received',
  ReceivedToQueued: 'received → queued',
  QueuedToDelivered: 'queued → delivered',
  DeliveredToAnswered: 'delivered → answered',
  AnsweredToStored: 'answered → stored',
} as const;

const TROUBLE = [
  ...['RequestsFailed', 'EventsFailed', 'EventsMalformed', 'EnrollmentsRefused', 'BodiesQuarantined'],
  ...['QueriesDropped', 'QueriesRefused', 'QueriesUnanswered', 'RulesWithoutHost', 'PolicyRefreshesFailed'],
];

/**
 * The dashboard, in rows: alarms, verdicts, time to answer and its stages, queues, reconciler and fleet, cost. It shows at most 50
 * metrics: with more it would not be free as one of the account's first three.
 */
export class Dashboard extends Construct {
  readonly name: string;

  constructor(scope: Construct, id: string, props: DashboardProps) {
    super(scope, id);
    const dashboard = new CloudWatchDashboard(this, 'Dashboard', {
      defaultInterval: Duration.hours(24),
      widgets: [
        [new AlarmStatusWidget({ title: 'Alarms', alarms: [...props.alarms], width: WHOLE, height: 4 })],
        this.verdicts(),
        this.answers(props.front),
        this.queues(props),
        this.reconciler(props.reconciler),
        this.costs(props),
      ],
    });
    this.name = dashboard.dashboardName;
  }

  private verdicts(): IWidget[] {
    return row(
      graph('Coverage', [coverageShare(this, PERIOD)], { min: 0, max: 100 }),
      graph('Verdicts', [this.by('Verdicts', 'Verdict', Stats.SUM)]),
      graph('Misses by reason', [this.by('Verdicts', 'Reason', Stats.SUM)]),
    );
  }

  private answers(front: TlsApi | ServiceFront): IWidget[] {
    return row(
      this.timeToAnswer(front),
      graph('Longest time to answer, by rule', [this.by('TimeToAnswer', 'Rule', Stats.MAXIMUM)]),
      graph(
        'Longest stages',
        Object.entries(STAGES).map(([metric, title]) => this.own(metric, Stats.MAXIMUM, title)),
      ),
      graph('MTTA breaches', [this.own('MttaBreaches', Stats.SUM)]),
    );
  }

  /** Profiles set the bound behind the REST API, and change without a deployment. Behind the long-poll front it is fixed. */
  private timeToAnswer(front: TlsApi | ServiceFront): (width: number) => IWidget {
    const metrics = this.percentiles('TimeToAnswer');
    if (front.kind === 'serverless') return graph('Time to answer', metrics);
    return (width) =>
      new GraphWidget({
        title: 'Time to answer',
        left: metrics,
        leftYAxis: { min: 0, showUnits: false },
        leftAnnotations: [{ value: front.boundMs, label: 'guaranteed bound', color: Color.RED }],
        width,
        period: PERIOD,
      });
  }

  private queues({ routes, deadLetters }: DashboardProps): IWidget[] {
    const of = (route: EventRoute) => ({ period: PERIOD, statistic: Stats.MAXIMUM, label: route.node.id });
    return row(
      graph(
        'Oldest event, s',
        routes.map((route) => route.queue.metricApproximateAgeOfOldestMessage(of(route))),
      ),
      graph('Dead letters', [
        deadLetters.metricApproximateNumberOfMessagesVisible({ period: PERIOD, statistic: Stats.MAXIMUM }),
      ]),
      graph('Pending queries of a host', [this.own('QueriesWaiting', Stats.MAXIMUM, 'most')]),
      graph('Longest wait for a poll', [this.own('OldestWaiting', Stats.MAXIMUM, 'ms')]),
      graph(
        'Refused, dropped, failed',
        TROUBLE.map((metric) => this.own(metric, Stats.SUM)),
      ),
    );
  }

  private reconciler({ fn }: Reconciler): IWidget[] {
    return row(
      graph('Found by the reconciler', [this.own('WorkloadsFound', Stats.SUM, 'workloads whose events were lost')]),
      graph('Sweeps', [fn.metricDuration({ period: PERIOD, statistic: Stats.MAXIMUM, label: 'ms' })]),
      graph('Fleet', [
        this.own('InstancesRunning', Stats.MAXIMUM, 'running'),
        this.own('InstancesWithoutAgent', Stats.MAXIMUM, 'without an agent'),
        this.own('AgentsSilent', Stats.MAXIMUM, 'silent'),
      ]),
      graph('Fleet issues opened', [this.by('FleetIssuesOpened', 'Kind', Stats.SUM)]),
    );
  }

  /** What drives the bill. */
  private costs({ routes, front, streams, reconciler, table }: DashboardProps): IWidget[] {
    const own = front.kind === 'serverless' ? [front.fn] : [];
    const functions = [...own, reconciler.fn, ...routes.map(({ fn }) => fn)];
    return row(
      this.requests(front),
      graph(
        'Invocations',
        functions.map((fn) => fn.metricInvocations({ period: PERIOD, label: fn.node.scope?.node.id ?? '' })),
      ),
      graph('DynamoDB', table.metricsConsumed(PERIOD)),
      graph('Firehose, bytes', [
        bytes('AWS/Firehose', 'IncomingBytes', { DeliveryStreamName: streams.streams.results.ref }, 'results'),
      ]),
      graph('ECS calls of the reconciler', [this.own('EcsCalls', Stats.SUM)]),
    );
  }

  private requests(front: TlsApi | ServiceFront): (width: number) => IWidget {
    if (front.kind === 'serverless')
      return graph('API Gateway requests', [front.api.metricCount({ period: PERIOD, statistic: Stats.SUM })]);
    return graph('Long-poll front', [
      front.metricRequests(PERIOD).with({ label: 'requests' }),
      this.own('ReadsHeld', Stats.MAXIMUM, 'held by one task, at most'),
    ]);
  }

  private own(name: string, statistic: string, label?: string): Metric {
    return ownMetric(this, name, { period: PERIOD, statistic, label });
  }

  private by(name: string, dimension: string, statistic: string): IMetric {
    return ownMetricBy(this, name, dimension, { period: PERIOD, statistic });
  }

  private percentiles(name: string): Metric[] {
    return PERCENTILES.map((statistic) => this.own(name, statistic, statistic === Stats.MAXIMUM ? 'max' : statistic));
  }
}

/** Widgets side by side, of equal width. */
const row = (...titled: ((width: number) => IWidget)[]): IWidget[] =>
  titled.map((widget) => widget(Math.floor(WHOLE / titled.length)));

const graph =
  (title: string, left: IMetric[], leftYAxis: { min?: number; max?: number } = { min: 0 }) =>
  (width: number): IWidget =>
    new GraphWidget({ title, left, leftYAxis: { ...leftYAxis, showUnits: false }, width, period: PERIOD });

const bytes = (namespace: string, metricName: string, dimensionsMap: Record<string, string>, label: string): Metric =>
  new Metric({ namespace, metricName, dimensionsMap, label, statistic: Stats.SUM, period: PERIOD });
