import { expect, it } from '@jest/globals';
import { type Delivery, deliveryOf } from '../../lib/core/queue/delivery.ts';
import type { SpacedQuery } from '../../lib/core/queue/host-queue.ts';
import { keyOf, type PendingQuery } from '../../lib/core/queue/pending-query.ts';
import { aNode } from '../support/a-node.ts';
import { aHostQuery, aPendingQuery } from '../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../support/times.ts';
import { contract } from './editions.ts';

const LEASE_MS = 30 * SECOND;

/** A delivery of these queries, each with its own spacing key. */
const aDelivery = (id: string, ...queries: readonly PendingQuery[]): Delivery =>
  deliveryOf(
    id,
    queries.map((query) => [query] as const),
    T0,
    LEASE_MS,
  );

contract('a queue', (begin) => {
  it('is empty at first', async () => {
    const { queue } = await begin();
    expect(await queue.read('h1')).toEqual({ deliveries: [], pending: [] });
    expect(await queue.waitingIds('h1', T0)).toEqual(new Set());
    expect(await queue.findDeliveries('h1', ['000000001-aaaa'])).toEqual([]);
  });

  it('lists the pending queries of one host by priority, then id', async () => {
    const { queue } = await begin();
    const later = aPendingQuery(1, { priority: 5 });
    const [b, a] = [aPendingQuery(3), aPendingQuery(2)];
    for (const query of [later, b, a, aPendingQuery(4, { host: 'h2' })]) await queue.enqueue(query);
    expect((await queue.read('h1', true)).pending).toEqual([a, b, later]);
    expect((await queue.read('h2', true)).pending).toEqual([aPendingQuery(4, { host: 'h2' })]);
  });

  it('adds a query once, and again only if the first has expired', async () => {
    const { queue } = await begin();
    const query = aPendingQuery(1, { expiresAtMs: T0 + MINUTE });
    await queue.enqueue(query);
    await queue.enqueue({ ...query, sql: 'SELECT 2', queuedAtMs: T0 + MINUTE - SECOND });
    expect((await queue.read('h1', true)).pending).toEqual([query]);
    const again = { ...query, sql: 'SELECT 3', queuedAtMs: T0 + MINUTE, expiresAtMs: T0 + 2 * MINUTE };
    await queue.enqueue(again);
    expect((await queue.read('h1', true)).pending).toEqual([again]);
  });

  it('counts pending queries without expired ones', async () => {
    const { queue } = await begin();
    await queue.enqueue(aPendingQuery(1, { expiresAtMs: T0 + MINUTE }));
    await queue.enqueue(aPendingQuery(2, { expiresAtMs: T0 + 2 * MINUTE }));
    expect(await queue.waitingIds('h1', T0)).toEqual(new Set(['q0001', 'q0002']));
    expect(await queue.waitingIds('h1', T0 + MINUTE)).toEqual(new Set(['q0002']));
    await queue.enqueue(aPendingQuery(3, { queryId: 'a id with spaces / and #' }));
    expect(await queue.waitingIds('h1', T0 + 2 * MINUTE)).toEqual(new Set(['a id with spaces / and #']));
  });

  it('removes pending queries idempotently', async () => {
    const { queue } = await begin();
    const queries = Array.from({ length: 30 }, (_, n) => aPendingQuery(n));
    for (const query of queries) await queue.enqueue(query);
    await queue.remove([...queries, ...queries].map(keyOf));
    await queue.remove([keyOf(queries[0] as PendingQuery)]);
    await queue.remove([]);
    expect((await queue.read('h1', true)).pending).toEqual([]);
  });

  /** A query that reserves a spacing key for a minute. */
  const asking = (n: number, spacingKey: string, untilMs: number, host = 'h1'): SpacedQuery => ({
    query: aPendingQuery(n, { host }),
    reserves: { spacingKey, untilMs },
  });

  it('reserves a spacing key for one query of a host, which may renew it, until the reservation ends', async () => {
    const { queue } = await begin();
    const leftOut = async (nowMs: number, ...spaced: SpacedQuery[]) => [...(await queue.enqueueSpaced(spaced, nowMs))];
    expect(await leftOut(T0, asking(1, 'what', T0 + MINUTE))).toEqual([]);
    expect(await leftOut(T0, asking(2, 'what', T0 + MINUTE))).toEqual(['q0002']);
    expect(await leftOut(T0, asking(1, 'what', T0 + 2 * MINUTE))).toEqual([]);
    expect(await leftOut(T0 + MINUTE, asking(2, 'what', T0 + 3 * MINUTE))).toEqual(['q0002']);
    expect(await leftOut(T0, asking(2, 'what', T0 + MINUTE, 'h2'))).toEqual([]);
    expect(await leftOut(T0, asking(3, 'where', T0 + MINUTE))).toEqual([]);
    expect(await leftOut(T0 + 2 * MINUTE, asking(2, 'what', T0 + 3 * MINUTE))).toEqual([]);
    expect(await queue.waitingIds('h1', T0)).toEqual(new Set(['q0001', 'q0002', 'q0003']));
  });

  it('adds many queries at once, except reserved questions and pending queries', async () => {
    const { queue } = await begin();
    const many = Array.from({ length: 25 }, (_, n) => asking(n, `what ${n}`, T0 + MINUTE));
    const first = aPendingQuery(3, { sql: 'SELECT 2' });
    await queue.enqueue(first);
    for (const n of [7, 22]) await queue.enqueueSpaced([asking(100 + n, `what ${n}`, T0 + MINUTE)], T0);
    expect(await queue.enqueueSpaced(many, T0)).toEqual(new Set(['q0007', 'q0022']));
    expect(await queue.enqueueSpaced(many, T0)).toEqual(new Set(['q0007', 'q0022']));
    const { pending } = await queue.read('h1', true);
    expect(pending).toHaveLength(25);
    expect(pending).toContainEqual(first);
    // The query that was pending reserves its key too.
    expect(await queue.enqueueSpaced([asking(50, 'what 3', T0 + MINUTE)], T0)).toEqual(new Set(['q0050']));
  });

  it('adds queries without a reservation, each once', async () => {
    const { queue } = await begin();
    const [query, other] = [aPendingQuery(1), aPendingQuery(2)];
    expect(await queue.enqueueSpaced([{ query }], T0)).toEqual(new Set());
    expect(await queue.enqueueSpaced([{ query: { ...query, sql: 'SELECT 2' } }, { query: other }], T0)).toEqual(
      new Set(),
    );
    expect((await queue.read('h1', true)).pending).toEqual([query, other]);
    expect(await queue.enqueueSpaced([], T0)).toEqual(new Set());
  });

  it('gives a spacing key to one of two concurrent callers', async () => {
    const { queue } = await begin();
    const [one, two] = [1, 2].map((n) => asking(n, 'what', T0 + MINUTE));
    const leftOut = await Promise.all([one, two].map((spaced) => queue.enqueueSpaced(spaced ? [spaced] : [], T0)));
    expect(leftOut.map((ids) => ids.size).sort()).toEqual([0, 1]);
    expect(await queue.waitingIds('h1', T0)).toHaveProperty('size', 1);
  });
});

contract('a claim', (begin) => {
  it('succeeds for a caller with the current revision, and returns the queries it takes', async () => {
    const { queue, registry } = await begin();
    await registry.enroll(aNode('h1', { rev: 4 }), undefined);
    expect(await queue.claim('h1', 3, { q1: T0 })).toBe(false);
    expect(await queue.claim('h1', 4, { q1: T0 })).toBe(true);
    expect(await queue.claim('h1', 4, { q2: T0 })).toBe(false);
    expect(await queue.claim('h1', 5, { q2: T0 + 1 })).toBe(true);
    expect((await queue.read('h1', true)).node).toMatchObject({ rev: 6, taken: { q2: T0 + 1 } });
  });

  it('fails without a node', async () => {
    const { queue } = await begin();
    expect(await queue.claim('h1', 0, {})).toBe(false);
  });
});

contract('a delivery', (begin) => {
  const [first, second] = [aPendingQuery(1), aHostQuery(2)];

  it('is in flight once it is written, oldest first', async () => {
    const { queue } = await begin();
    const later = aDelivery('000000002-aaaa', second);
    const earlier = aDelivery('000000001-aaaa', first);
    await queue.deliver(later);
    await queue.deliver(earlier);
    expect((await queue.read('h1', true)).deliveries).toEqual([earlier, later]);
  });

  it('is offered again for one of several callers with the same lease', async () => {
    const { queue } = await begin();
    const delivery = aDelivery('000000001-aaaa', first, second);
    const offer = { atMs: T0 + MINUTE, positions: [1] };
    const untilMs = T0 + MINUTE + LEASE_MS;
    expect(await queue.offerAgain(delivery, offer, untilMs)).toBeUndefined();
    await queue.deliver(delivery);
    expect(await queue.offerAgain(delivery, offer, untilMs)).toBe(1);
    expect(await queue.offerAgain(delivery, offer, untilMs)).toBeUndefined();
    expect((await queue.read('h1', true)).deliveries).toEqual([
      { ...delivery, offers: [...delivery.offers, offer], leaseUntilMs: untilMs },
    ]);
  });

  it('records every repeat of a read with its own number, without changing the lease', async () => {
    const { queue } = await begin();
    const delivery = aDelivery('000000001-aaaa', first);
    await queue.deliver(delivery);
    const repeat = { atMs: T0 + SECOND, positions: [0], isRepeat: true };
    const numbers = await Promise.all([1, 2, 3].map(() => queue.offerAgain(delivery, repeat)));
    expect(numbers.toSorted()).toEqual([1, 2, 3]);
    expect(await queue.offerAgain(delivery, { atMs: T0 + LEASE_MS, positions: [0] }, T0 + MINUTE)).toBe(4);
    const [known] = (await queue.read('h1', true)).deliveries;
    expect(known).toMatchObject({ leaseUntilMs: T0 + MINUTE });
    expect(known?.offers).toHaveLength(5);
  });

  it('is retired once all of it is answered, in any order, and does not come back', async () => {
    const { queue } = await begin();
    const delivery = aDelivery('000000001-aaaa', first, second);
    const complete = async (...marks: string[]): Promise<void> => {
      for (const found of await queue.findDeliveries('h1', [delivery.id]))
        await queue.complete([{ delivery: found, marks }]);
    };
    await queue.deliver(delivery);
    await complete('00-01');
    expect((await queue.read('h1', true)).deliveries).toEqual([{ ...delivery, answered: ['00-01'] }]);
    await complete('02-00!');
    expect((await queue.read('h1', true)).deliveries).toEqual([]);
    await complete('00-00');
    expect(await queue.offerAgain(delivery, { atMs: T0, positions: [0] }, T0)).toBeUndefined();
    expect((await queue.read('h1', true)).deliveries).toEqual([]);
    expect(await queue.findDeliveries('h1', [delivery.id])).toEqual([
      { ...delivery, answered: ['00-00', '00-01', '02-00!'], isRetired: true },
    ]);
  });

  it('keeps both answers of two concurrent writers, and stays until the next read', async () => {
    const { queue } = await begin();
    const delivery = aDelivery('000000001-aaaa', first, second);
    await queue.deliver(delivery);
    const asRead = { ...delivery, isRetired: false };
    await queue.complete([{ delivery: asRead, marks: ['00-00'] }]);
    await queue.complete([{ delivery: asRead, marks: ['00-01'] }]);
    const [open] = (await queue.read('h1', true)).deliveries;
    expect(open?.answered.toSorted()).toEqual(['00-00', '00-01']);
  });

  it('records which of its queries another host gets, both in flight and retired', async () => {
    const { queue } = await begin();
    const [first, second] = [aPendingQuery(1), aPendingQuery(2)];
    const [flying, retired] = [aDelivery('000000001-aaaa', first, second), aDelivery('000000002-aaaa', first)];
    for (const delivery of [flying, retired]) await queue.deliver(delivery);
    await queue.retire(retired);
    for (const id of [second.queryId, first.queryId, second.queryId]) await queue.recordMoved(flying, [id]);
    await queue.recordMoved(retired, [first.queryId]);
    await queue.recordMoved(aDelivery('000000003-aaaa', first), [first.queryId]);
    const both = [first.queryId, second.queryId].sort();
    expect((await queue.read('h1', true)).deliveries).toEqual([{ ...flying, moved: both }]);
    expect(await queue.retiredDeliveries('h1')).toEqual([{ ...retired, moved: [first.queryId] }]);
    expect(await queue.retiredDeliveries('h2')).toEqual([]);
    await queue.retire({ ...flying, moved: both });
    expect(await queue.retiredDeliveries('h1')).toContainEqual({ ...flying, moved: both });
  });

  it('that is retired is no longer listed for the host, but is found by its id like others', async () => {
    const { queue } = await begin();
    const [flying, retired] = [aDelivery('000000001-aaaa', first), aDelivery('000000002-aaaa', second)];
    for (const delivery of [flying, retired]) await queue.deliver(delivery);
    await queue.retire(retired);
    await queue.retire(retired);
    expect((await queue.read('h1', true)).deliveries).toEqual([flying]);
    const found = await queue.findDeliveries('h1', ['000000009-aaaa', retired.id, flying.id]);
    expect(found.toSorted((a, b) => (a.id < b.id ? -1 : 1))).toEqual([
      { ...flying, isRetired: false },
      { ...retired, isRetired: true },
    ]);
    expect(await queue.findDeliveries('h2', [flying.id, retired.id])).toEqual([]);
  });
});
