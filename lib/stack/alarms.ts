import { Duration } from 'aws-cdk-lib';
import { Alarm, ComparisonOperator, type IMetric, Metric, Stats, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import type { EventRoute } from './event-route.ts';
import type { ResultStreams } from './result-streams.ts';
import type { TlsApi } from './tls-api.ts';

export interface AlarmsProps {
  readonly routes: readonly EventRoute[];
  readonly tlsApi: TlsApi;
  readonly streams: ResultStreams;
}

interface Threshold {
  readonly metric: IMetric;
  /** The alarm goes off at this value and above. */
  readonly atLeast: number;
  /** Minutes in a row. */
  readonly minutes: number;
  /** What has happened, for whom the alarm wakes. */
  readonly says: string;
  /** The heading of its section in docs/runbook.md. */
  readonly runbook: string;
}

/** What should wake somebody. Alarms have no action of their own: add one to each of `all`. */
export class Alarms extends Construct {
  readonly all: readonly Alarm[];

  constructor(scope: Construct, id: string, props: AlarmsProps) {
    super(scope, id);
    this.all = [
      ...props.routes.flatMap((route) => this.ofRoute(route)),
      ...this.ofTlsApi(props.tlsApi),
      ...this.ofStreams(props.streams),
    ];
  }

  private ofRoute(route: EventRoute): Alarm[] {
    const period = Duration.minutes(1);
    return [
      this.alarm(`${route.node.id}DeadLetters`, {
        metric: route.deadLetters.metricApproximateNumberOfMessagesVisible({ period, statistic: Stats.MAXIMUM }),
        atLeast: 1,
        minutes: 1,
        says: `Events of ${route.node.id} could not be delivered or handled`,
        runbook: 'Dead letters',
      }),
      this.alarm(`${route.node.id}OldestEvent`, {
        metric: route.queue.metricApproximateAgeOfOldestMessage({ period, statistic: Stats.MAXIMUM }),
        atLeast: 60, // seconds: half the lives Mayfly is for have ended by then
        minutes: 3,
        says: `Events of ${route.node.id} wait a minute and more`,
        runbook: 'Oldest event',
      }),
    ];
  }

  private ofTlsApi({ api, fn }: TlsApi): Alarm[] {
    const period = Duration.minutes(1);
    return [
      this.alarm('TlsApiServerErrors', {
        metric: api.metricServerError({ period, statistic: Stats.SUM }),
        atLeast: 5, // one is a cold start that met a deployment; agents repeat it by themselves
        minutes: 3,
        says: 'The TLS API answers agents with 5xx',
        runbook: 'Server errors',
      }),
      this.alarm('TlsApiRefusals', {
        // The function itself answers 200 or 503: 4xx is the gateway's own, too large or throttled.
        metric: api.metricClientError({ period, statistic: Stats.SUM }),
        atLeast: 1,
        minutes: 1,
        says: 'The gateway refused requests of agents; results too large for it are lost',
        runbook: 'Gateway refusals',
      }),
      this.alarm('TlsApiThrottles', {
        metric: fn.metricThrottles({ period, statistic: Stats.SUM }),
        atLeast: 1,
        minutes: 3,
        says: 'Lambda refuses polls for want of concurrency',
        runbook: 'Throttles',
      }),
    ];
  }

  private ofStreams({ streams }: ResultStreams): Alarm[] {
    return Object.entries(streams).map(([name, stream]) =>
      this.alarm(`${stream.node.id}Delivery`, {
        metric: new Metric({
          namespace: 'AWS/Firehose',
          metricName: 'DeliveryToS3.DataFreshness',
          dimensionsMap: { DeliveryStreamName: stream.ref },
          statistic: Stats.MAXIMUM,
          period: Duration.minutes(1),
        }),
        atLeast: 900, // seconds; usual is the buffer's 60. Firehose drops what it could not deliver for 24 h
        minutes: 5,
        says: `Records of ${name}/ do not reach the bucket`,
        runbook: 'Results delivery',
      }),
    );
  }

  private alarm(id: string, { metric, atLeast, minutes, says, runbook }: Threshold): Alarm {
    return new Alarm(this, id, {
      metric,
      threshold: atLeast,
      evaluationPeriods: minutes,
      comparisonOperator: ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: TreatMissingData.NOT_BREACHING,
      alarmDescription: `${says}. Runbook: docs/runbook.md, "${runbook}"`,
    });
  }
}
