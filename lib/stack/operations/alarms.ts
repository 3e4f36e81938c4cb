import {
  Alarm,
  ComparisonOperator,
  type IMetric,
  MathExpression,
  Metric,
  Stats,
  TreatMissingData,
} from 'aws-cdk-lib/aws-cloudwatch';
import type { IQueue } from 'aws-cdk-lib/aws-sqs';
import { Duration } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { EventRoute } from '../events/event-route.ts';
import type { Reconciler } from '../events/reconciler.ts';
import type { ServiceFront } from '../front/service-front.ts';
import type { TlsApi } from '../front/tls-api.ts';
import { coverageShare, ownMetric } from '../functions/own-metrics.ts';
import type { ResultStreams } from '../results/result-streams.ts';
import type { MayflyTable } from '../table/mayfly-table.ts';

/** The parts of a Mayfly that alarms and dashboard watch. */
export interface Watched {
  readonly routes: readonly EventRoute[];
  readonly deadLetters: IQueue;
  readonly front: TlsApi | ServiceFront;
  readonly streams: ResultStreams;
  readonly reconciler: Reconciler;
  readonly table: MayflyTable;
}

export interface AlarmsProps extends Watched {
  /** Percent. */
  readonly coverageObjective: number;
}

interface Watch {
  readonly metric: IMetric;
  /** Consecutive periods of the metric; a period is one minute unless the metric says otherwise. */
  readonly periods: number;
  /** Whether missing data means a problem. @default false */
  readonly whenSilent?: boolean;
  /** What happened, for the person on call. */
  readonly problem: string;
  /** Heading of the section in docs/runbook.md. */
  readonly runbook: string;
}

/** The alarm fires at or above a value, or below one. */
type Threshold = Watch & ({ readonly atLeast: number } | { readonly below: number });

const MINUTE = Duration.minutes(1);

/** All alarms, without actions; `AlarmTopic` adds them. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.all = [
      ...this.ofWorkloads(props.coverageObjective),
      ...this.ofFleet(props.reconciler),
      ...this.ofReconciler(props.reconciler),
      this.ofDeadLetters(props.deadLetters),
      ...props.routes.map((route) => this.ofRoute(route)),
      ...this.ofFront(props.front),
      ...this.ofQueues(props.front),
      this.ofTable(props.table),
      ...this.ofStreams(props.streams),
    ];
  }

  private ofWorkloads(objective: number): Alarm[] {
    return [
      this.alarm('Coverage', {
        metric: coverageShare(this, Duration.minutes(15)),
        below: objective,
        periods: 1,
        problem: `Less than ${objective} % of the workloads judged in 15 minutes were seen`,
        runbook: 'Coverage',
      }),
      this.alarm('MttaBreached', {
        metric: ownMetric(this, 'MttaBreaches', { period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        problem: 'An answer came later than its guaranteed bound',
        runbook: 'MTTA breached',
      }),
    ];
  }

  /** Each sweep writes these metrics once, unless they are zero. Missing data counts as healthy. */
  private ofFleet({ every }: Reconciler): Alarm[] {
    const counted = (name: string) => ownMetric(this, name, { period: every, statistic: Stats.MAXIMUM });
    return [
      this.alarm('HostsWithoutAgent', {
        metric: counted('InstancesWithoutAgent'),
        atLeast: 1, // one host without osquery is enough for an attacker
        periods: 3,
        problem: 'EC2 instances run from which no node has enrolled',
        runbook: 'Hosts without an agent',
      }),
      this.alarm('AgentsSilent', {
        metric: counted('AgentsSilent'),
        atLeast: 1,
        periods: 3,
        problem: 'Agents stopped polling while their instances run',
        runbook: 'Silent agents',
      }),
    ];
  }

  private ofReconciler({ fn, every }: Reconciler): Alarm[] {
    return [
      this.alarm('ReconcilerErrors', {
        metric: fn.metricErrors({ period: every, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 3, // the next sweep makes up for one failure
        problem: 'The reconciler fails',
        runbook: 'Reconciler',
      }),
      this.alarm('ReconcilerSilent', {
        metric: ownMetric(this, 'SweepsComplete', { period: every, statistic: Stats.SUM }),
        below: 1,
        periods: 15, // a very large account takes several sweeps
        whenSilent: true,
        problem:
          'The reconciler has not completed a sweep for a long time: workloads whose events were lost stay unknown',
        runbook: 'Reconciler',
      }),
    ];
  }

  private ofDeadLetters(queue: IQueue): Alarm {
    return this.alarm('DeadLetters', {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: MINUTE, statistic: Stats.MAXIMUM }),
      atLeast: 1,
      periods: 1,
      problem: 'Events could not be delivered or handled',
      runbook: 'Dead letters',
    });
  }

  private ofRoute(route: EventRoute): Alarm {
    return this.alarm(`${route.node.id}OldestEvent`, {
      metric: route.queue.metricApproximateAgeOfOldestMessage({ period: MINUTE, statistic: Stats.MAXIMUM }),
      atLeast: route.lateAfter.toSeconds(),
      periods: 3, // also when its function is throttled or fails
      problem: `Events of ${route.node.id} have waited for ${route.lateAfter.toSeconds()} s or more`,
      runbook: 'Oldest event',
    });
  }

  private ofFront(front: TlsApi | ServiceFront): Alarm[] {
    return front.kind === 'service' ? this.ofService(front) : [...this.ofTlsApi(front), this.ofThrottles(front)];
  }

  private ofService(front: ServiceFront): Alarm[] {
    const own = (name: string) => ownMetric(this, name, { period: MINUTE, statistic: Stats.SUM });
    return [
      this.alarm('FrontServerErrors', {
        metric: new MathExpression({
          expression: '100 * (FILL(tasks, 0) + FILL(balancer, 0)) / requests',
          usingMetrics: { ...front.metricsServerErrors(MINUTE), requests: front.metricRequests(MINUTE) },
          period: MINUTE,
          label: '5xx, %',
        }),
        atLeast: 1, // percent
        periods: 3,
        problem: 'The long-poll front answers at least 1 % of agent requests with 5xx',
        runbook: 'Server errors',
      }),
      this.alarm('FrontUnhealthy', {
        metric: front.metricUnhealthy(MINUTE),
        atLeast: 1,
        periods: 5, // a deployment replaces tasks within minutes
        problem: 'A task of the long-poll front fails its health checks',
        runbook: 'Front tasks',
      }),
      this.alarm('FrontRefusals', {
        metric: own('BodiesTooLarge'),
        atLeast: 1,
        periods: 1,
        problem: 'The front refused bodies of more than 10 MB; the results in them are lost',
        runbook: 'Gateway refusals',
      }),
      this.alarm('HintsUnreadable', {
        metric: own('HintsUnreadable'),
        atLeast: 1,
        periods: 2,
        problem: 'The long-poll front cannot read hints: queries wait for up to 12 s',
        runbook: 'Front tasks',
      }),
    ];
  }

  private ofTlsApi({ api }: TlsApi): Alarm[] {
    return [
      this.alarm('TlsApiServerErrors', {
        // A share, not a count: one host that polls every 60 s sends four requests a minute while all of them fail.
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
        periods: 3, // a deployment can fail a cold start once; agents try again
        problem: 'The TLS API answers at least 1 % of agent requests with 5xx',
        runbook: 'Server errors',
      }),
      this.alarm('TlsApiRefusals', {
        // The function only answers 200 or 503, so a 4xx comes from the gateway: body too large, or throttled.
        metric: api.metricClientError({ period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        problem: 'The gateway refused agent requests; results that are too large for it are lost',
        runbook: 'Gateway refusals',
      }),
    ];
  }

  /**
   * Only polls: throttled events raise the age of the oldest event, and a throttled reconciler completes no sweep.
   */
  private ofThrottles({ node, fn }: TlsApi): Alarm {
    return this.alarm(`${node.id}Throttles`, {
      metric: fn.metricThrottles({ period: MINUTE, statistic: Stats.SUM }),
      atLeast: 1,
      periods: 3,
      problem: `Lambda throttles ${node.id}: no concurrency is left`,
      runbook: 'Throttles',
    });
  }

  private ofQueues({ kind }: TlsApi | ServiceFront): Alarm[] {
    // Half the expiry of a task's queries; even a cold host polls within its interval. A held read ends after 12 s.
    const waits = kind === 'service' ? Duration.minutes(1) : Duration.minutes(5);
    return [
      this.alarm('QueriesWait', {
        metric: ownMetric(this, 'OldestWaiting', { period: MINUTE, statistic: Stats.MAXIMUM }),
        atLeast: waits.toMilliseconds(),
        periods: 3, // a host that was away drains its queue with its first polls
        problem: `Queries have waited for ${waits.toHumanString()} or more for hosts that poll`,
        runbook: 'Queries that wait',
      }),
      this.alarm('QueriesUnanswered', {
        metric: ownMetric(this, 'QueriesUnanswered', { period: MINUTE, statistic: Stats.SUM }),
        atLeast: 1,
        periods: 1,
        problem: 'Agents received a query several times, kept polling and never answered it',
        runbook: 'Queries without an answer',
      }),
    ];
  }

  private ofTable(table: MayflyTable): Alarm {
    return this.alarm('TableThrottles', {
      metric: table.metricThrottles(MINUTE),
      atLeast: 1,
      periods: 3, // shorter bursts resolve themselves: the SDK retries, and an on-demand table scales
      problem: 'DynamoDB throttles the table or its index',
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
        atLeast: 900, // seconds; normal is 60, the buffer interval. Firehose drops records that it cannot deliver for 24 h
        periods: 5,
        problem: `Records of ${name}/ do not reach the bucket`,
        runbook: 'Results delivery',
      }),
    );
  }

  private alarm(id: string, threshold: Threshold): Alarm {
    const { metric, periods, whenSilent, problem, runbook } = threshold;
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
      alarmDescription: `${problem}. Runbook: docs/runbook.md, "${runbook}"`,
    });
  }
}
