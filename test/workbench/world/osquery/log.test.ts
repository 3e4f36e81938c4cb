import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { aWorld, HOUR, MINUTE, type ScriptedServer, SECOND } from '../world.ts';

type Line = Record<string, unknown>;

const linesOf = (server: ScriptedServer, type: 'result' | 'status') =>
  server
    .bodiesTo('log')
    .filter((body) => body.log_type === type)
    .flatMap(({ data }) => data as Line[]);

const scheduled = (query: object) => ({
  schedule: { q: { query: 'SELECT id FROM docker_containers', interval: 60, ...query } },
});

describe('scheduled queries', () => {
  it('report added and removed rows, one line a row, with a counter from 0', async () => {
    const { agent, clock, host, server } = aWorld();
    const first = host.startContainer({ name: 'a', image: 'x', command: ['sleep'] });
    server.on('config', { ...scheduled({}), decorators: { load: ['SELECT instance_id FROM ec2_instance_metadata'] } });
    agent.start();
    await clock.advance(2 * MINUTE);
    host.stopContainer(first.id, 0);
    const second = host.startContainer({ name: 'b', image: 'x', command: ['sleep'] });
    await clock.advance(3 * MINUTE);
    const lines = linesOf(server, 'result');
    expect(lines.map(({ action, columns, counter }) => [action, columns, counter])).toEqual([
      ['added', { id: first.id }, 0],
      ['removed', { id: first.id }, 1],
      ['added', { id: second.id }, 1],
    ]);
    expect(lines[0]).toMatchObject({
      name: 'q',
      hostIdentifier: 'i-0123456789abcdef0',
      epoch: 0,
      numerics: false,
      decorations: { instance_id: 'i-0123456789abcdef0' },
    });
    expect(lines[0]?.calendarTime).toMatch(/^Mon Oct {2}6 12:\d\d:\d\d 2025 UTC$/);
  });

  it('run at instants aligned to unix time, within the splay of their interval', async () => {
    const { agent, clock, server, happened } = aWorld();
    server.on('config', scheduled({}));
    agent.start();
    await clock.advance(HOUR);
    const runs = happened('schedule-executed').map(({ atMs }) => atMs / 1000);
    const interval = (runs[1] ?? 0) - (runs[0] ?? 0);
    expect(interval).toBeGreaterThanOrEqual(54);
    expect(interval).toBeLessThanOrEqual(66);
    expect(runs.every((at) => Math.floor(at) % interval === 0)).toBe(true);
    expect(runs.length).toBeGreaterThanOrEqual(Math.floor(3600 / interval));
  });

  it('report complete snapshots, even empty ones, always with counter 0', async () => {
    const { agent, clock, server } = aWorld();
    server.on('config', scheduled({ snapshot: true }));
    agent.start();
    await clock.advance(3 * MINUTE);
    const lines = linesOf(server, 'result');
    expect(lines.length).toBeGreaterThan(1);
    expect(lines[1]).toMatchObject({ name: 'q', snapshot: [], action: 'snapshot', counter: 0 });
  });

  it('report runs instead of rows if logger_event_type is off', async () => {
    const { agent, clock, host, server } = aWorld();
    const { id } = host.startContainer({ name: 'a', image: 'x', command: ['sleep'] });
    server.on('config', { ...scheduled({}), options: { logger_event_type: false } });
    agent.start();
    await clock.advance(5 * MINUTE);
    expect(linesOf(server, 'result')).toMatchObject([{ diffResults: { removed: [], added: [{ id }] }, counter: 0 }]);
  });

  it('leave out removed rows if the query does not want them', async () => {
    const { agent, clock, host, server } = aWorld();
    const { id } = host.startContainer({ name: 'a', image: 'x', command: ['sleep'] });
    server.on('config', scheduled({ removed: false }));
    agent.start();
    await clock.advance(2 * MINUTE);
    host.stopContainer(id, 0);
    await clock.advance(5 * MINUTE);
    expect(linesOf(server, 'result').map(({ action }) => action)).toEqual(['added']);
  });

  it('keep their differential state across a restart', async () => {
    const { agent, clock, host, server } = aWorld();
    host.startContainer({ name: 'a', image: 'x', command: ['sleep'] });
    server.on('config', scheduled({}));
    agent.start();
    await clock.advance(2 * MINUTE);
    await agent.restart();
    await clock.advance(5 * MINUTE);
    expect(linesOf(server, 'result')).toHaveLength(1);
  });

  it('of packs have the pack in their name and run only where the pack applies', async () => {
    const { agent, clock, server, happened } = aWorld();
    const queries = { one: { query: 'SELECT 1 AS one', interval: 10 } };
    server.on('config', {
      packs: {
        here: { queries, discovery: ["SELECT 1 FROM os_version WHERE platform='amzn'"] },
        nowhere: { queries, discovery: ['SELECT 1 WHERE 0'] },
        elsewhere: { queries, platform: 'windows' },
        later: { queries, version: '99.0.0' },
        url: 'https://example.com/pack',
      },
    });
    agent.start();
    await clock.advance(MINUTE);
    expect(new Set(happened('schedule-executed').map(({ name }) => name))).toEqual(new Set(['pack_here_one']));
  });

  it.each([
    ['no query', { query: 7 }],
    ['an interval of 0', { interval: 0 }],
    ['an interval beyond a week', { interval: 604_801 }],
    ['another platform', { platform: 'darwin' }],
  ])('with %s are left out', async (_, flaw) => {
    const { agent, clock, server, happened } = aWorld();
    server.on('config', scheduled(flaw));
    agent.start();
    await clock.advance(SECOND);
    expect(happened('config-applied')).toMatchObject([{ scheduled: 0 }]);
  });

  it('that ran when the worker died are skipped for a day; others continue', async () => {
    const { agent, clock, server, happened } = aWorld({ flags: { distributed_interval: 600 } });
    const schedule = {
      bad: { query: "SELECT 'deadly' AS how", interval: 60 },
      good: { query: 'SELECT 1 AS one', interval: 600 },
    };
    server.on('config', { schedule });
    let deadly = true;
    agent.faults.crashDuring = (sql) => deadly && sql.includes('deadly');
    agent.start();
    await clock.advance(5 * MINUTE);
    deadly = false;
    await clock.advance(23 * HOUR);
    expect(happened('crashed')).toMatchObject([{ reason: 'watchdog: scheduled query bad' }]);
    const ran = () => new Set(happened('schedule-executed').map(({ name }) => name));
    expect(ran()).toEqual(new Set(['good']));
    const warnings = linesOf(server, 'status').filter(({ severity }) => severity === 1);
    expect(warnings.map(({ message }) => message)).toEqual([
      'Scheduled query may have failed: bad',
      'The caller does not want denied queries, skipping denied scheduled query: bad',
    ]);
    await clock.advance(2 * HOUR);
    expect(ran()).toEqual(new Set(['good', 'bad']));
  });

  it.each([
    ['sets denylist: false', { query: "SELECT 'deadly' AS how", interval: 10, denylist: false }],
    ['reads events', { query: "SELECT 'deadly' AS socket_events", interval: 10 }],
  ])('are never skipped if the query %s', async (_, bad) => {
    const { agent, clock, server, happened } = aWorld();
    server.on('config', { schedule: { bad } });
    let deaths = 0;
    agent.faults.crashDuring = () => deaths++ === 0;
    agent.start();
    await clock.advance(2 * MINUTE);
    expect(happened('schedule-executed').length).toBeGreaterThan(5);
  });

  it('that fail write a status line of severity 2', async () => {
    const { agent, clock, server } = aWorld();
    server.on('config', scheduled({ query: 'SELECT * FROM nope' }));
    agent.start();
    await clock.advance(2 * MINUTE);
    const errors = linesOf(server, 'status').filter(({ severity }) => severity === 2);
    expect(errors[0]).toMatchObject({
      message: 'Error executing scheduled query q: no such table: nope',
      filename: 'scheduler.cpp',
      version: '5.23.1',
    });
  });
});

describe('the log', () => {
  it('is sent results first, then statuses in a separate request, and deleted once the server has it', async () => {
    const { agent, clock, host, server } = aWorld();
    host.startContainer({ name: 'a', image: 'x', command: ['sleep'] });
    server.on('config', scheduled({}));
    agent.start();
    await clock.advance(2 * MINUTE);
    const types = server.bodiesTo('log').map((body) => body.log_type);
    expect(new Set(types)).toEqual(new Set(['result', 'status']));
    expect(agent.database.logs.size).toBe(0);
  });

  it('is kept when the server fails and sent again after 4, 16, 36 … s', async () => {
    const { agent, clock, server } = aWorld();
    server.on('log', { error: 'later' });
    agent.start();
    await clock.advance(130 * SECOND);
    const at = server.to('log').map(({ atMs }) => atMs / 1000);
    expect(at.slice(1, 5).map((second, index) => second - (at[index] ?? 0))).toEqual([4, 16, 36, 64]);
    expect(agent.database.logs.size).toBeGreaterThan(0);
    const bodies = server.bodiesTo('log').map(({ data }) => JSON.stringify(data));
    expect(new Set(bodies).size).toBe(1);
  });

  it('is sent again every period before 5.12.0', async () => {
    const { agent, clock, server } = aWorld({ version: '5.9.1' });
    server.on('log', { error: 'later' });
    agent.start();
    await clock.advance(30 * SECOND);
    const at = server.to('log').map(({ atMs }) => atMs / 1000);
    expect(at.slice(1).every((second, index) => second - (at[index] ?? 0) === 4)).toBe(true);
    expect(at.length).toBeGreaterThan(5);
  });

  it('has numbers as texts in status lines before 5.10.0', async () => {
    const status = async (version: string) => {
      const { agent, clock, server } = aWorld({ version });
      agent.start();
      await clock.advance(10 * SECOND);
      const { severity, unixTime, line } = linesOf(server, 'status')[0] ?? {};
      return [typeof severity, typeof unixTime, typeof line];
    };
    expect(await status('5.9.1')).toEqual(['string', 'string', 'string']);
    expect(await status('5.23.1')).toEqual(['number', 'number', 'number']);
  });

  it('is sent as node key, type and lines, in this order', async () => {
    const { agent, clock, server } = aWorld();
    agent.start();
    await clock.advance(10 * SECOND);
    expect(Object.keys(server.bodiesTo('log')[0] ?? {})).toEqual(['node_key', 'log_type', 'data']);
  });

  it('warns of a line that is too long, without the name of its query', async () => {
    const { agent, clock, server } = aWorld({ flags: { logger_tls_max_linesize: 500 } });
    server.on('config', scheduled({ query: `SELECT '${'x'.repeat(600)}' AS long`, snapshot: true, interval: 10 }));
    agent.start();
    await clock.advance(MINUTE);
    expect(linesOf(server, 'result')).toEqual([]);
    const [warning] = linesOf(server, 'status').filter(({ severity }) => severity === 1);
    expect(warning).toMatchObject({ filename: 'tls_logger.cpp', line: 141 });
    expect(warning?.message).toMatch(/^Linesize exceeds TLS logger maximum: \d{3}$/);
  });

  it('is cut into batches of logger_tls_max_lines, without lines that are too long', async () => {
    const { agent, clock, server } = aWorld({ flags: { logger_tls_max_lines: 2, logger_tls_max_linesize: 100 } });
    agent.database.logs.set('r_1_1', '{"n":1}');
    agent.database.logs.set('r_1_2', `{"n":"${'x'.repeat(100)}"}`);
    agent.database.logs.set('r_1_3', '{"n":3}');
    agent.start();
    await clock.advance(5 * SECOND);
    const results = server.bodiesTo('log').filter((body) => body.log_type === 'result');
    expect(results.map(({ data }) => data)).toEqual([[{ n: 1 }], [{ n: 3 }]]);
    expect([...agent.database.logs.keys()].some((key) => key.startsWith('r'))).toBe(false);
  });

  it('loses its oldest lines beyond buffered_log_max', async () => {
    const { agent, clock, server } = aWorld({ flags: { buffered_log_max: 2 } });
    server.on('log', { error: 'later' });
    for (const second of [1, 2, 3, 4]) agent.database.logs.set(`s_${second}_1`, `{"n":${second}}`);
    agent.start();
    await clock.advance(1);
    expect([...agent.database.logs.keys()]).toEqual(['s_3_1', 's_4_1']);
  });

  it('is compressed if logger_tls_compress is set', async () => {
    const { agent, clock, server } = aWorld({ flags: { logger_tls_compress: true } });
    agent.start();
    await clock.advance(10 * SECOND);
    const [log] = server.to('log');
    expect(log?.headers['Content-Encoding']).toBe('gzip');
    expect(JSON.parse(gunzipSync(log?.bytes ?? Buffer.alloc(0)).toString())).toMatchObject({ log_type: 'status' });
  });

  it('delivers no line twice and loses none under any fault, unless an answer is lost', async () => {
    const { agent, clock, server, random } = aWorld();
    server.on('config', scheduled({ query: 'SELECT unix_time FROM time', interval: 5 }));
    const weather = random.fork('weather');
    const stored: Line[] = [];
    server.on('log', ({ body }) => {
      if (weather.chance(0.5)) return { error: 'later' };
      stored.push(...((body?.data ?? []) as Line[]));
      return {};
    });
    agent.start();
    await clock.advance(30 * MINUTE);
    server.on('log', ({ body }) => {
      stored.push(...((body?.data ?? []) as Line[]));
      return {};
    });
    server.on('config', {});
    await clock.advance(30 * MINUTE);
    const results = stored.filter((line) => line.action).map((line) => JSON.stringify(line));
    expect(new Set(results).size).toBe(results.length);
    expect(results.length).toBeGreaterThan(500);
    expect([...agent.database.logs.keys()].filter((key) => key.startsWith('r'))).toEqual([]);
  });
});
