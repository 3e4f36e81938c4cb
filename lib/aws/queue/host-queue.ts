import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  PutCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import type { PendingKey } from '../../core/ledger/pending-key.ts';
import type { Delivery, Offer } from '../../core/queue/delivery.ts';
import type { FoundDelivery, HostPartition, HostQueue, Settled, SpacedQuery } from '../../core/queue/host-queue.ts';
import { attemptsOf, latestOf, unanswered } from '../../core/queue/offers.ts';
import { keyOf, type PendingQuery } from '../../core/queue/pending-query.ts';
import { each } from '../../core/together.ts';
import { announce } from '../front/wake-hints.ts';
import { deliveryOf, hostKey, OffersRow, partitionOf } from '../nodes/host-rows.ts';
import { itemsOf } from '../table/fast-reads.ts';
import { pack } from '../table/packed-json.ts';
import { readRow } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';
import { type Put, putInTransaction } from '../table/transaction.ts';

/*
 * HOST#<host> / #node                     the node
 * HOST#<host> / d#<deliveryId>            a delivery in flight
 * HOST#<host> / q#<priority>#<queryId>    a pending query
 * Items sort in this order, so the first page of a query holds the node, the deliveries in flight and the most urgent queries.
 * RETIRED#<host> / d#<deliveryId>         a delivery that is answered or given up
 */
const deliveryKey = ({ host, id }: Pick<Delivery, 'host' | 'id'>) => ({ pk: hostKey(host), sk: `d#${id}` });
const RETIRED = 'RETIRED#';
const retiredKey = ({ host, id }: Pick<Delivery, 'host' | 'id'>) => ({ pk: `${RETIRED}${host}`, sk: `d#${id}` });
const pendingKey = ({ host, priority, queryId }: PendingKey) => ({ pk: hostKey(host), sk: `q#${priority}#${queryId}` });

// A poll gives up an unanswered delivery; TTL removes the deliveries of hosts that never poll again. Retired deliveries are
// kept as long, because an agent may answer late or send an answer again.
const DELIVERY_TTL_MS = 24 * 3_600_000;
const BATCH = 25; // BatchWriteItem's own limit
const QUERIES_AT_ONCE = 10; // a transaction takes 4 MB, an item has up to 400 kB
const DELIVERIES_AT_ONCE = 50; // BatchGetItem takes 100 keys, and each delivery has two

/** The queue of every host: one partition per host. */
export class DynamoHostQueue implements HostQueue {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // Reads one page (1 MB). A larger partition delivers its most urgent queries first and the rest on later polls.
  async read(host: string, consistent = false): Promise<HostPartition> {
    const { Items = [] } = await this.#table.db.send(
      new QueryCommand({
        TableName: this.#table.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': hostKey(host) },
        ConsistentRead: consistent,
      }),
    );
    return partitionOf(Items);
  }

  // Reads all pages: large queries would never reach a limit that is counted on one page.
  async waitingIds(host: string, afterMs: number, consistent = false): Promise<ReadonlySet<string>> {
    const waiting = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :pending)',
      FilterExpression: 'expiresAt > :after',
      ProjectionExpression: 'sk',
      ExpressionAttributeValues: { ':pk': hostKey(host), ':pending': 'q#', ':after': afterMs / 1000 },
      ConsistentRead: consistent,
    });
    const ids = new Set<string>();
    for await (const { sk } of waiting) ids.add(String(sk).slice('q#0#'.length));
    return ids;
  }

  async enqueueSpaced(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>> {
    await announce(
      spaced.map(({ query }) => query.host),
      this.#table,
    );
    // A query without a reservation is one write, at half the price that a transaction has for it.
    const isAlone = ({ reserves }: SpacedQuery): boolean => reserves === undefined;
    await each(spaced.filter(isAlone), ({ query }) => this.#add(query));
    return this.#enqueueTogether(
      spaced.filter((one) => !isAlone(one)),
      nowMs,
    );
  }

  async #enqueueTogether(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>> {
    const leftOut = new Set<string>();
    for (let from = 0; from < spaced.length; from += QUERIES_AT_ONCE) {
      let left = spaced.slice(from, from + QUERIES_AT_ONCE).map((one) => writesOf(one, nowMs));
      while (left.length > 0) {
        const puts = left.flatMap(({ reservation, pending }) => [reservation ?? [], pending ?? []].flat());
        const refused = await putInTransaction(this.#table, puts);
        if (refused.size === 0) break;
        for (const { queryId, reservation } of left) if (reservation && refused.has(reservation)) leftOut.add(queryId);
        left = left.flatMap((writes) => withoutRefused(writes, refused));
      }
    }
    return leftOut;
  }

  async enqueue(query: PendingQuery): Promise<void> {
    await announce([query.host], this.#table);
    await this.#add(query);
  }

  async #add(query: PendingQuery): Promise<void> {
    await conditional(this.#table.db.send(new PutCommand({ TableName: this.#table.name, ...pendingPut(query) })));
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
    await this.#table.db.send(
      new PutCommand({ TableName: this.#table.name, Item: itemOf(deliveryKey(delivery), delivery) }),
    );
  }

  async offerAgain(delivery: Delivery, offer: Offer, leaseUntilMs?: number): Promise<number | undefined> {
    const isLeased = leaseUntilMs !== undefined;
    try {
      const { Attributes } = await this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: deliveryKey(delivery),
          UpdateExpression: `SET offers = list_append(offers, :offer)${isLeased ? ', leaseUntilMs = :until' : ''}`,
          // A repeat that is recorded at the same time does not change the lease.
          ConditionExpression: isLeased
            ? 'attribute_exists(offers) AND leaseUntilMs = :held'
            : 'attribute_exists(offers)',
          ExpressionAttributeValues: {
            ':offer': [offer],
            ':until': leaseUntilMs, // undefined without a lease, as is `:held`: the marshaller drops both
            ':held': isLeased ? delivery.leaseUntilMs : undefined,
          },
          ReturnValues: 'UPDATED_NEW',
        }),
      );
      return readRow(OffersRow, { ...deliveryKey(delivery), ...Attributes }).offers.length - 1;
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return undefined;
      throw error;
    }
  }

  async findDeliveries(host: string, deliveryIds: readonly string[]): Promise<FoundDelivery[]> {
    const found = new Map<string, FoundDelivery>();
    let left: Record<string, unknown>[] = deliveryIds.flatMap((id) => [
      deliveryKey({ host, id }),
      retiredKey({ host, id }),
    ]);
    while (left.length > 0) {
      const { Responses, UnprocessedKeys } = await this.#table.db.send(
        new BatchGetCommand({
          RequestItems: {
            [this.#table.name]: { Keys: left.slice(0, 2 * DELIVERIES_AT_ONCE), ConsistentRead: true },
          },
        }),
      );
      for (const item of Responses?.[this.#table.name] ?? []) {
        const isRetired = String(item.pk).startsWith(RETIRED);
        const delivery = deliveryOf(item);
        // After a crash both can exist: the delivery in flight still has to be retired.
        if (!isRetired || !found.has(delivery.id)) found.set(delivery.id, { ...delivery, isRetired });
      }
      const unprocessed = UnprocessedKeys?.[this.#table.name]?.Keys ?? [];
      left = [...unprocessed, ...left.slice(2 * DELIVERIES_AT_ONCE)];
    }
    return [...found.values()];
  }

  async retiredDeliveries(host: string): Promise<Delivery[]> {
    const items = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': `${RETIRED}${host}` },
      ConsistentRead: true,
    });
    const deliveries: Delivery[] = [];
    for await (const item of items) deliveries.push(deliveryOf(item));
    return deliveries;
  }

  async recordMoved(delivery: Delivery, queryIds: readonly string[]): Promise<void> {
    if (await this.#moved(deliveryKey(delivery), queryIds)) return;
    await this.#moved(retiredKey(delivery), queryIds);
  }

  #moved(Key: ReturnType<typeof deliveryKey>, queryIds: readonly string[]): Promise<boolean> {
    return conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key,
          UpdateExpression: 'ADD moved :ids',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':ids': new Set(queryIds) },
        }),
      ),
    );
  }

  async complete(settled: readonly Settled[]): Promise<void> {
    const whole: Delivery[] = [];
    const parts: Settled[] = [];
    for (const one of settled) {
      const { isRetired, ...delivery } = one.delivery;
      const answered = [...new Set([...delivery.answered, ...one.marks])];
      if (!isRetired && unanswered({ ...delivery, answered }).length === 0) whole.push({ ...delivery, answered });
      else parts.push(one);
    }
    await Promise.all(parts.map((one) => this.#answered(one)));
    await this.#retire(whole);
  }

  async #answered({ delivery, marks }: Settled): Promise<void> {
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: delivery.isRetired ? retiredKey(delivery) : deliveryKey(delivery),
          UpdateExpression: 'ADD answered :marks',
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeValues: { ':marks': new Set(marks) },
        }),
      ),
    );
  }

  retire(delivery: Delivery): Promise<void> {
    return this.#retire([delivery]);
  }

  // Retired deliveries have their own partition, so polls do not read them. The copy is written before the original is
  // deleted, so answers find the delivery at any moment.
  async #retire(deliveries: readonly Delivery[]): Promise<void> {
    await this.#writeAll(deliveries.map((one) => ({ PutRequest: { Item: itemOf(retiredKey(one), one) } })));
    await this.#writeAll(deliveries.map((one) => ({ DeleteRequest: { Key: deliveryKey(one) } })));
  }

  async remove(keys: readonly PendingKey[]): Promise<void> {
    // Two functions may have queued the same query. A batch rejects duplicate keys.
    const rows = [...new Map(keys.map(pendingKey).map((key) => [`${key.pk} ${key.sk}`, key])).values()];
    await this.#writeAll(rows.map((Key) => ({ DeleteRequest: { Key } })));
  }

  async #writeAll(requests: readonly WriteRequest[]): Promise<void> {
    let left = requests;
    while (left.length > 0) {
      const batch = left.slice(0, BATCH);
      const { UnprocessedItems } = await this.#table.db.send(
        new BatchWriteCommand({ RequestItems: { [this.#table.name]: batch } }),
      );
      const unprocessed = UnprocessedItems?.[this.#table.name] ?? [];
      left = [...unprocessed, ...left.slice(BATCH)];
      // The SDK reports throttled items without an error, so it does not wait by itself.
      if (unprocessed.length > 0) await sleep(Math.random() * 100);
    }
  }
}

/** The writes that queue one query: all of them or none. */
interface Writes {
  readonly queryId: string;
  readonly reservation?: Put;
  readonly pending?: Put;
}

const writesOf = ({ query, reserves }: SpacedQuery, nowMs: number): Writes => ({
  queryId: query.queryId,
  reservation: reserves && reservationPut(query, reserves, nowMs),
  pending: pendingPut(query),
});

/** The writes that remain after some conditions failed. A query that is already pending keeps its reservation. */
function withoutRefused(writes: Writes, refused: ReadonlySet<Put>): Writes[] {
  const { reservation, pending } = writes;
  if (reservation && refused.has(reservation)) return [];
  if (!pending || !refused.has(pending)) return [writes];
  return reservation ? [{ ...writes, pending: undefined }] : [];
}

const pendingPut = (query: PendingQuery): Put => ({
  Item: { ...pendingKey(keyOf(query)), query: pack(query), expiresAt: ttl(query.expiresAtMs) },
  ConditionExpression: 'attribute_not_exists(pk) OR expiresAt <= :queued',
  ExpressionAttributeValues: { ':queued': query.queuedAtMs / 1000 },
});

// Reservations have their own partition, so polls do not read them.
const reservationPut = (
  { host, queryId }: PendingQuery,
  { spacingKey, untilMs }: NonNullable<SpacedQuery['reserves']>,
  nowMs: number,
): Put => ({
  Item: { pk: `SPACING#${host}`, sk: spacingKey, queryId, untilMs, expiresAt: ttl(untilMs) },
  ConditionExpression: 'attribute_not_exists(pk) OR untilMs <= :now OR queryId = :id',
  ExpressionAttributeValues: { ':now': nowMs, ':id': queryId },
});

type WriteRequest = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>[number];

function itemOf(key: { readonly pk: string; readonly sk: string }, delivery: Delivery) {
  const { answered, moved = [], queries, ...rest } = delivery;
  return {
    ...key,
    ...rest,
    queries: pack(queries),
    answered: answered.length > 0 ? new Set(answered) : undefined, // a set of the table is never empty
    moved: moved.length > 0 ? new Set(moved) : undefined,
    expiresAt: ttl((attemptsOf(delivery).at(-1) ?? latestOf(delivery)).atMs + DELIVERY_TTL_MS),
  };
}
