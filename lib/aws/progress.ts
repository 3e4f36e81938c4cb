import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Cursors, ReviewProgress } from '../core/ledger/review.ts';
import type { SweepProgress, SweepState } from '../core/reconcile/inventory.ts';
import type { Table } from './table.ts';

/** What a run takes up where the last one left it: `<pk>` / `#progress`, one row that stays; `{}` before the first run. */
class DynamoProgress<State extends object> {
  readonly #table: Table;
  readonly #pk: string;

  constructor(table: Table, pk: string) {
    this.#table = table;
    this.#pk = pk;
  }

  async read(): Promise<State> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: this.#key, ConsistentRead: true }),
    );
    return (Item?.state ?? {}) as State;
  }

  async save(state: State): Promise<void> {
    await this.#table.db.send(new PutCommand({ TableName: this.#table.name, Item: { ...this.#key, state } }));
  }

  get #key() {
    return { pk: this.#pk, sk: '#progress' };
  }
}

/** How far sweeping has come: `SWEEP`. */
export class DynamoSweepProgress extends DynamoProgress<SweepState> implements SweepProgress {
  constructor(table: Table) {
    super(table, 'SWEEP');
  }
}

/** How far the reviews have come: `REVIEW`. */
export class DynamoReviewProgress extends DynamoProgress<Cursors> implements ReviewProgress {
  constructor(table: Table) {
    super(table, 'REVIEW');
  }
}
