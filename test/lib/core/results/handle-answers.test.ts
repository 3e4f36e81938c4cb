import { beforeEach, describe, expect, it } from '@jest/globals';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.begin();
  await world.aNode('h1', { hostname: 'web-7' });
});

/** Tasks whose queries were just delivered to h1; returns their wire ids. */
async function delivered(...queries: PendingQuery[]): Promise<string[]> {
  for (const query of queries) {
    const n = Number(query.queryId.slice(1));
    await world.ports.ledger.advance(aSnapshot(n, { occurredAtMs: T0, receivedAtMs: T0 }));
    await world.ports.ledger.markHandled(taskArn(n), 1, {
      host: 'h1',
      enrolled: true,
      queryKeys: [],
      settleByMs: T0 + MINUTE,
    });
    await world.ports.queue.enqueue(query);
  }
  return (await world.poll('h1')).map((query) => query.wireId);
}
const running = (n: number) => ({ id: dockerId(n), state: 'running' });
const finalVerdict = (n: number) => {
  world.nowMs = T0 + 60 * MINUTE;
  return world.verdict(taskArn(n));
};

describe('an answer', () => {
  it('is stored with the facts about host and workload at the time of the event', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1, { triggeredAtMs: T0 - 9000, queuedAtMs: T0 - 8000 }));
    world.nowMs += SECOND;
    expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toEqual([
      {
        id: expect.stringMatching(/^[\w-]{22}$/),
        kind: 'result',
        time: '2026-11-20T10:15:01.000Z',
        storedAtMs: T0 + SECOND,
        host: 'h1',
        hostname: 'web-7',
        rule: 'ecs-task-running',
        query: 'container',
        queryId: 'q0001',
        set: 'live',
        status: 0,
        message: '',
        workload: taskArn(1),
        columns: running(1),
        decorations: {
          host_identifier: 'h1',
          hostname: 'web-7',
          host_uuid: 'uuid-1',
          platform: 'ubuntu',
          osquery_version: '5.17.0',
          task_arn: taskArn(1),
          container_name: 'c1',
        },
        late: false,
        repeat: false,
        triggeredAtMs: T0 - 9000,
        receivedAtMs: T0,
        queuedAtMs: T0 - 8000,
        deliveredAtMs: T0,
      },
    ]);
    expect((await world.ports.queue.read('h1', true)).deliveries).toEqual([]);
  });

  it('is stored once and acknowledged every time it arrives', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    for (const seconds of [0, 1, 4, 30, 3600]) {
      world.nowMs = T0 + seconds * SECOND;
      expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    }
    expect(world.sink.stored).toHaveLength(1);
  });

  it('is rejected for retry while another request stores it, and is then found stored', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    let open: () => void = () => {};
    const door = new Promise<void>((resolve) => {
      open = resolve;
    });
    const reached = new Promise<void>((resolve) => {
      world.sink.around = async (write) => {
        resolve();
        await door;
        await write();
      };
    });
    const first = world.answer('h1', [anAnswer(wireId, [running(1)])]);
    await reached;
    world.sink.around = (write) => write();
    expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(false);
    open();
    expect(await first).toBe(true);
    expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toHaveLength(1);
  });

  it('stays with its agent when the store fails, and is accepted a second later', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    world.sink.around = () => Promise.reject(new Error('Firehose is away'));
    await expect(world.answer('h1', [anAnswer(wireId, [running(1)])])).rejects.toThrow('Firehose is away');
    expect((await world.record(taskArn(1))).seenLive).toEqual([]);
    world.sink.around = (write) => write();
    world.nowMs += SECOND;
    expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toHaveLength(1);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'seen' });
  });

  it('to an unknown query is stored once and marked late', async () => {
    for (const _ of [1, 2]) expect(await world.answer('h1', [anAnswer('nobody-asked', [{ a: '1' }])])).toBe(true);
    expect(world.sink.stored).toMatchObject([
      {
        late: true,
        workload: null,
        queryId: 'nobody-asked',
        rule: '',
        columns: { a: '1' },
        decorations: { host_identifier: 'h1' },
      },
    ]);
  });

  it('after its delivery was closed still counts as evidence, once', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    for (const seconds of [30, 60, 90]) {
      world.nowMs = T0 + seconds * SECOND;
      await world.poll('h1');
    }
    for (const _ of [1, 2]) expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toMatchObject([
      { givenUp: 'unanswered', columns: null },
      { late: false, workload: taskArn(1), columns: running(1) },
    ]);
    expect(await finalVerdict(1)).toEqual({ verdict: 'seen' });
  });

  it('to each of two offers is stored, and the successful one counts in either order', async () => {
    const [first = ''] = await delivered(aPendingQuery(1));
    world.nowMs = T0 + 31 * SECOND; // the container is gone by the second run
    const [second = ''] = (await world.poll('h1')).map(({ wireId }) => wireId);
    for (const _ of [1, 2])
      expect(await world.answer('h1', [anAnswer(second), anAnswer(first, [running(1)])])).toBe(true);
    expect(world.sink.stored).toMatchObject([
      { columns: running(1), repeat: false, deliveredAtMs: T0 },
      { columns: null, repeat: true, deliveredAtMs: T0 + 31 * SECOND, late: false },
    ]);
    expect(await finalVerdict(1)).toEqual({ verdict: 'seen' });
  });

  it('to a later offer settles the query, and a later one to the first offer is a repeat that still counts', async () => {
    const [first = ''] = await delivered(aPendingQuery(1));
    world.nowMs = T0 + 31 * SECOND;
    const [second = ''] = (await world.poll('h1')).map(({ wireId }) => wireId);
    await world.answer('h1', [anAnswer(second)]);
    expect(await world.ports.queue.read('h1', true)).toMatchObject({ deliveries: [] });
    await world.answer('h1', [anAnswer(first, [running(1)])]);
    expect(world.sink.stored).toMatchObject([
      { columns: null, repeat: false },
      { columns: running(1), repeat: true },
    ]);
    expect(await finalVerdict(1)).toEqual({ verdict: 'seen' });
  });

  it.each([
    ['before it', ['failed', 'good']],
    ['after it', ['good', 'failed']],
  ])('that is successful is stored and counts as evidence, with a failure under the same id %s', async (_, order) => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    const bring = (which: string) =>
      which === 'good'
        ? anAnswer(wireId, [running(1)])
        : anAnswer(wireId, [], { status: 1, message: 'database is locked' });
    for (const which of [...order, ...order]) expect(await world.answer('h1', [bring(which)])).toBe(true);
    expect(world.sink.stored.map(({ status }) => (status === 0 ? 'good' : 'failed'))).toEqual(order);
    expect(new Set(world.sink.stored.map(({ id }) => id)).size).toBe(2);
    expect(await finalVerdict(1)).toEqual({ verdict: 'seen' });
  });

  it("of another host does not settle this host's query", async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    await world.aNode('h2');
    expect(await world.answer('h2', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toMatchObject([{ host: 'h2', late: true, workload: null }]);
    expect((await world.record(taskArn(1))).seenLive).toEqual([]);
    expect(await world.answer('h1', [anAnswer(wireId, [running(1)])])).toBe(true);
    expect(world.sink.stored).toMatchObject([{ host: 'h2' }, { host: 'h1', late: false }]);
  });

  it('to a part of a delivery leaves the rest open', async () => {
    const [first = '', second = ''] = await delivered(aPendingQuery(1), aPendingQuery(2, { query: 'other' }));
    await world.answer('h1', [anAnswer(first)]);
    expect((await world.ports.queue.read('h1', true)).deliveries).toMatchObject([{ answered: ['00-00'] }]);
    await world.answer('h1', [anAnswer(second)]);
    expect((await world.ports.queue.read('h1', true)).deliveries).toEqual([]);
  });
});

describe('the evidence in an answer', () => {
  it.each([
    ['seen, by a row of the running container', { rows: [running(1)] }, { verdict: 'seen' }],
    [
      'post-mortem, by a row of the exited container',
      { rows: [{ id: dockerId(1), state: 'exited' }] },
      { verdict: 'post-mortem' },
    ],
    ['nothing, without a row', { rows: [] }, { verdict: 'missed', reason: 'no-row' }],
    ['nothing, by a row of another container', { rows: [running(2)] }, { verdict: 'missed', reason: 'no-row' }],
    [
      'nothing, by rows with other columns',
      { rows: [{ container: dockerId(1) }] },
      { verdict: 'missed', reason: 'no-row' },
    ],
    [
      'nothing, when the query failed',
      { status: 1, message: 'no such table: docker_containers' },
      { verdict: 'missed', reason: 'query-failed' },
    ],
    [
      'nothing, when the agent has denylisted it',
      { status: 1, message: 'distributed query is denylisted' },
      { verdict: 'missed', reason: 'denylisted' },
    ],
  ])('shows that a task was %s', async (_, answer, verdict) => {
    const [wireId = ''] = await delivered(aPendingQuery(1));
    expect(await world.answer('h1', [anAnswer(wireId, [], answer)])).toBe(true);
    expect(await finalVerdict(1)).toEqual(verdict);
    expect(world.sink.stored).toHaveLength(1);
  });

  it('is never a live sighting if the query was queued after the end of the task', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1, { set: 'post-mortem' }));
    await world.answer('h1', [anAnswer(wireId, [running(1)])]);
    expect(await world.verdict(taskArn(1))).toEqual({ verdict: 'post-mortem' });
  });

  it('is kept despite any later failure', async () => {
    const [first = '', second = ''] = await delivered(aPendingQuery(1), {
      ...aPendingQuery(1, { query: 'again' }),
      queryId: 'q1',
    });
    await world.answer('h1', [anAnswer(first, [running(1)])]);
    await world.answer('h1', [anAnswer(second, [], { status: 1, message: 'gone' })]);
    expect(await finalVerdict(1)).toEqual({ verdict: 'seen' });
  });

  it('is absent if the query had no evidence definition', async () => {
    const [wireId = ''] = await delivered(aHostQuery(1, { workload: taskArn(1) }));
    await world.answer('h1', [anAnswer(wireId, [running(1)])]);
    expect((await world.record(taskArn(1))).seenLive).toEqual([]);
  });

  it('cannot be forged by rows with columns named after members of Object.prototype', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1, { evidence: { column: 'constructor' } }));
    const row = JSON.parse('{"__proto__": "x", "id": "y"}') as Record<string, string>;
    expect(await world.answer('h1', [anAnswer(wireId, [row])])).toBe(true);
    expect(await finalVerdict(1)).toEqual({ verdict: 'missed', reason: 'no-row' });
  });
});

describe('the rows of a merged query', () => {
  const processes = {
    query: 'processes',
    sql: 'SELECT id, pid FROM docker_container_processes WHERE id IN (:containers)',
  };

  it('are assigned to the task whose container they name, even without evidence', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1, processes), aPendingQuery(2, processes));
    await world.answer('h1', [
      anAnswer(wireId, [
        { id: dockerId(2), pid: '7' },
        { id: dockerId(1), pid: '8' },
      ]),
    ]);
    expect(
      world.sink.stored.map(({ workload, columns, decorations }) => [
        workload,
        columns?.pid,
        decorations.container_name,
      ]),
    ).toEqual([
      [taskArn(2), '7', 'c2'],
      [taskArn(1), '8', 'c1'],
    ]);
  });

  it('are assigned to no task if they name none of the containers', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1), aPendingQuery(2));
    await world.answer('h1', [anAnswer(wireId, [running(3)])]);
    expect(world.sink.stored).toMatchObject([
      { workload: null, columns: running(3), late: false, rule: 'ecs-task-running' },
    ]);
  });

  it('are replaced by one line without columns per task if there are none', async () => {
    const [wireId = ''] = await delivered(aPendingQuery(1), aPendingQuery(2));
    await world.answer('h1', [anAnswer(wireId)]);
    expect(world.sink.stored).toMatchObject([
      { workload: taskArn(1), columns: null },
      { workload: taskArn(2), columns: null },
    ]);
    expect(new Set(world.sink.stored.map((line) => line.id)).size).toBe(2);
  });
});
