import { createHash } from 'node:crypto';
import { DeleteCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import type { DirectoryEntry, NodeDirectory } from '../core/nodes/directory.ts';
import { conditional, type Table, ttl } from './table.ts';

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

  async record(entry: DirectoryEntry, expiresAtMs: number): Promise<void> {
    await this.#table.db.send(
      new UpdateCommand({
        TableName: this.#table.name,
        Key: this.#key(entry.hostIdentifier),
        UpdateExpression: 'SET entry = :entry, expiresAt = :expires',
        ExpressionAttributeValues: { ':entry': entry, ':expires': ttl(expiresAtMs) },
      }),
    );
  }

  async remove(host: string): Promise<void> {
    await this.#table.db.send(new DeleteCommand({ TableName: this.#table.name, Key: this.#key(host) }));
  }

  // Beside the entry, which the next note replaces.
  async recordConfigHash(host: string, configHash: string): Promise<void> {
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: this.#key(host),
          UpdateExpression: 'SET configHash = :hash',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':hash': configHash },
        }),
      ),
    );
  }

  async setTags(host: string, tags: Readonly<Record<string, string>>): Promise<void> {
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: this.#key(host),
          UpdateExpression: 'SET entry.tags = :tags',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':tags': tags },
        }),
      ),
    );
  }

  #key(host: string) {
    return { pk: `NODES#${shardOf(host)}`, sk: host };
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
    const entries = Items.filter((item) => Number(item.expiresAt) > nowSeconds).map((item) => ({
      ...(item.entry as DirectoryEntry),
      ...(item.configHash ? { configHash: String(item.configHash) } : {}),
    }));
    if (LastEvaluatedKey) return { entries, next: `${shard} ${String(LastEvaluatedKey.sk)}` };
    return shard + 1 < SHARDS ? { entries, next: `${shard + 1} ` } : { entries };
  }
}
