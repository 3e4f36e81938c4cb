import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { SweepProgress, SweepState } from '../core/reconcile/inventory.ts';
import type { Table } from './table.ts';

const KEY = { pk: 'SWEEP', sk: '#progress' };

/** How far sweeping has come: `SWEEP` / `#progress`. */
export class DynamoSweepProgress implements SweepProgress {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async read(): Promise<SweepState> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: KEY, ConsistentRead: true }),
    );
    return (Item?.state as SweepState | undefined) ?? {};
  }

  async save(state: SweepState): Promise<void> {
    await this.#table.db.send(new PutCommand({ TableName: this.#table.name, Item: { ...KEY, state } }));
  }
}
