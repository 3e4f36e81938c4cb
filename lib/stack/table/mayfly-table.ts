import { MathExpression, Metric, Stats } from 'aws-cdk-lib/aws-cloudwatch';
import { AttributeType, BillingMode, type ITable, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { Duration, RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import { Variable } from '../functions/environment.ts';
import type { Runner } from '../functions/runner.ts';
import { checkTable } from './check-table.ts';
import { type RowAccess, statementsOf } from './row-access.ts';

export interface MayflyTableProps {
  readonly removalPolicy: RemovalPolicy;
  /** A table of another stack or Mayfly, which keeps its own settings. @default - a new one */
  readonly existing?: ITable;
}

const BY_DAY = 'byDay';

/**
 * The table: nodes, pending queries, deliveries, aliases and the ledger (docs/decisions/0002-one-table-design.md).
 * A grant gives a function the permission and the table's name together.
 */
export class MayflyTable extends Construct {
  private readonly table: ITable;

  constructor(scope: Construct, id: string, props: MayflyTableProps) {
    super(scope, id);
    if (props.existing) checkTable(props.existing);
    this.table = props.existing ?? this.newTable(props.removalPolicy);
  }

  private newTable(removalPolicy: RemovalPolicy): Table {
    // Its id must never change: a new id replaces the table.
    const table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt', // epoch seconds; TTL deletes late, so readers check expiry themselves
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy,
    });
    // Lists workloads by the time of their first event, for people and for the review. Only ledger rows have its keys, which
    // never change: one write a workload.
    table.addGlobalSecondaryIndex({
      indexName: BY_DAY,
      partitionKey: { name: 'day', type: AttributeType.STRING },
      sortKey: { name: 'firstReceivedAtMs', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
    return table;
  }

  /** Allows `fn` to use the partitions that it needs, and passes the table's name to it. */
  grant(fn: Runner, access: RowAccess): void {
    this.grantRows(fn, access);
    fn.addEnvironment(Variable.table, this.table.tableName);
  }

  /**
   * Allows operations on rows by their partition key. Not `table.grant`: it would include the index, which only one function may
   * read. Without the condition on `Null` a request without keys would be allowed, because `ForAllValues` is true for none.
   *
   * @see Amazon DynamoDB Developer Guide, "Using IAM policy conditions for fine-grained access control"
   */
  grantRows(grantee: IGrantable, access: RowAccess): void {
    this.table.encryptionKey?.grantEncryptDecrypt(grantee);
    for (const { operations, partitions } of statementsOf(access)) {
      Grant.addToPrincipal({
        grantee,
        actions: operations.map((operation) => `dynamodb:${operation}`),
        resourceArns: [this.table.tableArn],
        conditions: {
          'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': partitions },
          Null: { 'dynamodb:LeadingKeys': 'false' },
        },
      });
    }
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

  /** Consumed capacity units, which an on-demand table is billed by; those of the index are few. */
  metricsConsumed(period: Duration): Metric[] {
    return [
      this.metric('ConsumedReadCapacityUnits', period, {}, 'read units'),
      this.metric('ConsumedWriteCapacityUnits', period, {}, 'write units'),
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
}
