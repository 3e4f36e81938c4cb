import { beforeEach, describe, expect, it } from '@jest/globals';
import { defaultLimits, planDrain } from '../../../../lib/core/queue/plan-drain.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';
import { polledHost } from './polled-host.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode('h1');
});
const { queue, poll, names, reported, partition, aTask } = polledHost(() => world);
const givenUp = () => reported('query_unanswered');

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
