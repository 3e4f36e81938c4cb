import { createHash } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import { FAN_OUT_KEEPS_MS, type FanOutProgress, type FanOuts } from '../core/triggers/fan-out.ts';
import { conditional, type Table, ttl } from './table.ts';

/** Fan-outs: `FANOUT#<digest of the id>` / `#progress`. */
export class DynamoFanOuts implements FanOuts {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // Expiry is decided here: TTL deletes late. Consistent: a copy of an event may follow its original by milliseconds.
  async resume(id: string, nowMs: number): Promise<FanOutProgress> {
    const key = { TableName: this.#table.name, Key: this.#key(id), ConsistentRead: true };
    const { Item } = await this.#table.db.send(new GetCommand(key));
    if (!Item || Number(Item.expiresAt) * 1000 <= nowMs) return { hosts: 0, done: false };
    return Item.progress as FanOutProgress;
  }

  async save(id: string, progress: FanOutProgress, nowMs: number, keepMs = FAN_OUT_KEEPS_MS): Promise<void> {
    const expiresAt = ttl(nowMs + keepMs);
    await conditional(
      this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { ...this.#key(id), progress, expiresAt },
          ConditionExpression: 'attribute_not_exists(expiresAt) OR expiresAt <= :expires',
          ExpressionAttributeValues: { ':expires': expiresAt },
        }),
      ),
    );
  }

  #key(id: string) {
    return { pk: `FANOUT#${createHash('sha256').update(id).digest('hex')}`, sk: '#progress' };
  }
}
