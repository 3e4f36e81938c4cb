import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { ask, settled } from '../../support/a-question.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

describe('an idle poll', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  beforeEach(async () => {
    server = await aTlsServer();
    agent = await anEnrolled(server, 'i-0abc');
    await settled(server, agent);
  });
  afterEach(() => server.close());

  it('costs one DynamoDB call, an eventually consistent Query of one partition', async () => {
    expect(await agent.poll()).toEqual({});
    expect(server.dynamo.calls.map((call) => call.name)).toEqual(['QueryCommand']);
    expect(server.dynamo.calls[0]?.input).toMatchObject({
      TableName: server.table.name,
      ConsistentRead: false,
      ExpressionAttributeValues: { ':pk': 'HOST#i-0abc' },
    });
  });

  it('costs no call to Secrets Manager or Firehose once the function is warm', async () => {
    const before = { secrets: server.secrets.calls, firehose: server.firehose.calls };
    await agent.poll();
    expect({ secrets: server.secrets.calls, firehose: server.firehose.calls }).toEqual(before);
  });

  it('writes no log line', async () => {
    const out = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    const err = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    const logged = jest.spyOn(console, 'log').mockReturnValue(undefined);
    await agent.poll();
    const lines = [out.mock.calls.length, err.mock.calls.length, logged.mock.calls.length];
    for (const spy of [out, err, logged]) spy.mockRestore();
    expect(lines).toEqual([0, 0, 0]);
    expect(server.reports).toEqual([]);
  });

  it('is as cheap while the host is hot', async () => {
    await server.registry.accelerate('i-0abc', server.clock.nowMs + 60_000);
    server.dynamo.calls.length = 0;
    expect((await agent.read()).json).toEqual({ queries: {}, accelerate: 60 });
    expect(server.dynamo.calls.map((call) => call.name)).toEqual(['QueryCommand']);
  });

  it('renews the node and its directory entry, and checks for a wrong alias, only every five minutes', async () => {
    server.clock.nowMs += 5 * 60_000;
    await agent.poll();
    expect(server.dynamo.calls.map((call) => call.name)).toEqual([
      'QueryCommand',
      'UpdateItemCommand',
      'GetItemCommand',
      'UpdateItemCommand',
    ]);
    server.clock.nowMs += 5 * 60_000 - 1;
    server.dynamo.calls.length = 0;
    await agent.poll();
    expect(server.dynamo.calls.map((call) => call.name)).toEqual(['QueryCommand']);
  });

  it('costs no call if none of our secrets signed its key', async () => {
    for (const key of ['', 'foreign', `${agent.key.slice(0, -2)}xx`]) {
      agent.key = key;
      expect((await agent.read()).verdict).toBe('invalid');
    }
    expect(server.dynamo.calls).toEqual([]);
  });

  it('differs from a poll with a delivery, which writes and reports', async () => {
    await ask(server, 'i-0abc');
    server.dynamo.calls.length = 0;
    expect(Object.keys(await agent.poll())).toHaveLength(2);
    expect(server.dynamo.calls.length).toBeGreaterThan(2);
    expect(server.reports.map((report) => report.event)).toEqual(['queries_delivered']);
  });
});
