import { describe, expect, it } from '@jest/globals';
import { aWorld, HOUR, MINUTE, SECOND } from '../world.ts';

const secondsOf = (requests: readonly { readonly atMs: number }[]) =>
  requests.map(({ atMs }) => (atMs - (requests[0]?.atMs ?? 0)) / 1000);

describe('distributed queries', () => {
  it('run in bytewise id order and come back in one write with statuses, messages and costs', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.inTurn(
      'read',
      { queries: { b: 'SELECT 1 AS one', a: 'SELECT nope', 'ä/"': "SELECT NULL AS n, 'x' AS x" } },
      {},
    );
    agent.start();
    await clock.advance(SECOND);
    expect(happened('query-executed').map(({ id }) => id)).toEqual(['a', 'b', 'ä/"']);
    const cost = { wall_time_ms: 0, user_time: 0, system_time: 0, memory: 0 };
    expect(server.bodiesTo('write')).toEqual([
      {
        queries: { a: [], b: [{ one: '1' }], 'ä/"': [{ n: '', x: 'x' }] },
        statuses: { a: 1, b: 0, 'ä/"': 0 },
        messages: { a: 'no such column: nope', b: '', 'ä/"': '' },
        stats: { a: cost, b: cost, 'ä/"': cost },
        node_key: 'key-1',
      },
    ]);
  });

  it('are polled at the interval, counted from the end of the work', async () => {
    const { agent, clock, server } = aWorld({ flags: { distributed_interval: 10 }, queryDurationMs: () => 2500 });
    server.inTurn('read', {}, { queries: { q: 'SELECT 1' } }, {});
    agent.start();
    await clock.advance(35 * SECOND);
    expect(secondsOf(server.to('read'))).toEqual([0, 10, 22.5, 32.5]);
  });

  it('are polled every 5 s while accelerated, even if the interval is shorter', async () => {
    const { agent, clock, server } = aWorld({ flags: { distributed_interval: 2 } });
    server.inTurn('read', {}, { accelerate: 12 }, {});
    agent.start();
    await clock.advance(22 * SECOND);
    expect(secondsOf(server.to('read'))).toEqual([0, 2, 7, 12, 17, 19, 21]);
  });

  it('stay accelerated across a restart', async () => {
    const { agent, clock, server } = aWorld({ flags: { distributed_interval: 60 } });
    server.inTurn('read', { accelerate: 300 }, {});
    agent.start();
    await clock.advance(SECOND);
    await agent.restart();
    await clock.advance(11 * SECOND);
    expect(server.to('read').length).toBe(4); // one read before the work, three after it
  });

  it.each(['"60"', '60.0', 'true', '99999999999'])('are not accelerated by %s', async (seconds) => {
    const { agent, clock, server } = aWorld({ flags: { distributed_interval: 60 } });
    server.on('read', `{"accelerate":${seconds}}`);
    agent.start();
    await clock.advance(MINUTE - SECOND);
    expect(server.to('read')).toHaveLength(1);
  });

  it('are accepted in document order up to the first invalid entry', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.inTurn('read', '{"queries":{"2":"SELECT 2","1":7,"0":"SELECT 0"},"accelerate":60}', {});
    agent.start();
    await clock.advance(SECOND);
    expect(happened('query-executed').map(({ id }) => id)).toEqual(['2']);
    expect(happened('polled')[0]).toMatchObject({ queries: ['2'], accelerateSeconds: null });
    expect(happened('work-rejected')).toHaveLength(1);
  });

  it('run only where their discovery query returns a row; the others are never reported', async () => {
    const { agent, clock, server } = aWorld();
    const queries = { yes: 'SELECT 1', no: 'SELECT 2', free: 'SELECT 3' };
    const discovery = { yes: "SELECT 1 FROM os_version WHERE platform='amzn'", no: 'SELECT 1 WHERE 0' };
    server.inTurn('read', { queries, discovery }, {});
    agent.start();
    await clock.advance(SECOND);
    expect(Object.keys(server.bodiesTo('write')[0]?.queries as object)).toEqual(['free', 'yes']);
  });

  it('are all rejected if one discovery query is not SQL', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.inTurn('read', { queries: { a: 'SELECT 1' }, discovery: { b: 'nonsense' }, accelerate: 60 }, {});
    agent.start();
    await clock.advance(SECOND);
    expect(happened('work-rejected')).toHaveLength(1);
    expect(happened('polled')).toEqual([]);
    expect(server.to('write')).toEqual([]);
    expect(agent.database.accelerateUntil).toBeUndefined();
  });

  it('keep their results when the write fails, merged with newer ones', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { distributed_interval: 10 } });
    server.inTurn(
      'read',
      { queries: { a: "SELECT 'old' AS v", b: 'SELECT 1 AS v' } },
      { queries: { a: "SELECT 'new' AS v" } },
      {},
    );
    server.inTurn('write', { error: 'x' }, { error: 'x' }, { error: 'x' }, {});
    agent.start();
    await clock.advance(30 * SECOND);
    expect(secondsOf(server.to('write'))).toEqual([0, 1, 5, 15]);
    expect(happened('results-kept')).toMatchObject([{ ids: ['a', 'b'] }]);
    expect(server.bodiesTo('write').at(-1)).toMatchObject({ queries: { a: [{ v: 'new' }], b: [{ v: '1' }] } });
  });

  it('are dropped as if accepted when the server answers with an AWS error', async () => {
    const { agent, clock, server } = aWorld();
    server.inTurn('read', { queries: { a: 'SELECT 1' } }, {}).on('write', { message: 'Too Many Requests' });
    agent.start();
    await clock.advance(HOUR);
    expect(server.to('write')).toHaveLength(1);
  });

  it('are written under the new key after node_invalid', async () => {
    const { agent, clock, server } = aWorld();
    server.inTurn('read', { queries: { a: 'SELECT 1' } }, {}).inTurn('write', { node_invalid: true }, {});
    server.inTurn('enroll', { node_key: 'one' }, { node_key: 'two' });
    agent.start();
    await clock.advance(5 * SECOND);
    expect(server.bodiesTo('write').map((body) => body.node_key)).toEqual(['one', 'two']);
  });

  it('reach the server twice, with the same bytes, when a connection breaks after the server processed them', async () => {
    const { agent, clock, server } = aWorld();
    server.inTurn('read', { queries: { a: 'SELECT 1' } }, {});
    agent.faults.inject('drop-after-processing', { endpoint: 'write' });
    agent.start();
    await clock.advance(SECOND);
    const [first, second, ...more] = server.to('write');
    expect(more).toEqual([]);
    expect(second?.bytes).toEqual(first?.bytes);
  });

  it('are lost if the worker dies before the write, and denylisted when they are delivered again', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { distributed_interval: 10 } });
    agent.faults.crashDuring = (sql) => sql.includes('deadly');
    server.inTurn(
      'read',
      { queries: { a: 'SELECT 1', b: 'SELECT 1 -- deadly', c: 'SELECT 3' } },
      { queries: { b: 'SELECT 1 -- deadly' } },
      {},
    );
    agent.start();
    await clock.advance(MINUTE);
    expect(happened('crashed')).toMatchObject([{ reason: 'watchdog: distributed query b' }]);
    expect(server.bodiesTo('write')).toMatchObject([
      {
        queries: { b: [], c: [{ '3': '3' }] },
        statuses: { b: 1, c: 0 },
        messages: { b: 'distributed query is denylisted' },
      },
    ]);
    expect(server.bodiesTo('write')[0]?.stats).toMatchObject({ b: {} });
    expect(server.bodiesTo('write')[0]?.queries).not.toHaveProperty('a');
  });

  it('leave the denylist after distributed_denylist_duration', async () => {
    const { agent, clock, server, happened } = aWorld({
      flags: { distributed_interval: 60, distributed_denylist_duration: 600 },
    });
    let deadly = true;
    agent.faults.crashDuring = (sql) => deadly && sql === 'SELECT 9';
    server.on('read', { queries: { q: 'SELECT 9' } });
    agent.start();
    await clock.advance(SECOND);
    deadly = false;
    await clock.advance(9 * MINUTE);
    expect(happened('query-executed')).toEqual([]);
    expect(happened('query-denylisted').length).toBeGreaterThan(5);
    await clock.advance(3 * MINUTE);
    expect(happened('query-executed').length).toBeGreaterThan(0);
  });

  it('that have not started survive a crash and run afterwards', async () => {
    const { agent, clock, server } = aWorld({ queryDurationMs: () => 1000 });
    server.inTurn('read', { queries: { a: 'SELECT 1', b: 'SELECT 2' } }, {});
    agent.start();
    await clock.advance(500);
    agent.crash();
    await clock.advance(20 * SECOND);
    expect(server.bodiesTo('write')).toMatchObject([{ statuses: { b: 0 } }]);
    expect(server.bodiesTo('write')[0]?.queries).not.toHaveProperty('a');
  });

  it('run again when they are delivered again', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { distributed_interval: 1 } });
    server.inTurn('read', { queries: { a: 'SELECT 1' } }, { queries: { a: 'SELECT 1' } }, {});
    agent.start();
    await clock.advance(5 * SECOND);
    expect(happened('query-executed')).toHaveLength(2);
    expect(server.to('write')).toHaveLength(2);
  });

  it('have every column by name, with the last value of equal names', async () => {
    const { agent, clock, server } = aWorld();
    server.inTurn('read', { queries: { q: 'SELECT 1 AS a, 2 AS a, 3 AS __proto__; SELECT 4 AS a, 5 AS b' } }, {});
    agent.start();
    await clock.advance(SECOND);
    const text = Buffer.from(server.to('write')[0]?.bytes ?? []).toString();
    expect(text).toContain('"queries":{"q":[{"a":"2","__proto__":"3"},{"a":"4"}]}');
  });

  it('are answered in the format of older versions', async () => {
    const written = async (version: string) => {
      const { agent, clock, server } = aWorld({ version });
      server.inTurn('read', { queries: { q: 'SELECT 1' } }, {});
      agent.start();
      await clock.advance(SECOND);
      return server.bodiesTo('write')[0] ?? {};
    };
    expect(Object.keys(await written('5.9.1'))).toEqual(['queries', 'statuses', 'messages', 'stats', 'node_key']);
    expect(Object.keys(await written('4.4.0'))).toEqual(['queries', 'statuses', 'messages', 'node_key']);
    expect(Object.keys(await written('4.3.0'))).toEqual(['queries', 'statuses', 'node_key']);
    expect(await written('2.6.1')).toMatchObject({ statuses: { q: '0' } });
  });
});
