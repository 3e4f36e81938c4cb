import { createHash } from 'node:crypto';
import { PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import type { DirectoryEntry, NodeDirectory } from '../core/nodes/directory.ts';
import { type Table, ttl } from './table.ts';

// Partitions of the directory: enough that no fleet's renewals meet on one.
const SHARDS = 16;
const PAGE = 100;

const shardOf = (host: string): number => (createHash('sha256').update(host).digest()[0] ?? 0) % SHARDS;

/** The directory: `NODES#<shard>` / host. Expired entries that TTL has not removed yet are passed over. */
export class DynamoNodeDirectory implements NodeDirectory {
  readonly #table: Table;
  readonly #now: () => number;

  constructor(table: Table, now: () => number) {
    this.#table = table;
    this.#now = now;
  }

  async note(entry: DirectoryEntry, expiresAtMs: number): Promise<void> {
    const key = { pk: `NODES#${shardOf(entry.hostIdentifier)}`, sk: entry.hostIdentifier };
    await this.#table.db.send(
      new PutCommand({ TableName: this.#table.name, Item: { ...key, entry, expiresAt: ttl(expiresAtMs) } }),
    );
  }

  async page(cursor = '0 '): Promise<{ entries: readonly DirectoryEntry[]; next?: string }> {
    const shard = Number.parseInt(cursor, 10);
    const after = cursor.slice(cursor.indexOf(' ') + 1);
    const { Items = [], LastEvaluatedKey } = await this.#table.db.send(
      new QueryCommand({
        TableName: this.#table.name,
        KeyConditionExpression: after ? 'pk = :pk AND sk > :after' : 'pk = :pk',
        ExpressionAttributeValues: { ':pk': `NODES#${shard}`, ...(after ? { ':after': after } : {}) },
        Limit: PAGE,
      }),
    );
    const nowSeconds = this.#now() / 1000;
    const entries = Items.filter((item) => Number(item.expiresAt) > nowSeconds).map(
      (item) => item.entry as DirectoryEntry,
    );
    if (LastEvaluatedKey) return { entries, next: `${shard} ${String(LastEvaluatedKey.sk)}` };
    return shard + 1 < SHARDS ? { entries, next: `${shard + 1} ` } : { entries };
  }
}
