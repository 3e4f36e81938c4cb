import type { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import { Construct } from 'constructs';
import { Variable } from './environment.ts';
import type { Runner } from './runner.ts';

export interface MayflyTableProps {
  readonly removalPolicy: RemovalPolicy;
}

const BY_DAY = 'byDay';

/**
 * The table: nodes, pending queries, deliveries, aliases and the ledger (docs/decisions/0002-one-table-design.md).
 * A grant gives a function the permission and the table's name together.
 */
export class MayflyTable extends Construct {
  private readonly table: Table; // its id must never change: a new id replaces the table

  constructor(scope: Construct, id: string, props: MayflyTableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt', // epoch seconds; TTL deletes late, so readers check expiry themselves
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.removalPolicy,
    });
    // Lists workloads by the time of their first event, for people and for the review. Only ledger rows have its keys, which
    // never change: one write a workload.
    this.table.addGlobalSecondaryIndex({
      indexName: BY_DAY,
      partitionKey: { name: 'day', type: AttributeType.STRING },
      sortKey: { name: 'firstReceivedAtMs', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** Lets `fn` serve agents: enroll nodes, drain queries, settle deliveries and ledger. */
  grantServeAgents(fn: Runner): void {
    this.grant(fn, 'BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem');
  }

  /** Lets `fn` handle events: write ledger, aliases and pending queries. */
  grantRecordEvents(fn: Runner): void {
    this.grant(fn, 'BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem');
  }

  /** Lets `fn` list workloads by time, for the review of verdicts. No other function may. */
  grantReview(fn: Runner): void {
    Grant.addToPrincipal({
      grantee: fn,
      actions: ['dynamodb:Query'],
      resourceArns: [`${this.table.tableArn}/index/${BY_DAY}`],
    });
  }

  /** Throttled requests: reads and writes of the table, and writes of its index, which also block writes of the table. */
  metricThrottles(period: Duration): MathExpression {
    const events = (metricName: string, index: Record<string, string> = {}) => this.metric(metricName, period, index);
    return new MathExpression({
      expression: 'FILL(reads, 0) + FILL(writes, 0) + FILL(indexWrites, 0)',
      usingMetrics: {
        reads: events('ReadThrottleEvents'),
        writes: events('WriteThrottleEvents'),
        indexWrites: events('WriteThrottleEvents', { GlobalSecondaryIndexName: BY_DAY }),
      },
      period,
      label: 'throttled requests',
    });
  }

  /** Consumed capacity units, which an on-demand table is billed by. */
  metricsConsumed(period: Duration): Metric[] {
    const index = { GlobalSecondaryIndexName: BY_DAY };
    return [
      this.metric('ConsumedReadCapacityUnits', period, {}, 'read units'),
      this.metric('ConsumedWriteCapacityUnits', period, {}, 'write units'),
      this.metric('ConsumedReadCapacityUnits', period, index, 'read units of the index'),
      this.metric('ConsumedWriteCapacityUnits', period, index, 'write units of the index'),
    ];
  }

  /** Name of the table, for the operator's commands. */
  get tableName(): string {
    return this.table.tableName;
  }

  /** @see Amazon DynamoDB Developer Guide, "DynamoDB metrics and dimensions" */
  private metric(metricName: string, period: Duration, index: Record<string, string>, label?: string): Metric {
    return new Metric({
      namespace: 'AWS/DynamoDB',
      metricName,
      dimensionsMap: { TableName: this.table.tableName, ...index },
      statistic: Stats.SUM,
      period,
      label,
    });
  }

  private grant(fn: Runner, ...operations: string[]): void {
    // Not `table.grant`: it would include the index, which only one function may read.
    Grant.addToPrincipal({
      grantee: fn,
      actions: operations.map((operation) => `dynamodb:${operation}`),
      resourceArns: [this.table.tableArn],
    });
    fn.addEnvironment(Variable.table, this.table.tableName);
  }
}
