import { createHash, randomBytes } from 'node:crypto';
import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { FAN_OUT_KEPT_MS, type FanOutProgress, type FanOuts } from '../../core/queue/fan-out.ts';
import { number, readRow, type ShapeOf, text } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';

const SECRET_KEY = { pk: 'FANOUT', sk: '#secret' };

const ProgressRow = z.object({
  progress: z.object({ hosts: number, cursor: z.optional(text), done: z.boolean() } satisfies ShapeOf<FanOutProgress>),
  expiresAt: number,
});
const SecretRow = z.object({ secret: text });

/** Fan-outs: `FANOUT#<digest of the id>` / `#progress`; the secret of their order: `FANOUT` / `#secret`. */
export class DynamoFanOuts implements FanOuts {
  readonly #table: Table;
  #secret: string | undefined;

  constructor(table: Table) {
    this.#table = table;
  }

  async secret(): Promise<string> {
    this.#secret ??= (await this.#readSecret()) ?? (await this.#makeSecret());
    return this.#secret;
  }

  // Checks expiry itself, because TTL deletes late. Reads consistently, because a copy of an event may arrive milliseconds after
  // the original.
  async resume(id: string, nowMs: number): Promise<FanOutProgress> {
    const key = { TableName: this.#table.name, Key: this.#key(id), ConsistentRead: true };
    const { Item } = await this.#table.db.send(new GetCommand(key));
    const row = Item && readRow(ProgressRow, Item);
    return row && row.expiresAt * 1000 > nowMs ? row.progress : { hosts: 0, done: false };
  }

  async save(id: string, progress: FanOutProgress, nowMs: number, keepMs = FAN_OUT_KEPT_MS): Promise<void> {
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

  async #readSecret(): Promise<string | undefined> {
    const key = { TableName: this.#table.name, Key: SECRET_KEY, ConsistentRead: true };
    const { Item } = await this.#table.db.send(new GetCommand(key));
    return Item && readRow(SecretRow, Item).secret;
  }

  /** Creates the secret. If several functions do so at the same time, all use the one that was written first. */
  async #makeSecret(): Promise<string> {
    const secret = randomBytes(32).toString('hex');
    const isOurs = await conditional(
      this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { ...SECRET_KEY, secret },
          ConditionExpression: 'attribute_not_exists(pk)',
        }),
      ),
    );
    return isOurs ? secret : ((await this.#readSecret()) ?? secret);
  }

  #key(id: string) {
    return { pk: `FANOUT#${createHash('sha256').update(id).digest('hex')}`, sk: '#progress' };
  }
}
