import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ask, containerId, record, settled } from '../../support/a-question.ts';
import type { AnyLine } from '../../support/any-line.ts';
import { aTlsServer, NODE_KEY_SECRET_ARN, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type Heard, WireAgent } from '../../support/wire-agent.ts';

/** Longer than a claim, a lease and a resend: everything that a failed request held is free again. */
const LATER = 31_000;

describe('while a service fails', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeEach(async () => {
    server = await aTlsServer();
    agent = await anEnrolled(server, 'i-0abc');
    await settled(server, agent);
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
  });

  const aboutContainers = async (): Promise<AnyLine[]> =>
    (await server.lines('results')).filter((line) => line.columns?.id !== undefined);

  describe('Firehose', () => {
    it('that refuses all records makes the agent keep its results, and its next attempt stores them once', async () => {
      await ask(server, 'i-0abc', { only: 'container' });
      const [id = ''] = Object.keys(await agent.poll());
      const results = { [id]: [{ id: containerId(1), state: 'running' }] };
      for (let attempt = 0; attempt < 3; attempt++) {
        server.firehose.script.push('unavailable');
        expect((await agent.write(results)).json).toEqual({ error: expect.any(String) });
      }
      expect((await agent.write(results)).verdict).toBe('ok');
      expect(await aboutContainers()).toHaveLength(1);
      expect((await record(server)).seenLive).toEqual([containerId(1)]);
    });

    it('that refuses some records is retried with those only', async () => {
      const lines = Array.from({ length: 50 }, (_, n) => ({ n, text: 'x'.repeat(30_000) }));
      server.firehose.script.push({ refuse: (index) => index === 1 }, { refuse: () => true });
      expect((await agent.log('result', lines)).verdict).toBe('ok');
      const stored = (await server.lines('logs')).map((line) => (line.line as { n: number }).n);
      expect([...stored].sort((a, b) => a - b)).toEqual(lines.map((line) => line.n));
    });

    it('that keeps refusing some records makes the agent keep the batch; copies have the same ids', async () => {
      const lines = Array.from({ length: 50 }, (_, n) => ({ n, text: 'x'.repeat(30_000) }));
      server.firehose.script.push(...Array.from({ length: 50 }, () => ({ refuse: (index: number) => index === 0 })));
      expect((await agent.log('result', lines)).verdict).toBe('fail');
      server.firehose.script.length = 0;
      expect((await agent.log('result', lines)).verdict).toBe('ok');
      const stored = await server.lines('logs');
      expect(stored.length).toBeGreaterThan(50);
      expect(new Set(stored.map((line) => line.id)).size).toBe(50);
    });

    it('may store a row twice under one id if its reply is lost', async () => {
      await ask(server, 'i-0abc', { only: 'container' });
      const [id = ''] = Object.keys(await agent.poll());
      const results = { [id]: [{ id: containerId(1), state: 'running' }] };
      server.firehose.script.push('answer lost');
      expect((await agent.write(results)).verdict).toBe('fail');
      expect((await agent.write(results)).verdict).toBe('ok');
      const stored = await aboutContainers();
      expect(stored).toHaveLength(2);
      expect(stored[0]).toEqual(stored[1]);
    });

    it('that refuses a quarantined body makes the agent keep it', async () => {
      server.firehose.script.push('unavailable');
      expect((await agent.send('/v1/log', { data: 'unusable' })).verdict).toBe('fail');
      expect((await agent.send('/v1/log', { data: 'unusable' })).verdict).toBe('ok');
      expect(await server.lines('quarantine')).toHaveLength(1);
    });
  });

  describe('DynamoDB', () => {
    it('failing is an error on every endpoint, and never costs an agent its key', async () => {
      server.dynamo.failAll();
      const again = new WireAgent(server, 'i-0abc');
      const replies = [
        await agent.config(),
        await agent.read(),
        await agent.log('result', [{ a: 1 }]),
        await agent.write({ x: [{}] }),
        await again.enroll(),
      ];
      expect(replies.map((reply) => [reply.verdict, Object.keys(reply.json)])).toEqual(
        replies.map(() => ['fail', ['error']]),
      );
      const failed = replies.map(() => 'request_failed');
      expect(server.reports.map((report) => report.event)).toEqual([
        ...failed.slice(0, 1),
        'read_retried', // by the whole API
        ...failed.slice(1),
      ]);
      server.dynamo.heal();
      expect((await agent.config()).verdict).toBe('ok');
    });

    it('failing in any one call of a write loses nothing, and duplicates no row', async () => {
      let failures = 0;
      for (let call = 1; ; call++) {
        await ask(server, 'i-0abc', { n: call, only: 'container' });
        const [id = ''] = Object.keys(await agent.poll());
        const results = { [id]: [{ id: containerId(call), state: 'running' }] };
        server.dynamo.failCall(call);
        const reply = await agent.write(results);
        server.dynamo.heal();
        server.clock.nowMs += LATER;
        expect(['ok', 'fail']).toContain(reply.verdict);
        if (reply.verdict === 'fail') {
          failures += 1;
          expect((await agent.write(results)).verdict).toBe('ok');
        }
        const stored = (await aboutContainers()).filter((line) => line.columns?.id === containerId(call));
        expect([call, new Set(stored.map((line) => line.id)).size]).toEqual([call, 1]);
        expect([call, stored.map((line) => [line.workload, line.late])]).toEqual([
          call,
          stored.map(() => [expect.stringContaining('task/demo'), false]),
        ]);
        expect([call, (await record(server, call)).seenLive]).toEqual([call, [containerId(call)]]);
        expect([call, await agent.poll()]).toEqual([call, {}]); // and is not offered again
        if (reply.verdict === 'ok') break;
      }
      expect(failures).toBeGreaterThanOrEqual(5);
    });

    /** Answers queries with no rows; returns their SQL. */
    const answered = async (queries: Record<string, string>): Promise<string[]> => {
      const ids = Object.keys(queries);
      if (ids.length > 0) await agent.write(Object.fromEntries(ids.map((id) => [id, []])));
      return Object.values(queries);
    };

    /** Polls again after a failed read. The agent retries after a second; claimed or leased queries return when that ends. */
    const offeredAgain = async (): Promise<string[]> => {
      const offered: string[] = [];
      for (const afterMs of [1000, 16_000, 16_000, 16_000]) {
        server.clock.nowMs += afterMs;
        offered.push(...(await answered(await agent.poll())));
      }
      return offered;
    };

    it('failing in any one call of a read loses no query', async () => {
      let failures = 0;
      for (let call = 1; ; call++) {
        await ask(server, 'i-0abc', { n: call, only: 'container' });
        const before = server.dynamo.calls.length;
        server.dynamo.failCall(call);
        const reply = await agent.read();
        server.dynamo.heal();
        if (server.dynamo.calls.length - before < call) break; // every call was made to fail once
        failures += 1;
        // The first call is the read of the partition, which the whole API repeats.
        expect([call, reply.verdict]).toEqual([call, call === 1 ? 'ok' : 'fail']);
        const offered = [...(await answered(Object(reply.json.queries))), ...(await offeredAgain())];
        expect([call, offered.length, offered[0]]).toEqual([call, 1, expect.stringContaining(containerId(call))]);
      }
      expect(failures).toBeGreaterThanOrEqual(4);
    });

    it('failing in any one call of an enrollment rejects it, and the next attempt enrolls and queues each query once', async () => {
      let failures = 0;
      for (let call = 1; ; call++) {
        const fresh = new WireAgent(server, `host-${call}`);
        server.dynamo.failCall(call);
        const reply = await fresh.enroll();
        server.dynamo.heal();
        if (fresh.key) break;
        failures += 1;
        expect(reply.json).toEqual({ error: expect.any(String) });
        await fresh.enroll();
        expect(Object.keys(await fresh.poll())).toHaveLength(2);
      }
      expect(failures).toBeGreaterThanOrEqual(4);
    });
  });

  describe('Secrets Manager', () => {
    /** A function that has just started has no cached secrets. */
    const cold = async (act: (agent: WireAgent, cold: TlsHarness) => Promise<Heard>): Promise<Heard> => {
      const other = await aTlsServer();
      try {
        const known = await anEnrolled(other, 'i-0abc');
        other.clock.nowMs += 66 * 60_000; // its cache is too old
        other.secrets.failing = true;
        return await act(known, other);
      } finally {
        await other.close();
      }
    };

    it('is an error for known nodes, never node_invalid', async () => {
      for (const act of ['config', 'read'] as const) {
        expect((await cold((known) => known[act]())).verdict).toBe('fail');
      }
      expect((await cold((known) => known.log('result', []))).verdict).toBe('fail');
      expect((await cold((known) => known.write({}))).verdict).toBe('fail');
    });

    it('is a temporary error for an enrollment', async () => {
      const reply = await cold(async (_, other) => new WireAgent(other, 'i-0new').enroll());
      expect([reply.status, reply.json]).toEqual([503, { error: expect.any(String) }]);
    });

    it('without the signing key is an error, and makes no node enroll again', async () => {
      server.secrets.rotate(NODE_KEY_SECRET_ARN, '');
      server.secrets.rotate(NODE_KEY_SECRET_ARN, '');
      server.clock.nowMs += 66 * 60_000;
      expect((await agent.config()).verdict).toBe('fail');
      expect((await new WireAgent(server, 'i-0new').enroll()).verdict).toBe('fail');
    });
  });
});
