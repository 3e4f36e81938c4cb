import type prices from './prices.json';
import { HOURS, type Usage } from './usage.ts';

export type Prices = typeof prices;

/** A line of the bill. */
export interface Line {
  readonly service: string;
  readonly what: string;
  readonly dollars: number; // a month
}

/**
 * The parts of an idle stack that cost by the month. CloudWatch bills an alarm for each metric it reads; a stack test compares
 * their numbers with the template. Free tiers are left out, except that the dashboard is taken to be one of the account's
 * first three, which are free with up to 50 metrics each.
 */
export const STANDING = { alarmMetrics: 25, dashboardMetrics: 49, secrets: 2 } as const;

/** vCPU and GB of one task of the long-poll front. */
const FRONT_TASK = { vcpu: 0.5, gb: 1 } as const;
const million = (count: number): number => count / 1e6;

/** The bill for a usage; lines that are zero are left out. */
export function billOf(usage: Usage, prices: Prices): readonly Line[] {
  const { lambda, dynamodb, sqs, firehose, s3, logs, cloudwatch, secrets, fargateArm, loadBalancer } = prices;
  const taskHour = FRONT_TASK.vcpu * fargateArm.perVcpuHour + FRONT_TASK.gb * fargateArm.perGbHour;
  const units = Math.max(
    usage.connections / loadBalancer.connectionsPerUnit,
    usage.servedGb / HOURS / loadBalancer.gbPerUnitHour,
  );
  const balancerHours = usage.frontHours > 0 ? HOURS : 0;
  const lines: readonly Line[] = [
    { service: 'API Gateway', what: 'requests', dollars: tiered(million(usage.gatewayRequests), prices) },
    { service: 'Fargate', what: 'long-poll front', dollars: usage.frontHours * taskHour },
    {
      service: 'Load balancer',
      what: 'hours and capacity',
      dollars: balancerHours * (loadBalancer.perHour + units * loadBalancer.perCapacityUnitHour),
    },
    { service: 'Lambda', what: 'requests', dollars: million(usage.invocations) * lambda.perMillionRequests },
    { service: 'Lambda', what: 'GB-seconds', dollars: usage.gbSeconds * lambda.perGbSecond },
    { service: 'DynamoDB', what: 'reads', dollars: million(usage.readUnits) * dynamodb.perMillionReadUnits },
    { service: 'DynamoDB', what: 'writes', dollars: million(usage.writeUnits) * dynamodb.perMillionWriteUnits },
    { service: 'SQS', what: 'requests', dollars: million(usage.queueRequests) * sqs.perMillionRequests },
    { service: 'Firehose', what: 'lines', dollars: usage.streamedGb * firehose.perGb },
    { service: 'S3', what: 'one month of lines', dollars: usage.storedGb * s3.perGbMonth },
    { service: 'CloudWatch', what: 'logs', dollars: usage.loggedGb * logs.perGb },
    { service: 'CloudWatch', what: 'alarms', dollars: STANDING.alarmMetrics * cloudwatch.perAlarmMetric },
    { service: 'CloudWatch', what: 'metrics', dollars: usage.metrics * cloudwatch.perMetric },
    {
      service: 'CloudWatch',
      what: 'dashboard',
      dollars: STANDING.dashboardMetrics > cloudwatch.metricsOnFreeDashboard ? cloudwatch.perDashboard : 0,
    },
    { service: 'Secrets Manager', what: 'secrets', dollars: STANDING.secrets * secrets.perSecret },
  ];
  return lines.filter(({ dollars }) => dollars > 0);
}

export const totalOf = (lines: readonly Line[]): number => lines.reduce((sum, { dollars }) => sum + dollars, 0);

/** API Gateway's price for a request falls with their number, in steps. */
function tiered(millions: number, { apiGateway }: Prices): number {
  let dollars = 0;
  let counted = 0;
  for (const { upToMillions = Infinity, price } of apiGateway.perMillionRequests) {
    const inTier = Math.max(0, Math.min(millions, upToMillions) - counted);
    dollars += inTier * price;
    counted += inTier;
  }
  return dollars;
}
