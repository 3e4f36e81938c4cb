import type { RemovalPolicy } from 'aws-cdk-lib';
import { AttributeType, BillingMode, ProjectionType, Table } from 'aws-cdk-lib/aws-dynamodb';
import { Grant } from 'aws-cdk-lib/aws-iam';
import type { Function as LambdaFunction } from 'aws-cdk-lib/aws-lambda';
import { Construct } from 'constructs';
import { Variable } from './environment.ts';

export interface MayflyTableProps {
  readonly removalPolicy: RemovalPolicy;
}

/**
 * The one table: nodes, pending queries, deliveries, aliases and the ledger (docs/decisions/0002-one-table-design.md).
 * A grant gives a function the permission and the table's name together.
 */
export class MayflyTable extends Construct {
  private readonly table: Table; // its id is a contract: another one replaces the table

  constructor(scope: Construct, id: string, props: MayflyTableProps) {
    super(scope, id);
    this.table = new Table(this, 'Table', {
      partitionKey: { name: 'pk', type: AttributeType.STRING },
      sortKey: { name: 'sk', type: AttributeType.STRING },
      timeToLiveAttribute: 'expiresAt', // epoch seconds; deletes late, so readers compare with the clock themselves
      billingMode: BillingMode.PAY_PER_REQUEST,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      removalPolicy: props.removalPolicy,
    });
    // For people, who list lives by time. Only the ledger's rows have its keys, and those never change: one write a life.
    this.table.addGlobalSecondaryIndex({
      indexName: 'byDay',
      partitionKey: { name: 'day', type: AttributeType.STRING },
      sortKey: { name: 'firstEventAtMs', type: AttributeType.NUMBER },
      projectionType: ProjectionType.KEYS_ONLY,
    });
  }

  /** Lets `fn` serve agents: enroll nodes, drain queries, settle deliveries and ledger. */
  grantServeAgents(fn: LambdaFunction): void {
    this.grant(fn, 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem');
  }

  /** Lets `fn` record what events tell: ledger, aliases, pending queries. */
  grantRecordEvents(fn: LambdaFunction): void {
    this.grant(fn, 'BatchGetItem', 'BatchWriteItem', 'DeleteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem');
  }

  /** Where the operator's commands find policy, ledger and nodes. */
  get tableName(): string {
    return this.table.tableName;
  }

  private grant(fn: LambdaFunction, ...operations: string[]): void {
    // Not `table.grant`, which adds the index: no function reads it.
    Grant.addToPrincipal({
      grantee: fn,
      actions: operations.map((operation) => `dynamodb:${operation}`),
      resourceArns: [this.table.tableArn],
    });
    fn.addEnvironment(Variable.table, this.table.tableName);
  }
}
