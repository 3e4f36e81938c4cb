import { beforeEach, describe, expect, it } from '@jest/globals';
import { attemptsOf, runOf } from '../../../../lib/core/queue/offers.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';
import { polledHost } from './polled-host.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode('h1');
});
const { queue, poll, names, partition, aTask } = polledHost(() => world);

describe('a poll', () => {
  it('gets nothing and writes nothing without pending queries', async () => {
    const before = await partition();
    expect(await poll()).toEqual([]);
    expect(await partition()).toEqual(before);
  });

  it('takes a pending query once', async () => {
    await queue(aHostQuery(1));
    expect(await poll()).toHaveLength(1);
    expect((await partition()).pending).toEqual([]);
    expect(await poll(T0 + 10 * SECOND)).toEqual([]);
  });

  it('gets the most urgent queries first, at most three at a time', async () => {
    const priorities = [5, 0, 9, 3, 4].map((priority, n) => aHostQuery(n, { priority }));
    await queue(...priorities);
    const first = await world.poll('h1');
    world.nowMs += 10 * SECOND;
    const second = await world.poll('h1');
    expect(first.map((query) => query.query)).toEqual(['host-1', 'host-3', 'host-4']);
    expect(second.map((query) => query.query)).toEqual(['host-0', 'host-2']);
  });

  it('gets the oldest queries first among equally urgent ones', async () => {
    for (const [n, queuedAtMs] of [T0 - 1, T0 - 9, T0, T0 - 5].entries()) await queue(aHostQuery(n, { queuedAtMs }));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-1', 'host-3', 'host-0']);
  });

  it('gets three evidence queries regardless of urgency, and three others', async () => {
    for (let n = 0; n < 5; n++) await queue(aHostQuery(n, { priority: 0, queuedAtMs: T0 - MINUTE + n }));
    for (const [index, query] of ['container', 'remains', 'instance', 'image'].entries())
      for (const n of [1, 2]) await queue(aPendingQuery(n, { queryId: `${query}${n}`, query, priority: 3 + index }));
    const took = (await world.poll('h1')).map(({ query, askers }) => `${query} for ${askers.length}`);
    const proofs = ['container for 2', 'remains for 2', 'instance for 2'];
    expect(took).toEqual(['host-0 for 1', 'host-1 for 1', 'host-2 for 1', ...proofs]);
  });

  it('gets last gasps first among equally urgent queries, however long the others have waited', async () => {
    for (let n = 0; n < 3; n++) await queue(aHostQuery(n, { priority: 0, queuedAtMs: T0 - MINUTE }));
    await queue(aHostQuery(7, { priority: 0, set: 'last-gasp' }));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-7', 'host-0', 'host-1']);
  });

  it('gets the same reply if the agent repeats it within six seconds, which counts as no further attempt', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    const asked = await names();
    await queue(aHostQuery(3));
    expect(await names(T0 + 1 * SECOND)).toEqual(asked);
    expect(await names(T0 + 6 * SECOND)).toEqual(asked);
    expect((await partition()).deliveries.map((delivery) => attemptsOf(delivery).length)).toEqual([1]);
    expect(await names(T0 + 6 * SECOND + 1)).toEqual(['host-3']); // a separate poll gets only new queries
  });

  it('gets new ids each time: the first reply may have arrived, and the agent may hold its answers', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    const all = [await poll(), await poll(T0 + 1 * SECOND), await poll(T0 + 5 * SECOND), await poll(T0 + 30 * SECOND)];
    expect(new Set(all.flat()).size).toBe(7); // in parts after the lease
    expect(all.flat().toSorted()).toEqual(all.flat());
  });

  it('gets ids that identify its answers, even from a clock with fractions of a millisecond', async () => {
    await queue(aHostQuery(1));
    const ids = await poll(T0 + 0.75);
    expect(ids.map((id) => runOf(id)?.position)).toEqual([0]);
    await world.answer(
      'h1',
      ids.map((id) => anAnswer(id)),
    );
    expect((await partition()).deliveries).toEqual([]);
  });

  it('is treated as repeated no more often than an agent resends one read', async () => {
    await queue(aHostQuery(1));
    for (let copy = 0; copy < 6; copy++) expect(await poll(T0 + copy * 100)).toHaveLength(1);
    expect(await poll(T0 + 600)).toEqual([]);
  });

  it('gets newly queued last gasps when it is repeated', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }), aHostQuery(5));
    const again = await names(T0 + 1 * SECOND);
    expect(again).toEqual(['host-1', 'host-2', 'host-3', 'host-4']);
    expect((await partition()).deliveries.at(-1)?.queries.map(({ query }) => query)).toEqual(['host-4']);
    expect(await names(T0 + 5 * SECOND)).toEqual(again);
    expect((await partition()).pending.map(({ query }) => query)).toEqual(['host-5']);
  });

  it('gets pending queries although an answered part of an earlier delivery is only seconds old', async () => {
    await queue(aHostQuery(1), aHostQuery(2, { discovery: 'SELECT 1' }));
    const [first = ''] = (await world.poll('h1')).flatMap((query) => (query.discovery ? [] : [query.wireId]));
    await world.answer('h1', [anAnswer(first)]);
    await queue(aHostQuery(3));
    expect((await world.poll('h1')).map((query) => query.query)).toEqual(['host-3']);
  });

  it('gets a large backlog in portions that the table can handle', async () => {
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

describe('expiry', () => {
  it('depends on the clock: a row that TTL has not removed yet is counted, not delivered', async () => {
    await aTask(1);
    expect(await poll(T0 + 600_000)).toEqual([]);
    expect((await partition()).pending).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'expired' });
  });

  it('is not a millisecond early', async () => {
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

  it('are merged into one query each for containers and processes, and the answer is split by task', async () => {
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
