import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { fixture } from '../../../support/fixtures.ts';
import { anAnswer, MINUTE, SECOND, T0, World } from '../../../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode('h1');
});

const queue = async (...pending: PendingQuery[]): Promise<void> => {
  for (const query of pending) await world.ports.queue.enqueue(query);
};
const poll = async (atMs = world.nowMs): Promise<string[]> => {
  world.nowMs = atMs;
  return (await world.poll('h1')).map((query) => query.wireId);
};
const partition = () => world.ports.queue.open('h1', true);
/** A task whose query waits, with a record in the ledger. */
async function aTask(n: number, query: Partial<PendingQuery> = {}): Promise<void> {
  await world.ports.ledger.advance(aSnapshot(n, { occurredAtMs: T0, receivedAtMs: T0 }));
  await world.ports.ledger.handled(taskArn(n), 1, { host: 'h1', enrolled: true, asked: [], settleByMs: T0 });
  await queue(aPendingQuery(n, query));
}

describe('a poll', () => {
  it('gets nothing, and writes nothing, when nothing waits', async () => {
    const before = await partition();
    expect(await poll()).toEqual([]);
    expect(await partition()).toEqual(before);
  });

  it('takes what waits, once', async () => {
    await queue(aHostQuery(1));
    expect(await poll()).toHaveLength(1);
    expect((await partition()).pending).toEqual([]);
    expect(await poll(T0 + 10 * SECOND)).toEqual([]);
  });

  it('gets the most urgent first and at most three at a time', async () => {
    const priorities = [5, 0, 9, 3, 4].map((priority, n) => aHostQuery(n, { priority }));
    await queue(...priorities);
    const first = await world.poll('h1');
    world.nowMs += 10 * SECOND;
    const second = await world.poll('h1');
    expect(first.map((query) => query.query)).toEqual(['host-1', 'host-3', 'host-4']);
    expect(second.map((query) => query.query)).toEqual(['host-0', 'host-2']);
  });

  it('gets, of the same urgency, what has waited longest', async () => {
    for (const [n, queuedAtMs] of [T0 - 1, T0 - 9, T0, T0 - 5].entries()) await queue(aHostQuery(n, { queuedAtMs }));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-1', 'host-3', 'host-0']);
  });

  it('gets three questions that prove something, whatever is more urgent, and three others', async () => {
    for (let n = 0; n < 5; n++) await queue(aHostQuery(n, { priority: 0, queuedAtMs: T0 - MINUTE + n }));
    for (const [index, query] of ['container', 'remains', 'instance', 'image'].entries())
      for (const n of [1, 2]) await queue(aPendingQuery(n, { queryId: `${query}${n}`, query, priority: 3 + index }));
    const took = (await world.poll('h1')).map(({ query, askers }) => `${query} for ${askers.length}`);
    const proofs = ['container for 2', 'remains for 2', 'instance for 2'];
    expect(took).toEqual(['host-0 for 1', 'host-1 for 1', 'host-2 for 1', ...proofs]);
  });

  it('gets last gasps before all else of their urgency, however long that has waited', async () => {
    for (let n = 0; n < 3; n++) await queue(aHostQuery(n, { priority: 0, queuedAtMs: T0 - MINUTE }));
    await queue(aHostQuery(7, { priority: 0, set: 'last-gasp' }));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-7', 'host-0', 'host-1']);
  });

  it('is answered alike when the agent sends it again within six seconds, and that is no further attempt', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    const ids = await poll();
    await queue(aHostQuery(3));
    expect(await poll(T0 + 1 * SECOND)).toEqual(ids);
    expect(await poll(T0 + 6 * SECOND)).toEqual(ids);
    expect((await partition()).deliveries).toMatchObject([{ attempt: 1 }]);
    expect(await poll(T0 + 6 * SECOND + 1)).toHaveLength(1); // a poll of its own: only what is new
  });

  it('gets, when it is sent again, the last gasps too that have come since', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    const ids = await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }), aHostQuery(5));
    const again = await poll(T0 + 1 * SECOND);
    expect(again.slice(0, 3)).toEqual(ids);
    expect((await partition()).deliveries.at(-1)?.queries.map(({ query }) => query)).toEqual(['host-4']);
    expect(await poll(T0 + 5 * SECOND)).toEqual(again);
    expect((await partition()).pending.map(({ query }) => query)).toEqual(['host-5']);
  });

  it('hands out what waits although an answered part of an earlier delivery is only seconds old', async () => {
    await queue(aHostQuery(1), aHostQuery(2, { discovery: 'SELECT 1' }));
    const [first = ''] = (await world.poll('h1')).flatMap((query) => (query.discovery ? [] : [query.wireId]));
    await world.answer('h1', [anAnswer(first)]);
    await queue(aHostQuery(3));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-3']);
  });

  it('gets a large backlog in bites that the table can hold', async () => {
    const image = 'registry.example.com/'.padEnd(255, 'i');
    const containers = (n: number): number[] => Array.from({ length: 10 }, (_, c) => n * 10 + c);
    for (let n = 0; n < 60; n++) {
      const subjects = containers(n).map(dockerId);
      await queue(
        aPendingQuery(n, {
          query: `kind-${n % 3}`,
          subjects,
          bindings: { containers: [] },
          decorations: { group: 'g'.repeat(20_000) },
          subjectDecorations: Object.fromEntries(subjects.map((id) => [id, { container_name: image, image }])),
        }),
      );
    }
    const seen = new Set<string>();
    for (let round = 0; round < 40 && seen.size < 60; round++) {
      const queries = await world.poll('h1');
      expect(queries.length).toBeGreaterThan(0);
      for (const { askers } of queries) for (const asker of askers) seen.add(asker.queryId);
      await world.answer(
        'h1',
        queries.map(({ wireId }) => anAnswer(wireId)),
      );
      world.nowMs += 10 * SECOND;
    }
    expect(seen.size).toBe(60);
  });
});

describe('a delivery without an answer', () => {
  it('is offered again after its lease, three times in all, and its silence is then in the ledger', async () => {
    await aTask(1);
    const ids = await poll();
    expect(await poll(T0 + 29_999)).toEqual([]);
    expect(await poll(T0 + 30_000)).toEqual(ids);
    expect(await poll(T0 + 59_999)).toEqual([]);
    expect(await poll(T0 + 60_000)).toEqual(ids);
    expect(await poll(T0 + 89_999)).toEqual([]);
    expect(await poll(T0 + 90_000)).toEqual([]);
    expect((await partition()).deliveries).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('is offered again without what was answered', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    const [first = '', second = ''] = await poll();
    await world.answer('h1', [anAnswer(first)]);
    expect(await poll(T0 + 30_000)).toEqual([second]);
  });

  it('is offered alike to the poll that follows its second hand-over within six seconds', async () => {
    await queue(aHostQuery(1), aHostQuery(2, { discovery: 'SELECT 1' }));
    await poll();
    const again = await poll(T0 + 30_000);
    expect(await poll(T0 + 31_000)).toEqual(again);
  });

  it('leaves no room for more than three queries, its own included, however many deliveries are overdue', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    const first = await poll();
    await queue(aHostQuery(4), aHostQuery(5), aHostQuery(6));
    const second = await poll(T0 + 10 * SECOND);
    expect([...first, ...second]).toHaveLength(6);
    await queue(aHostQuery(7));
    expect(await poll(T0 + 60 * SECOND)).toEqual(first);
    expect(await poll(T0 + 70 * SECOND)).toEqual(second);
    expect(await poll(T0 + 80 * SECOND)).toHaveLength(1);
  });

  it('makes way for last gasps', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    const first = await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }));
    world.nowMs = T0 + 30_000;
    expect((await world.poll('h1')).map(({ query }) => query)).toEqual(['host-4']);
    await world.answer(
      'h1',
      (await partition()).deliveries
        .slice(-1)
        .flatMap((d) => d.queries)
        .map((q) => anAnswer(q.wireId)),
    );
    expect(await poll(T0 + 35_000)).toEqual(first);
  });

  it('comes after one that holds a last gasp', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }), aHostQuery(5), aHostQuery(6));
    await poll(T0 + 10 * SECOND);
    world.nowMs = T0 + 45 * SECOND;
    expect((await world.poll('h1')).map(({ query }) => query)).toEqual(['host-4', 'host-5', 'host-6']);
  });

  it('keeps no last gasp waiting where an agent that polls every 5 s answers nothing', async () => {
    for (let n = 0; n < 15; n++) await queue(aHostQuery(n));
    for (let round = 0; round < 9; round++) await poll(T0 + round * 5 * SECOND);
    await queue(
      aPendingQuery(20, { set: 'last-gasp', priority: 0 }),
      aHostQuery(21, { set: 'last-gasp', priority: 0 }),
    );
    world.nowMs += 5 * SECOND;
    const took = (await world.poll('h1')).map(({ query }) => query);
    expect(took).toEqual(expect.arrayContaining(['container', 'host-21']));
  });

  it('leaves room for what proves something, however many last gasps wait that do not', async () => {
    await aTask(1);
    await poll();
    const gasps = [1, 2, 3, 4, 5].map((n) => aHostQuery(n, { set: 'last-gasp', priority: 0 }));
    await queue(...gasps);
    world.nowMs = T0 + 30 * SECOND;
    expect((await world.poll('h1')).map(({ set }) => set).sort()).toEqual([
      'last-gasp',
      'last-gasp',
      'last-gasp',
      'live',
    ]);
  });

  it('does not stand for the same question, asked again once it was given up', async () => {
    await queue(aHostQuery(1));
    await poll();
    for (const seconds of [30, 60]) await poll(T0 + seconds * SECOND);
    await queue(aHostQuery(1, { queuedAtMs: T0 + 80 * SECOND, expiresAtMs: T0 + 60 * MINUTE }));
    expect(await poll(T0 + 90 * SECOND)).toHaveLength(1);
    expect((await partition()).deliveries).toMatchObject([{ attempt: 1 }]);
  });

  it('is never handed out past the expiry of its queries, whatever is left of its attempts', async () => {
    await aTask(1, { expiresAtMs: T0 + 30_000 });
    await poll();
    expect(await poll(T0 + 30_000)).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('is asked again in the part that has not expired', async () => {
    await queue(aHostQuery(1, { expiresAtMs: T0 + 20_000 }), aHostQuery(2));
    const [, second = ''] = await poll();
    expect(await poll(T0 + 30_000)).toEqual([second]);
  });
});

describe('a query behind a discovery query', () => {
  const guarded = aHostQuery(2, { discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'" });

  it('is asked once: a node that answers the rest has skipped it, and says nothing of that', async () => {
    await queue(aHostQuery(1), guarded);
    const delivered = await world.poll('h1');
    const plain = delivered.find((query) => query.discovery === undefined)?.wireId ?? '';
    await world.answer('h1', [anAnswer(plain)]);
    for (const seconds of [1, 5, 30, 60, 90]) expect(await poll(T0 + seconds * SECOND)).toEqual([]);
    expect((await partition()).deliveries).toEqual([]);
  });

  it('is offered again while nothing of its delivery was answered: the node may never have got it', async () => {
    await queue(aHostQuery(1), guarded);
    const ids = await poll();
    expect(await poll(T0 + 30_000)).toEqual(ids);
  });

  it('is no trouble of the agent when it stays unanswered to the end', async () => {
    await aTask(1, { discovery: 'SELECT 1' });
    for (const seconds of [0, 30, 60, 90]) await poll(T0 + seconds * SECOND);
    expect((await partition()).deliveries).toEqual([]);
    expect((await world.record(taskArn(1))).troubles).toEqual([]);
  });
});

describe('expiry', () => {
  it('is by the clock: a row that TTL has not removed yet is not handed out but counted', async () => {
    await aTask(1);
    expect(await poll(T0 + 600_000)).toEqual([]);
    expect((await partition()).pending).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'expired' });
  });

  it('is not a moment early', async () => {
    await queue(aHostQuery(1));
    expect(await poll(T0 + 599_999)).toHaveLength(1);
  });
});

describe('fifty task starts on one host', () => {
  const fifty = Array.from({ length: 50 }, (_, n) => n);
  const start = (n: number, status = 'RUNNING', version = 5) =>
    fixture(5, {
      taskArn: taskArn(n),
      version,
      lastStatus: status,
      containers: [{ name: `job-${n}`, lastStatus: status, runtimeId: dockerId(n) }],
    });

  it('cost it one query each for containers and processes, and the answer tells them apart again', async () => {
    await world.take(fixture(15));
    const host = 'i-0a1b2c3d4e5f60718';
    await world.aNode(host);
    for (let n = 0; n < 50; n += 10) await world.take(...fifty.slice(n, n + 10).map((m) => start(m)));
    const queries = await world.poll(host);
    expect(queries.map((query) => query.query).toSorted()).toEqual(['container', 'processes']);

    const container = queries.find((query) => query.query === 'container');
    const ids = container?.sql.match(/[0-9a-f]{64}/g) ?? [];
    expect(ids.toSorted()).toEqual(fifty.map(dockerId).toSorted());
    const rows = fifty
      .filter((n) => n % 5 !== 0)
      .map((n) => ({ id: dockerId(n), state: n % 5 === 1 ? 'exited' : 'running' }));
    expect(await world.answer(host, [anAnswer(container?.wireId ?? '', rows)])).toBe(true);

    expect(new Map(world.sink.stored.map((line) => [line.columns?.id, line.workload]))).toEqual(
      new Map(rows.map(({ id }) => [id, taskArn(fifty.find((n) => dockerId(n) === id) ?? -1)])),
    );
    expect(world.sink.stored.find((line) => line.columns?.id === dockerId(7))?.decorations).toMatchObject({
      task_arn: taskArn(7),
      container_name: 'job-7',
      cluster: 'ephemeral-prod',
      host_identifier: host,
    });
    world.nowMs += 14 * MINUTE;
    const verdicts = await Promise.all(fifty.map((n) => world.verdict(taskArn(n))));
    const expected = fifty.map((n) => {
      if (n % 5 === 0) return { verdict: 'missed', reason: 'no-row' };
      return { verdict: n % 5 === 1 ? 'post-mortem' : 'seen' };
    });
    expect(verdicts).toEqual(expected);
  });
});
