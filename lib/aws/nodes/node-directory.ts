import { createHash } from 'node:crypto';
import { DeleteCommand, QueryCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import type { DirectoryEntry, NodeDirectory } from '../../core/nodes/directory.ts';
import { number, readRow, type ShapeOf, text, texts } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';

// Partitions of the directory, enough to spread the renewals of a large fleet.
const SHARDS = 16;
const PAGE = 100;

const shardOf = (host: string): number => (createHash('sha256').update(host).digest()[0] ?? 0) % SHARDS;

const EntryRow = z.object({
  entry: z.object({
    hostIdentifier: text,
    hostname: z.optional(text),
    platform: z.optional(text),
    osqueryVersion: z.optional(text),
    vendor: z.optional(text),
    secret: z.optional(text),
    tags: z.optional(texts),
    profile: z.optional(text),
    lastSeenMs: number,
  } satisfies ShapeOf<Omit<DirectoryEntry, 'configHash'>>),
  configHash: z.optional(text),
  expiresAt: number,
});

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

  // A separate attribute, because the next `record` replaces the entry.
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
        ExpressionAttributeValues: { ':pk': `NODES#${shard}`, ':after': after || undefined },
        Limit: PAGE,
      }),
    );
    const nowSeconds = this.#now() / 1000;
    const entries = Items.map((item) => readRow(EntryRow, item))
      .filter(({ expiresAt }) => expiresAt > nowSeconds)
      .map(({ entry, configHash }): DirectoryEntry => ({ ...entry, configHash }));
    if (LastEvaluatedKey) return { entries, next: `${shard} ${String(LastEvaluatedKey.sk)}` };
    return { entries, next: shard + 1 < SHARDS ? `${shard + 1} ` : undefined };
  }
}
