import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../lib/core/policy/policy.ts';
import { aPolicyOf } from '../../support/a-rule.ts';
import { aboutTheProcess, aStart, containerStarted, forms } from '../../support/process-events.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

const CONTAINERS = 'SELECT id, image FROM docker_containers';
const MINUTE = 60_000;

let server: TlsHarness;
let agent: WireAgent;
async function start(policy: Policy): Promise<void> {
  server = await aTlsServer(policy);
  agent = await anEnrolled(server, 'h1');
  server.dynamo.calls.length = 0;
}
afterEach(async () => {
  expect(server.thrown).toEqual([]);
  await server.close();
});

/** The SQL that the next poll delivers; it is answered at once. */
async function asked(): Promise<string[]> {
  const queries = await agent.poll();
  await agent.write(Object.fromEntries(Object.keys(queries).map((id) => [id, []])));
  return Object.values(queries);
}

const drops = () => server.reports.filter(({ event }) => event === 'query_dropped').map(({ fields }) => fields);
/** The items that were written to a partition with this prefix, alone or in a transaction. */
const writesTo = (partition: string) =>
  server.dynamo.calls
    .flatMap(({ name, input }) =>
      name === 'TransactWriteItemsCommand' ? Object.values(Object(input.TransactItems)) : [input],
    )
    .filter((input) => JSON.stringify(Object(input).Put ?? Object(input).Item)?.includes(partition));

describe('a row about a started container', () => {
  beforeEach(() => start(aPolicyOf([containerStarted()])));

  it.each(Object.entries(forms))('queries the containers of the node within one request, as %s', async (_, line) => {
    expect((await agent.log('result', [line(1)])).verdict).toBe('ok');
    expect(await asked()).toEqual([CONTAINERS]);
  });

  it('queries that node only', async () => {
    const other = await anEnrolled(server, 'h2');
    await agent.log('result', [forms.event(1)]);
    expect(await other.poll()).toEqual({});
  });

  it.each([
    ['of another scheduled query', 'result', { ...forms.event(1), name: 'pack/container-events/other' }],
    ['whose columns do not match', 'result', forms.event(1, aStart(1, { path: '/usr/bin/bash' }))],
    ['that was removed', 'result', { ...forms.event(1), action: 'removed' }],
    ['that was removed, in a batch', 'result', { ...forms.batch(1), diffResults: { removed: [aStart(1)], added: '' } }],
    ['of the status log', 'status', forms.event(1)],
  ])('queues nothing %s', async (_, type, line) => {
    await agent.log(type, [line]);
    expect(await asked()).toEqual([]);
  });

  it('is recorded in the answer, with its time', async () => {
    const startedAtMs = server.clock.nowMs + 7000;
    server.clock.nowMs += 9000;
    await agent.log('result', [forms.event(7)]);
    const [wireId = ''] = Object.keys(await agent.poll());
    await agent.write({ [wireId]: [{ id: 'c1', image: 'busybox' }] });
    expect(await server.lines('results')).toEqual([
      expect.objectContaining({
        rule: 'container-started',
        set: 'log',
        columns: { id: 'c1', image: 'busybox' },
        decorations: expect.objectContaining({ log_query: 'pack/container-events/container_starts' }),
        triggeredAtMs: startedAtMs,
      }),
    ]);
  });
});

describe('a resent batch', () => {
  beforeEach(() => start(aPolicyOf([containerStarted()], { spacingSeconds: 10 })));
  const batch = [forms.event(1), forms.batch(2), forms.snapshot(3)];

  it('queues nothing while the query is pending', async () => {
    await agent.log('result', batch);
    await agent.log('result', batch);
    expect(await asked()).toEqual([CONTAINERS]);
  });

  it('queues nothing once the query was delivered', async () => {
    await agent.log('result', batch);
    const queries = await agent.poll();
    await agent.log('result', batch);
    server.clock.nowMs += MINUTE;
    expect(Object.values(await agent.poll())).toEqual(Object.values(queries)); // the lease has ended: offered again
    expect((await server.queue.read('h1', true)).pending).toEqual([]);
  });

  it('queues nothing once the query was answered, however much later', async () => {
    await agent.log('result', batch);
    await asked();
    for (const wait of [0, MINUTE, 60 * MINUTE]) {
      server.clock.nowMs += wait;
      await agent.log('result', batch);
      expect(await asked()).toEqual([]);
    }
  });

  it('queues queries for its new rows', async () => {
    await agent.log('result', batch);
    await asked();
    server.clock.nowMs += MINUTE;
    await agent.log('result', [...batch, forms.event(4)]);
    expect(await asked()).toEqual([CONTAINERS]);
  });
});

describe('a batch whose handling failed', () => {
  it.each([0, 10])('queues once when it is resent, wherever it failed (spacing %i s)', async (spacingSeconds) => {
    for (let call = 1; ; call++) {
      await start(aPolicyOf([containerStarted()], { spacingSeconds }));
      server.dynamo.failCall(call);
      const { verdict } = await agent.log('result', [forms.event(1)]);
      server.dynamo.heal();
      await agent.log('result', [forms.event(1)]);
      expect([call, await asked()]).toEqual([call, [CONTAINERS]]);
      expect(await asked()).toEqual([]);
      if (verdict === 'ok') break;
      expect(verdict).toBe('fail'); // the agent keeps its lines
      await server.close();
    }
  });
});

describe('a storm of 256 matching rows', () => {
  const storm = Array.from({ length: 256 }, (_, n) => forms.event(n + 1));

  it('with one question queues it once, at the cost of one, and reports the others once', async () => {
    await start(aPolicyOf([containerStarted()], { spacingSeconds: 10 }));
    await agent.log('result', storm);
    expect(drops()).toEqual([expect.objectContaining({ host: 'h1', limit: 'spacingSeconds', count: 255 })]);
    expect(writesTo('SPACING#')).toHaveLength(1);
    expect(writesTo('HOST#')).toHaveLength(1);
    expect(await asked()).toEqual([CONTAINERS]);
  });

  it('queues the same question again only after its spacing', async () => {
    await start(aPolicyOf([containerStarted()], { spacingSeconds: 10 }));
    await agent.log('result', storm.slice(0, 1));
    await asked();
    server.clock.nowMs += 9_999;
    await agent.log('result', storm.slice(1, 2));
    expect(await asked()).toEqual([]);
    server.clock.nowMs += 1;
    await agent.log('result', storm.slice(2, 3));
    expect(await asked()).toEqual([CONTAINERS]);
  });

  it('with a question each queues up to the limit, and reports the others once', async () => {
    await start(aPolicyOf([containerStarted(aboutTheProcess)], { spacingSeconds: 10, pendingPerHost: 20 }));
    await agent.log('result', storm);
    expect((await server.queue.read('h1', true)).pending).toHaveLength(20);
    expect(drops()).toEqual([expect.objectContaining({ query: 'process', limit: 'pendingPerHost', count: 236 })]);
  });

  it('leaves room again once the queries have expired, even if the table still holds them', async () => {
    await start(aPolicyOf([containerStarted(aboutTheProcess)], { pendingPerHost: 20 }));
    await agent.log('result', storm);
    server.reports.length = 0;
    server.clock.nowMs += 600_000;
    await agent.log('result', [forms.event(300)]);
    expect(drops()).toEqual([]);
    expect(await asked()).toEqual(["SELECT path FROM processes WHERE pid = '300'"]);
  });
});
