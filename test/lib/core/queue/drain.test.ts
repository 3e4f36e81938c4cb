import { beforeEach, describe, expect, it } from '@jest/globals';
import { attemptsOf, runOf } from '../../../../lib/core/queue/offers.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { defaultLimits, planDrain } from '../../../../lib/core/queue/plan-drain.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

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
/** The names of the queries that a poll gets. */
const names = async (atMs = world.nowMs): Promise<string[]> => {
  world.nowMs = atMs;
  return (await world.poll('h1')).map(({ query }) => query);
};
const reported = (name: string) => world.reports.filter(({ event }) => event === name).map(({ fields }) => fields);
const givenUp = () => reported('query_unanswered');
const partition = () => world.ports.queue.read('h1', true);
/** A task with a pending query and a record in the ledger. */
async function aTask(n: number, query: Partial<PendingQuery> = {}): Promise<void> {
  await world.ports.ledger.advance(aSnapshot(n, { occurredAtMs: T0, receivedAtMs: T0 }));
  await world.ports.ledger.markHandled(taskArn(n), 1, { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 });
  await queue(aPendingQuery(n, query));
}

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

describe('a query without an answer', () => {
  it('is offered again after its lease, three times in all, and then closed as unanswered if its agent polls', async () => {
    await aTask(1);
    expect(await names()).toEqual(['container']);
    expect(await names(T0 + 29_999)).toEqual([]);
    expect(await names(T0 + 30_000)).toEqual(['container']);
    expect(await names(T0 + 59_999)).toEqual([]);
    expect(await names(T0 + 60_000)).toEqual(['container']);
    expect(await names(T0 + 89_999)).toEqual([]);
    expect(await names(T0 + 90_000)).toEqual([]);
    expect((await partition()).deliveries).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'unanswered' });
    const named = { host: 'h1', rule: 'ecs-task-running', query: 'container' };
    expect(givenUp()).toEqual([{ ...named, set: 'live', offers: 3, alone: 3 }]);
    expect(world.sink.stored).toMatchObject([
      { ...named, workload: taskArn(1), queryId: 'q0001', status: 1, columns: null, givenUp: 'unanswered' },
    ]);
  });

  it('leads to the verdict agent-silent if the agent did not poll again', async () => {
    await aTask(1);
    await poll();
    expect(await names(T0 + 10 * MINUTE)).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'agent-silent' });
    expect(reported('agent_was_silent')).toMatchObject([{ query: 'container', offers: 1 }]);
    expect(givenUp()).toEqual([]);
  });

  it('is closed at a later poll if its log line cannot be stored, without blocking other queries', async () => {
    await aTask(1);
    for (const seconds of [0, 30, 60]) await poll(T0 + seconds * SECOND);
    await queue(aHostQuery(2));
    world.sink.around = () => Promise.reject(new Error('Firehose is away'));
    expect(await names(T0 + 90 * SECOND)).toEqual(['host-2']);
    expect([givenUp(), (await world.record(taskArn(1))).troubles]).toEqual([[], []]);
    world.sink.around = (write) => write();
    await poll(T0 + 100 * SECOND);
    expect(givenUp()).toMatchObject([{ query: 'container' }]);
  });

  it('is offered again without the answered part', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    const [first = ''] = await poll();
    await world.answer('h1', [anAnswer(first)]);
    expect(await names(T0 + 30_000)).toEqual(['host-2']);
  });

  it('is settled by an answer to any of its offers', async () => {
    await aTask(1);
    const [first = ''] = await poll();
    const [second = ''] = await poll(T0 + 30_000);
    expect(first).not.toBe(second);
    await world.answer('h1', [anAnswer(first, [{ id: dockerId(1), state: 'running' }])]);
    expect(await names(T0 + 60_000)).toEqual([]);
    expect((await partition()).deliveries).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'seen' });
  });

  it('yields to last gasps', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }));
    world.nowMs = T0 + 30_000;
    const gasp = await world.poll('h1');
    expect(gasp.map(({ query }) => query)).toEqual(['host-4']);
    await world.answer(
      'h1',
      gasp.map((q) => anAnswer(q.wireId)),
    );
    expect(await names(T0 + 35_000)).toEqual(['host-1']);
  });

  it('comes after an unanswered last gasp', async () => {
    await queue(aHostQuery(1), aHostQuery(2), aHostQuery(3));
    await poll();
    await queue(aHostQuery(4, { set: 'last-gasp' }), aHostQuery(5), aHostQuery(6));
    await poll(T0 + 10 * SECOND);
    expect(await names(T0 + 45 * SECOND)).toEqual(['host-4']);
  });

  it('alternates with pending queries: an agent that answers nothing still gets new ones', async () => {
    for (let n = 1; n <= 3; n++) await aTask(n, { query: `container-${n}` });
    await poll();
    for (let n = 4; n <= 6; n++) await aTask(n, { query: `container-${n}` });
    expect(await names(T0 + 30 * SECOND)).toEqual(['container-1']);
    expect(await names(T0 + 37 * SECOND)).toEqual(['container-4', 'container-5', 'container-6']);
  });

  it('yields to all pending queries if it is no evidence', async () => {
    await queue(aHostQuery(1));
    await poll();
    await queue(aHostQuery(2));
    expect(await names(T0 + 30 * SECOND)).toEqual(['host-2']);
    expect(await names(T0 + 40 * SECOND)).toEqual(['host-1']);
  });

  it('does not delay last gasps if an agent that polls every 5 s answers nothing', async () => {
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

  it('does not block the same query when it is queued again after it was closed', async () => {
    await queue(aHostQuery(1));
    await poll();
    for (const seconds of [30, 60]) await poll(T0 + seconds * SECOND);
    await queue(aHostQuery(1, { queuedAtMs: T0 + 80 * SECOND, expiresAtMs: T0 + 60 * MINUTE }));
    expect(await poll(T0 + 90 * SECOND)).toHaveLength(1);
    expect((await partition()).deliveries).toMatchObject([{ offers: [{ atMs: T0 + 90 * SECOND }] }]);
  });

  it('is never delivered past the expiry of its queries, regardless of remaining attempts', async () => {
    await aTask(1, { expiresAtMs: T0 + 30_000 });
    await poll();
    expect(await poll(T0 + 30_000)).toEqual([]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'unanswered' });
  });

  it('is offered again in the part that has not expired', async () => {
    await queue(aHostQuery(1, { expiresAtMs: T0 + 20_000 }), aHostQuery(2));
    await poll();
    expect(await names(T0 + 30_000)).toEqual(['host-2']);
  });
});

describe('several unanswered queries', () => {
  /** Polls every 5 s; the agent answers each delivery, except those with `heavy`, whose body is too large. */
  async function polling(heavy: string, untilMs: number): Promise<string[][]> {
    const handed: string[][] = [];
    for (; world.nowMs <= untilMs; world.nowMs += 5 * SECOND) {
      const queries = await world.poll('h1');
      if (queries.length === 0) continue;
      handed.push(queries.map(({ query }) => query));
      if (queries.some(({ query }) => query === heavy)) continue;
      const rows = [1, 2].map((n) => ({ id: dockerId(n), state: 'running' }));
      await world.answer(
        'h1',
        queries.map(({ wireId }) => anAnswer(wireId, rows)),
      );
    }
    return handed;
  }

  it('are offered again in parts: evidence queries together, then each other query alone', async () => {
    await aTask(1);
    await aTask(2, { query: 'remains' });
    await queue(aHostQuery(3), aHostQuery(4));
    const handed = await polling('host-3', T0 + 5 * MINUTE);
    const all = ['container', 'remains', 'host-3', 'host-4'];
    expect(handed).toEqual([all, all, ['container', 'remains'], ['host-3'], ['host-4'], ['host-3']]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'seen' });
    expect(await world.verdict(taskArn(2))).toEqual({ verdict: 'seen' });
    expect(givenUp()).toEqual([{ host: 'h1', rule: 'about-host', query: 'host-3', set: 'live', offers: 3, alone: 2 }]);
    expect((await partition()).deliveries).toEqual([]);
  });

  it('are offered one by one if all are evidence and the evidence part was not answered', async () => {
    await aTask(1);
    await aTask(2, { query: 'remains' });
    await queue(aHostQuery(3));
    const handed = await polling('container', T0 + 5 * MINUTE);
    const all = ['container', 'remains', 'host-3'];
    expect(handed).toEqual([all, all, ['container', 'remains'], ['container'], ['remains'], ['host-3']]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'missed', reason: 'unanswered' });
    expect(await world.verdict(taskArn(2))).toEqual({ verdict: 'seen' });
    expect(givenUp()).toMatchObject([{ query: 'container', alone: 1 }]);
  });

  it('keep the agent polling fast until the last part is offered', async () => {
    await queue(aHostQuery(1), aHostQuery(2));
    await poll();
    const behind = async (atMs: number) => planDrain(await partition(), atMs, defaultLimits).isMore;
    expect(await behind(T0 + 10 * SECOND)).toBe(false);
    expect(await behind(T0 + 30 * SECOND)).toBe(true);
    const [first = ''] = await poll(T0 + 30 * SECOND);
    await world.answer('h1', [anAnswer(first)]);
    const [second = ''] = await poll(T0 + 35 * SECOND);
    expect(await behind(T0 + 40 * SECOND)).toBe(false);
    await world.answer('h1', [anAnswer(second)]);
    expect((await partition()).deliveries).toEqual([]);
  });
});

describe('a query behind a discovery query', () => {
  const guarded = aHostQuery(2, { discovery: "SELECT 1 FROM system_info WHERE hardware_vendor = 'Amazon EC2'" });

  it('is offered once: a node that answers the rest has skipped it without reporting that', async () => {
    await queue(aHostQuery(1), guarded);
    const delivered = await world.poll('h1');
    const plain = delivered.find((query) => query.discovery === undefined)?.wireId ?? '';
    await world.answer('h1', [anAnswer(plain)]);
    for (const seconds of [1, 5, 30, 60, 90]) expect(await poll(T0 + seconds * SECOND)).toEqual([]);
    expect((await partition()).deliveries).toEqual([]);
  });

  it('is offered again while its delivery is unanswered: the node may never have got it', async () => {
    await queue(aHostQuery(1), guarded);
    const [plain = ''] = await poll();
    expect(await names(T0 + 30_000)).toEqual(['host-1']);
    expect(await names(T0 + 60_000)).toEqual(['host-2']);
    await world.answer('h1', [anAnswer(plain)]); // of the first offer, which contained both
    expect(await names(T0 + 90_000)).toEqual([]);
    expect(givenUp()).toEqual([]);
  });

  it('is not blamed on the agent if it stays unanswered', async () => {
    await aTask(1, { discovery: 'SELECT 1' });
    for (const seconds of [0, 30, 60, 90]) await poll(T0 + seconds * SECOND);
    expect((await partition()).deliveries).toEqual([]);
    expect((await world.record(taskArn(1))).troubles).toEqual([]);
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
