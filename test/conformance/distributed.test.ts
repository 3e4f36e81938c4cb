import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import sqlite3InitModule from '@sqlite.org/sqlite-wasm';
import builtIn from '../../policy/built-in.json' with { type: 'json' };
import { ask, containerId, record, settled, taskArn } from '../support/a-question.ts';
import { harnesses } from '../support/fronts.ts';
import type { TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../support/wire-agent.ts';

const LEASE = 30_000;
const { rules, heatSeconds } = builtIn.policy; // the shipped policy follows the protocol's rules too
const row = (n: number, state = 'running') => ({ id: containerId(n), name: `/web-${n}`, state });

/* docs/spec/osquery-protocol.md §14, distributed queries. */
describe.each(harnesses)('distributed, through %s', (_, start, isLongPoll) => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeEach(async () => {
    server = await start();
    agent = await anEnrolled(server, 'i-0abc');
    await settled(server, agent);
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
  });

  it('check 37: ids, queries and discovery are non-empty strings, and discovery names only ids of delivered queries', async () => {
    const fresh = await anEnrolled(server, 'i-0def'); // enrollment has a query with discovery
    await ask(server, 'i-0def');
    const { queries = {}, discovery = {} } = (await fresh.read()).json as Record<string, Record<string, unknown>>;
    expect(Object.keys(queries)).toHaveLength(4);
    expect(Object.keys(discovery)).toHaveLength(1);
    for (const [id, sql] of [...Object.entries(queries), ...Object.entries(discovery)]) {
      expect([typeof sql, id.length > 0, String(sql).length > 0, String(sql).includes('\0')]).toEqual([
        'string',
        true,
        true,
        false,
      ]);
      expect(queries).toHaveProperty([id]);
    }
  });

  const accelerated = async (): Promise<void> => {
    expect((await agent.read()).json).toEqual({ queries: {} });
    await server.registry.accelerate('i-0abc', server.clock.nowMs + 90_500);
    const { accelerate } = (await agent.read()).json;
    expect(accelerate).toBe(91);
    expect(accelerate).toBeLessThanOrEqual(heatSeconds);
    server.clock.nowMs += 90_500;
    expect((await agent.read()).json).toEqual({ queries: {} });
    // osquery polls every five seconds instead of at its interval, even if that is slower.
    expect(
      ((await agent.config()).json.options as Record<string, unknown>).distributed_interval,
    ).toBeGreaterThanOrEqual(5);
  };
  const neverAccelerated = async (): Promise<void> => {
    await server.registry.accelerate('i-0abc', server.clock.nowMs + 90_500);
    await ask(server, 'i-0abc');
    expect((await agent.read()).json).not.toHaveProperty('accelerate');
    expect((await agent.read()).json).not.toHaveProperty('accelerate');
    expect((await agent.config()).json).toMatchObject({ options: { distributed_interval: 1 } });
  };
  if (isLongPoll) it('check 38: accelerate is never sent, because the interval is less than 5 s', neverAccelerated);
  else it('check 38: accelerate is an integer within the policy, only while the host is hot', accelerated);

  it('check 40: a query stays deliverable until it is answered, with a limit of deliveries and never past expiry', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const first = Object.entries(await agent.poll());
    expect(first).toHaveLength(1);
    server.clock.nowMs += LEASE - 1;
    expect(await agent.poll()).toEqual({}); // leased
    server.clock.nowMs += 1;
    const second = Object.entries(await agent.poll());
    server.clock.nowMs += LEASE;
    const third = Object.entries(await agent.poll());
    const ids = [first, second, third].flat().map(([id]) => id);
    const texts = [first, second, third].flat().map(([, sql]) => sql);
    // The same text under another id each time: an answer that the agent still holds is never replaced.
    expect([new Set(ids).size, texts.length, new Set(texts).size]).toEqual([3, 3, 1]);
    for (let poll = 0; poll < 3; poll++) {
      server.clock.nowMs += LEASE;
      expect(await agent.poll()).toEqual({});
    }
    expect((await record(server)).troubles).toEqual(['unanswered']);

    await ask(server, 'i-0abc', { n: 2, only: 'container' });
    server.clock.nowMs += 600_000;
    expect(await agent.poll()).toEqual({});
    expect((await record(server, 2)).troubles).toEqual(['expired']);
  });

  it('check 40: an answered query is not delivered again', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const [id = ''] = Object.keys(await agent.poll());
    await agent.write({ [id]: [row(1)] });
    server.clock.nowMs += 2 * LEASE;
    expect(await agent.poll()).toEqual({});
    expect((await record(server)).seenLive).toEqual([containerId(1)]);
  });

  it('check 40: a query that expires in flight is not delivered again', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    server.clock.nowMs += 599_000;
    expect(Object.keys(await agent.poll())).toHaveLength(1);
    server.clock.nowMs += LEASE; // its lease has ended, and it has expired
    expect(await agent.poll()).toEqual({});
    expect((await server.queue.read('i-0abc', true)).deliveries).toEqual([]);
  });

  it('check 41: results for unknown, expired or foreign ids are acknowledged, marked as late, and change nothing', async () => {
    server.clock.nowMs += 7000; // ids contain the time: this one is not an id of the first host
    await ask(server, 'i-0def', { only: 'container' });
    const other = await anEnrolled(server, 'i-0def');
    const foreign = Object.entries(await other.poll()).find(([, sql]) => sql.includes('docker_containers'))?.[0] ?? '';
    expect((await agent.write({ [foreign]: [row(1)], 'no-such-id': [{ x: '1' }] })).verdict).toBe('ok');
    const stored = await server.lines('results');
    expect(
      stored
        .filter((line) => line.host === 'i-0abc' && line.late)
        .map((line) => line.queryId)
        .sort(),
    ).toEqual([foreign, 'no-such-id'].sort());
    expect((await record(server)).seenLive).toEqual([]);
    // The host that received the query can still answer it.
    expect((await other.write({ [foreign]: [row(1)] })).verdict).toBe('ok');
    expect((await record(server)).seenLive).toEqual([containerId(1)]);
  });

  it('check 42: one write brings several ids; messages and stats may be missing, statuses numbers or digits', async () => {
    await ask(server, 'i-0abc', { n: 1 });
    const [first = '', second = ''] = Object.keys(await agent.poll());
    const reply = await agent.send('/v1/distributed/write', {
      queries: { [first]: [row(1)], [second]: '' },
      statuses: { [first]: '0', [second]: '1' },
    });
    expect(reply.verdict).toBe('ok');
    const lines = (await server.lines('results')).filter((line) => line.workload === taskArn(1));
    expect(lines.map((line) => [line.query, line.status, line.columns?.id])).toEqual([
      ['container', 0, containerId(1)],
      ['processes', 1, undefined],
    ]);
    await ask(server, 'i-0abc', { n: 2, only: 'container' });
    const [third = ''] = Object.keys(await agent.poll());
    await agent.send('/v1/distributed/write', {
      queries: { [third]: [] },
      statuses: { [third]: 1 },
      messages: { [third]: 'no such table' },
    });
    expect((await record(server, 2)).troubles).toEqual(['query-failed']);
  });

  it('check 43: the same result twice, in one body or at the same moment, is stored once', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const [id = ''] = Object.keys(await agent.poll());
    const both = await Promise.all([agent.write({ [id]: [row(1)] }), agent.write({ [id]: [row(1)] })]);
    expect(both.some((reply) => reply.verdict === 'ok')).toBe(true);
    expect(both.map((reply) => reply.verdict)).not.toContain('invalid');
    const merged = await agent.write({ [id]: [row(1)], newer: [{ a: '1' }] });
    expect(merged.verdict).toBe('ok');
    expect(
      (await server.lines('results'))
        .map((line) => line.queryId)
        .filter((queryId) => queryId !== 'newer' && queryId !== undefined),
    ).toHaveLength(
      1 + 2, // this one, and the two enrollment answers
    );
  });

  it('check 44: OK means stored: while Firehose refuses, the reply makes the agent keep its results', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const [id = ''] = Object.keys(await agent.poll());
    const before = (await server.lines('results')).length;
    server.firehose.script.push('unavailable');
    expect((await agent.write({ [id]: [row(1)] })).verdict).toBe('fail');
    expect(await server.lines('results')).toHaveLength(before);
    expect((await record(server)).seenLive).toEqual([]);
    expect((await agent.write({ [id]: [row(1)] })).verdict).toBe('ok');
    expect(await server.lines('results')).toHaveLength(before + 1);
  });

  it('check 45: a missing write ends by timeout, even if discovery skipped the query', async () => {
    const fresh = await anEnrolled(server, 'i-0ff');
    const { queries = {}, discovery = {} } = (await fresh.read()).json as Record<string, Record<string, string>>;
    const skipped = Object.keys(discovery);
    const others = Object.keys(queries).filter((id) => !skipped.includes(id));
    await fresh.write(Object.fromEntries(others.map((id) => [id, []])));
    server.clock.nowMs += LEASE;
    expect(await fresh.poll()).toEqual({}); // no answer looks like a skipped query, so it is not sent again
    expect((await server.queue.read('i-0ff', true)).deliveries).toEqual([]);
  });

  it('check 46: the denylist message is recognised, and that query is not sent again', async () => {
    await ask(server, 'i-0abc', { only: 'container' });
    const [id = ''] = Object.keys(await agent.poll());
    const message = 'distributed query is denylisted';
    await agent.write({ [id]: [] }, { statuses: { [id]: 1 }, messages: { [id]: message }, stats: { [id]: {} } });
    expect((await record(server)).troubles).toEqual(['denylisted']);
    server.clock.nowMs += 2 * LEASE;
    expect(await agent.poll()).toEqual({});
  });

  it('check 47: an idle read is answered at once, without a query', async () => {
    const { json, verdict } = await agent.read();
    expect([json, verdict]).toEqual([{ queries: {} }, 'ok']);
  });

  it('check 48: ids have one length and sort bytewise in the intended order of the queries', async () => {
    const seen: string[] = [];
    for (let n = 1; n <= 4; n++) {
      await ask(server, 'i-0abc', { n });
      const ids = Object.keys(await agent.poll());
      seen.push(...ids);
      await agent.write(Object.fromEntries(ids.map((id) => [id, []])));
      server.clock.nowMs += 7000;
    }
    expect(seen).toHaveLength(8);
    expect(new Set(seen.map((id) => id.length)).size).toBe(1);
    expect([...seen].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))).toEqual(seen);
  });
});

/* The same section, for the queries of the shipped policy. */
describe('the shipped policy', () => {
  it('check 39: discovery SQL is valid, and uses a table that every host has', async () => {
    const sqlite = await sqlite3InitModule();
    const db = new sqlite.oo1.DB(':memory:');
    db.exec('CREATE TABLE system_info (hostname, uuid, hardware_vendor); CREATE TABLE processes (pid, name, path)');
    const discoveries = rules.flatMap((rule) => rule.queries.flatMap((query) => query.discovery ?? []));
    expect(discoveries.length).toBeGreaterThan(0);
    for (const sql of discoveries) expect(() => db.exec(sql)).not.toThrow();
    expect(() => db.exec('SELECT 1 FROM nowhere')).toThrow();
    db.close();
  });

  it('check 49: no shipped query selects *', () => {
    const queries = rules.flatMap((rule) => [...rule.queries, ...rule.postMortem]);
    expect(queries.length).toBeGreaterThan(4);
    for (const { sql } of queries) expect(sql).not.toMatch(/SELECT\s+(\w+\.)?\*/i);
  });
});
