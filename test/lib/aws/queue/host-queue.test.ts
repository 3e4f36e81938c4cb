import { randomBytes } from 'node:crypto';
import { BatchWriteCommand, DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoHostQueue } from '../../../../lib/aws/queue/host-queue.ts';
import { enqueue } from '../../../../lib/core/queue/ask.ts';
import { deliveryOf, mergeable } from '../../../../lib/core/queue/delivery.ts';
import { keyOf } from '../../../../lib/core/queue/pending-query.ts';
import { aHostQuery, aPendingQuery } from '../../../support/builders.ts';
import { dynamodb } from '../../../support/dynamodb.ts';
import { plainPolicy } from '../../../support/plain-policy.ts';
import { everything } from '../../../support/scan.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { SECOND, T0 } from '../../../support/times.ts';

let world: TableWorld;
let queue: DynamoHostQueue;
beforeEach(async () => {
  world = await TableWorld.begin();
  queue = world.ports.queue;
});
const aDelivery = (id: string, atMs = T0) => deliveryOf(id, mergeable([aHostQuery(1), aHostQuery(2)]), atMs, 30_000);

describe('the queue of a host in DynamoDB', () => {
  it('is one partition: other hosts see nothing of it', async () => {
    await world.aNode('h1');
    await queue.enqueue(aHostQuery(1));
    await queue.deliver(aDelivery('d1'));
    expect(await queue.read('h')).toEqual({ deliveries: [], pending: [] });
    expect(await queue.read('h1', true)).toMatchObject({
      node: { host: 'h1' },
      deliveries: [{ id: 'd1' }],
      pending: [{ queryId: 'q0001' }],
    });
  });

  it('returns deliveries and queries unchanged', async () => {
    const query = aPendingQuery(1, { discovery: 'SELECT 1', decorations: { quote: "'", empty: '' } });
    await queue.enqueue(query);
    await queue.deliver(aDelivery('d1'));
    expect(await queue.read('h1', true)).toEqual({ deliveries: [aDelivery('d1')], pending: [query] });
  });

  it('lists deliveries oldest first, and pending queries by priority', async () => {
    for (const id of ['0b', '0a', '1a']) await queue.deliver(aDelivery(id));
    for (const [n, priority] of [
      [1, 9],
      [2, 0],
      [3, 5],
    ] as const)
      await queue.enqueue(aHostQuery(n, { priority }));
    const { deliveries, pending } = await queue.read('h1', true);
    expect(deliveries.map(({ id }) => id)).toEqual(['0a', '0b', '1a']);
    expect(pending.map(({ priority }) => priority)).toEqual([0, 5, 9]);
  });

  it('keeps the first query with a given id', async () => {
    await queue.enqueue(aHostQuery(1));
    await queue.enqueue(aHostQuery(1, { sql: 'SELECT 2' }));
    expect((await queue.read('h1', true)).pending).toEqual([aHostQuery(1)]);
  });

  it('writes TTL in seconds, never before the query expires', async () => {
    await queue.enqueue(aHostQuery(1, { expiresAtMs: T0 + 1 }));
    expect(await everything(world.table)).toMatchObject([{ expiresAt: T0 / 1000 + 1 }]);
  });

  it('grants a claim to exactly one of several callers with the same revision', async () => {
    await world.aNode('h1');
    const won = await Promise.all([1, 2, 3, 4].map((n) => queue.claim('h1', 0, { [`q${n}`]: T0 + SECOND })));
    expect(won.filter(Boolean)).toHaveLength(1);
    const { node } = await queue.read('h1', true);
    expect(node).toMatchObject({ rev: 1, taken: { [`q${won.indexOf(true) + 1}`]: T0 + SECOND } });
    expect(await queue.claim('h1', 1, {})).toBe(true);
  });

  it('grants no claim without a node', async () => {
    expect(await queue.claim('h1', 0, {})).toBe(false);
    expect(await everything(world.table)).toEqual([]);
  });

  it('removes a query once if it is named twice', async () => {
    const query = aPendingQuery(1);
    await queue.enqueue(query);
    await queue.remove([keyOf(query), keyOf(query)]);
    expect((await queue.read('h1', true)).pending).toEqual([]);
  });

  it('finds any number of deliveries', async () => {
    const ids = Array.from({ length: 120 }, (_, n) => `d${n}`);
    for (const id of ids) await queue.deliver(aDelivery(id));
    const found = await queue.findDeliveries('h1', ids);
    expect(found.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  });

  it('treats a delivery that a crash left in both states as in flight', async () => {
    const delivery = aDelivery('d1');
    await queue.deliver(delivery);
    await queue.retire(delivery);
    await queue.deliver(delivery);
    expect(await queue.findDeliveries('h1', ['d1'])).toEqual([{ ...delivery, isRetired: false }]);
  });

  it('removes any number of queries, including ones already gone', async () => {
    const queries = Array.from({ length: 60 }, (_, n) => aHostQuery(n));
    for (const query of queries.slice(5)) await queue.enqueue(query);
    await queue.remove(queries.slice(0, 58).map(keyOf));
    expect((await queue.read('h1', true)).pending.map(({ queryId }) => queryId)).toEqual(['q0058', 'q0059']);
    await queue.remove([]);
    await queue.remove([keyOf(aHostQuery(58))]);
    expect((await queue.read('h1', true)).pending).toHaveLength(1);
  });

  it('retries items that DynamoDB left unprocessed', async () => {
    const client = dynamodb();
    let calls = 0;
    client.middlewareStack.add(
      (next, { commandName }) =>
        async (args) => {
          if (commandName !== 'BatchWriteItemCommand' && commandName !== BatchWriteCommand.name) return next(args);
          calls += 1;
          const items = (args.input as { RequestItems: Record<string, unknown[]> }).RequestItems;
          const requests = items[world.table.name] ?? [];
          const kept = requests.length > 1 ? requests.slice(0, -1) : requests;
          const left = requests.slice(kept.length);
          const done = await next({ ...args, input: { ...args.input, RequestItems: { [world.table.name]: kept } } });
          Object.assign(
            done.output as object,
            left.length > 0 ? { UnprocessedItems: { [world.table.name]: left } } : {},
          );
          return done;
        },
      { step: 'initialize' },
    );
    const throttled = new DynamoHostQueue({ name: world.table.name, db: DynamoDBDocumentClient.from(client) });
    const queries = Array.from({ length: 4 }, (_, n) => aHostQuery(n));
    for (const query of queries) await queue.enqueue(query);
    await throttled.remove(queries.map(keyOf));
    expect((await queue.read('h1', true)).pending).toEqual([]);
    expect(calls).toBe(2);
  });

  it('counts all pending queries even if they do not fit in one read', async () => {
    const large = (n: number) => {
      const text = randomBytes(60_000).toString('hex'); // compresses to half its length
      return aHostQuery(n, { sql: `SELECT '${text}' AS x`, queryId: `large${n}` });
    };
    const limits = { ...plainPolicy.limits, pendingPerHost: 20 };
    for (let n = 0; n < 20; n++) await queue.enqueue(large(n));
    expect((await queue.read('h1')).pending.length).toBeLessThan(20); // a page is 1 MB
    expect(
      await enqueue('h1', { queries: [large(20)], refusals: [] }, { limits, heatSeconds: 0 }, world.taskDeps()),
    ).toEqual([]);
    expect((await queue.waitingIds('h1', world.nowMs)).size).toBe(20);
  });
});
