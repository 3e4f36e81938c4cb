import { Duration } from 'aws-cdk-lib';
import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import type { EventRoute } from './event-route.ts';
import type { MayflyTable } from './mayfly-table.ts';
import { coverageShare, ownMetric } from './own-metrics.ts';
import type { Reconciler } from './reconciler.ts';
import type { ResultStreams } from './result-streams.ts';
import type { TlsApi } from './tls-api.ts';

export interface AlarmsProps {
  readonly routes: readonly EventRoute[];
  readonly tlsApi: TlsApi;
  readonly streams: ResultStreams;
  readonly reconciler: Reconciler;
  readonly table: MayflyTable;
  /** Percent. */
  readonly coverageObjective: number;
}

interface Watch {
  readonly metric: IMetric;
  /** So many periods of the metric in a row, minutes where nothing else is said. */
  readonly periods: number;
  /** Whether no data at all is the trouble; else it is peace. */
  readonly whenSilent?: boolean;
  /** What has happened, for whom the alarm wakes. */
  readonly says: string;
  /** The heading of its section in docs/runbook.md. */
  readonly runbook: string;
}

/** The alarm goes off at a value and above, or below one. */
type Threshold = Watch & ({ readonly atLeast: number } | { readonly below: number });

const MINUTE = Duration.minutes(1);

/** What should wake somebody. Alarms have no action of their own: add one to each of `all`. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.all = [
      ...this.ofLives(props.coverageObjective),
      ...this.ofFleet(props.reconciler),
      ...this.ofReconciler(props.reconciler),
      ...props.routes.flatMap((route) => this.ofRoute(route)),
      ...this.ofTlsApi(props.tlsApi),
      ...[props.tlsApi, props.reconciler, ...props.routes].map((one) => this.ofThrottles(one)),
      ...this.ofQueues(),
      this.ofTable(props.table),
      ...this.ofStreams(props.streams),
    ];
  }

  private ofLives(objective: number): Alarm[] {
    return [
      this.alarm('Coverage', {
        metric: coverageShare(this, Duration.minutes(15)),
        below: objective,
        periods: 1,
        says: `Less than ${objective} % of the workloads judged in a quarter of an hour were seen`,
        runbook: 'Coverage',
      }),
      this.alarm('MttaBreached', {
        metric: ownMetric(this, 'MttaBreaches', { period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        says: 'An answer came later than the guaranteed bound',
        runbook: 'MTTA breached',
      }),
    ];
  }

  /** What a sweep counts is there once a sweep: shorter periods would be silent in between, which counts as good. */
  private ofFleet({ every }: Reconciler): Alarm[] {
    const counted = (name: string) => ownMetric(this, name, { period: every, statistic: Stats.MAXIMUM });
    return [
      this.alarm('HostsWithoutAgent', {
        metric: new MathExpression({
          expression: 'running - enrolled',
          usingMetrics: { running: counted('InstancesRunning'), enrolled: counted('InstancesEnrolled') },
          period: every,
          label: 'instances without an agent',
        }),
        atLeast: 1, // all of them: the one without osquery is the one that is broken into
        periods: 3,
        says: 'EC2 instances run, and no node enrolled from them',
        runbook: 'Hosts without an agent',
      }),
      this.alarm('AgentsSilent', {
        metric: counted('AgentsSilent'),
        atLeast: 1,
        periods: 3,
        says: 'Agents poll no longer while their instances run',
        runbook: 'Silent agents',
      }),
    ];
  }

  private ofReconciler({ fn, every }: Reconciler): Alarm[] {
    return [
      this.alarm('ReconcilerErrors', {
        metric: fn.metricErrors({ period: every, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 3, // one is made up for by the next sweep
        says: 'The reconciler fails',
        runbook: 'Reconciler',
      }),
      this.alarm('ReconcilerSilent', {
        metric: ownMetric(this, 'SweepsComplete', { period: every, statistic: Stats.SUM }),
        below: 1,
        periods: 15, // a very large account is swept in several parts
        whenSilent: true,
        says: 'No sweep of the reconciler has looked at everything for a long time: what no event told stays unknown',
        runbook: 'Reconciler',
      }),
    ];
  }

  private ofRoute(route: EventRoute): Alarm[] {
    return [
      this.alarm(`${route.node.id}DeadLetters`, {
        metric: route.deadLetters.metricApproximateNumberOfMessagesVisible({
          period: MINUTE,
          statistic: Stats.MAXIMUM,
        }),
        atLeast: 1,
        periods: 1,
        says: `Events of ${route.node.id} could not be delivered or handled`,
        runbook: 'Dead letters',
      }),
      this.alarm(`${route.node.id}OldestEvent`, {
        metric: route.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: Stats.MAXIMUM }),
        atLeast: route.lateAfter.toSeconds(),
        periods: 3,
        says: `Events of ${route.node.id} wait ${route.lateAfter.toSeconds()} s and more`,
        runbook: 'Oldest event',
      }),
    ];
  }

  private ofTlsApi({ api }: TlsApi): Alarm[] {
    return [
      this.alarm('TlsApiServerErrors', {
        // A share: one host that polls every 60 s makes four requests a minute while all of them fail.
        metric: new MathExpression({
          expression: '100 * errors / requests',
          usingMetrics: {
            errors: api.metricServerError({ statistic: Stats.SUM }),
            requests: api.metricCount({ statistic: Stats.SUM }),
          },
          period: MINUTE,
          label: '5xx, %',
        }),
        atLeast: 1, // percent
        periods: 3, // one is a cold start that met a deployment; agents repeat it by themselves
        says: 'The TLS API answers at least one request of agents in a hundred with 5xx',
        runbook: 'Server errors',
      }),
      this.alarm('TlsApiRefusals', {
        // The function itself answers 200 or 503: 4xx is the gateway's own, too large or throttled.
        metric: api.metricClientError({ period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        says: 'The gateway refused requests of agents; results too large for it are lost',
        runbook: 'Gateway refusals',
      }),
    ];
  }

  private ofThrottles({ node, fn }: Construct & { readonly fn: LambdaFunction }): Alarm {
    return this.alarm(`${node.id}Throttles`, {
      metric: fn.metricThrottles({ period: MINUTE, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 3,
      says: `Lambda refuses to run ${node.id} for want of concurrency`,
      runbook: 'Throttles',
    });
  }

  private ofQueues(): Alarm[] {
    return [
      this.alarm('QueriesWait', {
        metric: ownMetric(this, 'OldestWaiting', { period: MINUTE, statistic: Stats.MAXIMUM }),
        atLeast: 300_000, // ms: half of what a question about a task is good for; a cold host takes it within its interval
        periods: 3, // one host that was away for a while is done with it at its first polls
        says: 'Queries wait 5 minutes and more for hosts that do poll',
        runbook: 'Queries that wait',
      }),
      this.alarm('QueriesUnanswered', {
        metric: ownMetric(this, 'QueriesUnanswered', { period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        says: 'Agents took a query several times, polled on and never answered it',
        runbook: 'Queries without an answer',
      }),
    ];
  }

  private ofTable(table: MayflyTable): Alarm {
    return this.alarm('TableThrottles', {
      metric: table.metricThrottles(MINUTE),
      atLeast: 1,
      periods: 3, // a burst is over by then: the SDK tries again, and an on-demand table grows
      says: 'DynamoDB throttles the table or its index',
      runbook: 'Table throttles',
    });
  }

  private ofStreams({ streams }: ResultStreams): Alarm[] {
    return Object.entries(streams).map(([name, stream]) =>
      this.alarm(`${stream.node.id}Delivery`, {
        metric: new Metric({
          namespace: 'AWS/Firehose',
          metricName: 'DeliveryToS3.DataFreshness',
          dimensionsMap: { DeliveryStreamName: stream.ref },
          statistic: Stats.MAXIMUM,
          period: MINUTE,
        }),
        atLeast: 900, // seconds; usual is the buffer's 60. Firehose drops what it could not deliver for 24 h
        periods: 5,
        says: `Records of ${name}/ do not reach the bucket`,
        runbook: 'Results delivery',
      }),
    );
  }

  private alarm(id: string, threshold: Threshold): Alarm {
    const { metric, periods, whenSilent, says, runbook } = threshold;
    return new Alarm(this, id, {
      metric,
      ...('below' in threshold
        ? { threshold: threshold.below, comparisonOperator: ComparisonOperator.LESS_THAN_THRESHOLD }
        : {
            threshold: threshold.atLeast,
            comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
          }),
      evaluationPeriods: periods,
      treatMissingData: whenSilent ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
      alarmDescription: `${says}. Runbook: docs/runbook.md, "${runbook}"`,
    });
  }
}
