import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../lib/core/policy/policy.ts';
import { aHostQuery } from '../../support/builders.ts';
import { plainPolicy } from '../../support/plain-policy.ts';
import { aTlsServer, T0, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

const HOST = 'i-0abc';
const polledEvery = (seconds: number): Policy => ({
  ...plainPolicy,
  rules: plainPolicy.rules.filter(({ on }) => !('enrollment' in on)),
  profiles: [{ name: 'default', config: { options: { distributed_interval: seconds } } }],
});

let server: TlsHarness;
let agent: WireAgent;
const begin = async (intervalSeconds: number): Promise<void> => {
  server = await aTlsServer(polledEvery(intervalSeconds));
  agent = await anEnrolled(server, HOST);
};
afterEach(() => server.close());

const queue = async (...numbers: number[]): Promise<void> => {
  const times = { queuedAtMs: T0, expiresAtMs: T0 + 600_000 };
  for (const n of numbers) await server.queue.enqueue(aHostQuery(n, { host: HOST, ...times }));
};
/** The reply to one read; its queries are answered at once. */
async function read(): Promise<{ asked: number; accelerate: unknown }> {
  const { queries, accelerate } = (await agent.read()).json;
  const ids = Object.keys(queries as object);
  if (ids.length > 0) await agent.write(Object.fromEntries(ids.map((id) => [id, []])));
  return { asked: ids.length, accelerate };
}

describe('a cold host with more pending queries than fit in a delivery', () => {
  beforeEach(() => begin(60));

  it('is polled every 5 s until it has them all, in whole seconds', async () => {
    await queue(1, 2, 3, 4, 5);
    expect(await read()).toEqual({ asked: 3, accelerate: 30 });
    expect(await read()).toEqual({ asked: 2, accelerate: undefined });
  });

  it('keeps its own heat if that lasts longer', async () => {
    await server.registry.accelerate(HOST, T0 + 300_000);
    await queue(1, 2, 3, 4);
    expect(await read()).toEqual({ asked: 3, accelerate: 300 });
  });

  it('is polled fast even if a repeated read holds back new queries', async () => {
    await queue(1);
    await agent.read();
    await queue(2);
    expect((await agent.read()).json).toMatchObject({ accelerate: 30 });
  });

  it('logs the number of pending queries and their age, counted from its enrollment at the earliest', async () => {
    server.clock.nowMs = T0 + 7000;
    const times = { queuedAtMs: T0 - 60_000, expiresAtMs: T0 + 600_000 };
    for (const n of [1, 2, 3, 4]) await server.queue.enqueue(aHostQuery(n, { host: HOST, ...times }));
    await read();
    const delivered = server.reports.find(({ event }) => event === 'queries_delivered');
    expect(delivered?.fields).toMatchObject({ host: HOST, waiting: 4, longestWaitMs: 7000 });
  });
});

describe('an agent with a short polling interval', () => {
  it.each([5, 1])('of %d s never gets accelerate, because osquery would set 5 s', async (seconds) => {
    await begin(seconds);
    await server.registry.accelerate(HOST, T0 + 300_000);
    await queue(1, 2, 3, 4);
    expect(await read()).toEqual({ asked: 3, accelerate: undefined });
    expect(await read()).toEqual({ asked: 1, accelerate: undefined });
  });

  it('gets accelerate from 6 s on', async () => {
    await begin(6);
    await server.registry.accelerate(HOST, T0 + 300_000);
    expect(await read()).toEqual({ asked: 0, accelerate: 300 });
  });
});
