import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { Cursors, ReviewProgress } from '../core/ledger/review.ts';
import type { Table } from './table.ts';

const KEY = { pk: 'REVIEW', sk: '#progress' };

/** How far the reviews have come: `REVIEW` / `#progress`, one row that stays. */
export class DynamoReviewProgress implements ReviewProgress {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async read(): Promise<Cursors> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: KEY, ConsistentRead: true }),
    );
    return (Item?.cursors ?? {}) as Cursors;
  }

  async save(cursors: Cursors): Promise<void> {
    await this.#table.db.send(new PutCommand({ TableName: this.#table.name, Item: { ...KEY, cursors } }));
  }
}
