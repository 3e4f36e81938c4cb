import { createHash } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { FanOutProgress, FanOuts } from '../core/triggers/fan-out.ts';
import { type Table, ttl } from './table.ts';

// An event comes back within minutes; a request with the same idempotency key within a day is the same request.
const TTL_MS = 24 * 3_600_000;

/** Fan-outs: `FANOUT#<digest of the id>` / `#progress`. */
export class DynamoFanOuts implements FanOuts {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // Expiry is decided here: TTL deletes late.
  async resume(id: string, nowMs: number): Promise<FanOutProgress> {
    const { Item } = await this.#table.db.send(new GetCommand({ TableName: this.#table.name, Key: this.#key(id) }));
    if (!Item || Number(Item.expiresAt) * 1000 <= nowMs) return { hosts: 0, done: false };
    return Item.progress as FanOutProgress;
  }

  async save(id: string, progress: FanOutProgress, nowMs: number): Promise<void> {
    await this.#table.db.send(
      new PutCommand({
        TableName: this.#table.name,
        Item: { ...this.#key(id), progress, expiresAt: ttl(nowMs + TTL_MS) },
      }),
    );
  }

  #key(id: string) {
    return { pk: `FANOUT#${createHash('sha256').update(id).digest('hex')}`, sk: '#progress' };
  }
}
