import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { GetCommand, PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { SweepProgress, SweepState } from '../core/inventory/inventory.ts';
import type { Cursors, ReviewProgress } from '../core/ledger/review.ts';
import { conditional, type Table } from './table.ts';

/** What a run takes up where the last one left it: `<pk>` / `#progress`, one row that stays; `{}` before the first run. */
class DynamoProgress<State extends object> {
  protected readonly table: Table;
  protected readonly key: { readonly pk: string; readonly sk: string };

  constructor(table: Table, pk: string) {
    this.table = table;
    this.key = { pk, sk: '#progress' };
  }

  async read(): Promise<State> {
    const { Item } = await this.table.db.send(
      new GetCommand({ TableName: this.table.name, Key: this.key, ConsistentRead: true }),
    );
    return (Item?.state ?? {}) as State;
  }
}

/** How far sweeping has come: `SWEEP`, with `heldUntilMs` while a sweep is under way. */
export class DynamoSweepProgress extends DynamoProgress<SweepState> implements SweepProgress {
  readonly #everyMs: number | undefined;

  /** @param everyMs how often it is swept, for whoever reads; only the reconciler knows */
  constructor(table: Table, everyMs?: number) {
    super(table, 'SWEEP');
    this.#everyMs = everyMs;
  }

  async begin(nowMs: number, untilMs: number): Promise<SweepState | undefined> {
    try {
      const { Attributes } = await this.table.db.send(
        new UpdateCommand({
          TableName: this.table.name,
          Key: this.key,
          UpdateExpression: 'SET heldUntilMs = :until',
          ConditionExpression: 'attribute_not_exists(heldUntilMs) OR heldUntilMs <= :now',
          ExpressionAttributeValues: { ':now': nowMs, ':until': untilMs },
          ReturnValues: 'ALL_NEW',
        }),
      );
      return (Attributes?.state ?? {}) as SweepState;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined; // another one holds it
      throw error;
    }
  }

  async end(untilMs: number, state: SweepState): Promise<void> {
    await conditional(
      this.table.db.send(
        new PutCommand({
          TableName: this.table.name,
          Item: { ...this.key, state: { ...state, everyMs: this.#everyMs } },
          ConditionExpression: 'heldUntilMs = :until',
          ExpressionAttributeValues: { ':until': untilMs },
        }),
      ),
    );
  }
}

/** How far the reviews have come: `REVIEW`. */
export class DynamoReviewProgress extends DynamoProgress<Cursors> implements ReviewProgress {
  constructor(table: Table) {
    super(table, 'REVIEW');
  }

  async save(state: Cursors): Promise<void> {
    await this.table.db.send(new PutCommand({ TableName: this.table.name, Item: { ...this.key, state } }));
  }
}
