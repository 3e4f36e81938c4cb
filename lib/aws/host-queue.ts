import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchWriteCommand,
  DeleteCommand,
  GetCommand,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { Delivery } from '../core/queue/delivery.ts';
import type { HostPartition, HostQueue } from '../core/queue/host-queue.ts';
import { keyOf, type PendingKey, type PendingQuery } from '../core/queue/pending-query.ts';
import { hostKey, nodeOf } from './host-rows.ts';
import { conditional, itemsOf, type Table, ttl } from './table.ts';

/*
 * HOST#<host> / #node                     the node
 * HOST#<host> / d#<deliveryId>            a delivery in flight
 * HOST#<host> / q#<priority>#<queryId>    a pending query
 * In this order within the partition, so one page of a query holds the node, what is in flight and the most urgent.
 * GIVENUP#<host> / d#<deliveryId>         a delivery that nobody answered in time
 */
const deliveryKey = ({ host, id }: Delivery) => ({ pk: hostKey(host), sk: `d#${id}` });
const givenUpKey = ({ host, id }: Pick<Delivery, 'host' | 'id'>) => ({ pk: `GIVENUP#${host}`, sk: `d#${id}` });
const pendingKey = ({ host, priority, queryId }: PendingKey) => ({ pk: hostKey(host), sk: `q#${priority}#${queryId}` });

// An unanswered delivery is given up by a poll; this removes those of hosts that never poll again.
const DELIVERY_TTL_MS = 24 * 3_600_000;
const BATCH = 25; // BatchWriteItem's own limit

/** The queue of each host, one partition a host. */
export class DynamoHostQueue implements HostQueue {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // One page, 1 MB: a partition beyond that hands out its most urgent queries first and the rest on later polls.
  async open(host: string, consistent = false): Promise<HostPartition> {
    const { Items = [] } = await this.#table.db.send(
      new QueryCommand({
        TableName: this.#table.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': hostKey(host) },
        ConsistentRead: consistent,
      }),
    );
    const node = Items.find((item) => item.sk === '#node');
    return {
      ...(node ? { node: nodeOf(node) } : {}),
      deliveries: Items.filter((item) => String(item.sk).startsWith('d#')).map(deliveryOf),
      pending: Items.filter((item) => String(item.sk).startsWith('q#')).map((item) => item.query as PendingQuery),
    };
  }

  // All pages: a limit that is counted on one page of 1 MB would never be reached by large queries.
  async waiting(host: string, nowMs: number): Promise<ReadonlySet<string>> {
    const waiting = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :pending)',
      FilterExpression: 'expiresAt > :now',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':pk': hostKey(host), ':pending': 'q#', ':now': nowMs / 1000 },
    });
    const ids = new Set<string>();
    for await (const { sk } of waiting) ids.add(String(sk).slice('q#0#'.length));
    return ids;
  }

  // In a partition of its own: polls need not read it. The query's own id may take it again, after a crash.
  space(host: string, text: string, queryId: string, nowMs: number, untilMs: number): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { pk: `SPACING#${host}`, sk: text, queryId, untilMs, expiresAt: ttl(untilMs) },
          ConditionExpression: 'attribute_not_exists(pk) OR untilMs <= :now OR queryId = :id',
          ExpressionAttributeValues: { ':now': nowMs, ':id': queryId },
        }),
      ),
    );
  }

  async enqueue(query: PendingQuery): Promise<void> {
    await conditional(
      this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { ...pendingKey(keyOf(query)), query, expiresAt: ttl(query.expiresAtMs) },
          ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :queued',
          ExpressionAttributeValues: { ':queued': query.queuedAtMs / 1000 },
        }),
      ),
    );
  }

  claim(host: string, rev: number, taken: Readonly<Record<string, number>>): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: { pk: hostKey(host), sk: '#node' },
          UpdateExpression: 'SET rev = :next, taken = :taken',
          ConditionExpression: 'rev = :rev',
          ExpressionAttributeValues: { ':rev': rev, ':next': rev + 1, ':taken': taken },
        }),
      ),
    );
  }

  async deliver(delivery: Delivery): Promise<void> {
    const { answered: _, ...rest } = delivery;
    await this.#table.db.send(
      new PutCommand({
        TableName: this.#table.name,
        Item: { ...deliveryKey(delivery), ...rest, expiresAt: ttl(delivery.deliveredAtMs + DELIVERY_TTL_MS) },
      }),
    );
  }

  redeliver(delivery: Delivery, nowMs: number, leaseUntilMs: number): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: deliveryKey(delivery),
          UpdateExpression: 'SET attempt = :next, deliveredAtMs = :now, leaseUntilMs = :until',
          ConditionExpression: 'attempt = :attempt',
          ExpressionAttributeValues: {
            ':attempt': delivery.attempt,
            ':next': delivery.attempt + 1,
            ':now': nowMs,
            ':until': leaseUntilMs,
          },
        }),
      ),
    );
  }

  async complete(delivery: Delivery, wireIds: readonly string[]): Promise<void> {
    const key = deliveryKey(delivery);
    const open = delivery.queries.filter(
      ({ wireId }) => !wireIds.includes(wireId) && !delivery.answered.includes(wireId),
    );
    if (open.length === 0) return this.#delete(delivery);
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: key,
          UpdateExpression: 'ADD answered :ids',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':ids': new Set(wireIds) },
        }),
      ),
    );
  }

  // In a partition of its own: polls need not read it.
  async abandon(delivery: Delivery): Promise<void> {
    const { answered: _, ...rest } = delivery;
    const expiresAt = ttl(delivery.deliveredAtMs + DELIVERY_TTL_MS);
    await this.#table.db.send(
      new PutCommand({ TableName: this.#table.name, Item: { ...givenUpKey(delivery), ...rest, expiresAt } }),
    );
    await this.#delete(delivery);
  }

  async givenUp(host: string, deliveryIds: readonly string[]): Promise<Delivery[]> {
    const found = deliveryIds.map(async (id) => {
      const { Item } = await this.#table.db.send(
        new GetCommand({ TableName: this.#table.name, Key: givenUpKey({ host, id }), ConsistentRead: true }),
      );
      return Item ? [deliveryOf(Item)] : [];
    });
    return (await Promise.all(found)).flat();
  }

  async #delete(delivery: Delivery): Promise<void> {
    await this.#table.db.send(new DeleteCommand({ TableName: this.#table.name, Key: deliveryKey(delivery) }));
  }

  async remove(keys: readonly PendingKey[]): Promise<void> {
    // Of two functions that ask the same at once, each remembers what it asked. A batch takes no key twice.
    const rows = [...new Map(keys.map(pendingKey).map((key) => [`${key.pk} ${key.sk}`, key])).values()];
    const [only] = rows;
    if (rows.length === 1 && only) {
      await this.#table.db.send(new DeleteCommand({ TableName: this.#table.name, Key: only }));
      return;
    }
    let left = rows.map((Key) => ({ DeleteRequest: { Key } }));
    while (left.length > 0) {
      const batch = left.slice(0, BATCH);
      const { UnprocessedItems } = await this.#table.db.send(
        new BatchWriteCommand({ RequestItems: { [this.#table.name]: batch } }),
      );
      const unprocessed = (UnprocessedItems?.[this.#table.name] ?? []) as typeof batch;
      left = [...unprocessed, ...left.slice(BATCH)];
      // Throttled items are no error to the SDK, so the pause is ours.
      if (unprocessed.length > 0) await sleep(Math.random() * 100);
    }
  }
}

function deliveryOf(item: Record<string, unknown>): Delivery {
  const { pk: _, sk: __, expiresAt: ___, answered, ...rest } = item;
  return { ...(rest as unknown as Delivery), answered: [...((answered as Set<string> | undefined) ?? [])] };
}
