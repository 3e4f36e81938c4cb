import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { aPolicyOf } from '../../support/a-rule.ts';
import { aStart, containerStarted, forms } from '../../support/process-events.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

let server: TlsHarness;
let agent: WireAgent;
beforeEach(async () => {
  server = await aTlsServer(aPolicyOf([containerStarted()], { spacingSeconds: 3600 }));
  agent = await anEnrolled(server, 'h1');
  await agent.log('result', [forms.event(0)]); // the question is queued: spacing drops it from now on
  server.reports.length = 0;
  server.dynamo.calls.length = 0;
});
afterEach(async () => {
  expect(server.thrown).toEqual([]);
  await server.close();
});

const batch = (length: number, from = 1) => Array.from({ length }, (_, n) => forms.event(from + n));
const ids = async () => (await server.lines('logs')).slice(1).map(({ id }) => id);
const reported = (name: string) => server.reports.filter(({ event }) => event === name).map(({ fields }) => fields);

/** One attempt of a function that has time for this many slices. */
async function send(lines: readonly unknown[], slicesInTime = Number.POSITIVE_INFINITY): Promise<boolean> {
  const before = server.firehose.calls;
  server.context.timeLeftMs = () => (server.firehose.calls - before < slicesInTime ? 15_000 : 0);
  const { verdict } = await agent.log('result', lines);
  return verdict === 'ok';
}

describe('a batch that takes longer than one invocation', () => {
  it('makes progress with every attempt, and each of its lines is stored once', async () => {
    const lines = batch(1000);
    const tries: boolean[] = [];
    do tries.push(await send(lines, 1));
    while (!tries.at(-1));
    expect(tries).toEqual([false, false, false, true]);
    expect(new Set(await ids()).size).toBe(1000);
    expect(await ids()).toHaveLength(1000);
    expect(reported('log_stored_in_part').map(({ stored }) => stored)).toEqual([256, 512, 768]);
  });

  it('resumes where a failure interrupted it', async () => {
    const lines = batch(1000);
    const stored: number[] = [];
    for (let tries = 0; tries < 3; tries++) {
      server.firehose.script.push('ok', 'unavailable');
      expect(await send(lines)).toBe(false);
      stored.push((await ids()).length);
      server.firehose.script.length = 0;
    }
    expect(stored).toEqual([256, 512, 768]);
    expect(await send(lines)).toBe(true);
    expect(await ids()).toHaveLength(1000);
  });

  it('may contain newer lines at the next attempt, at any position', async () => {
    const lines = batch(600);
    expect(await send(lines, 1)).toBe(false);
    const later = [...batch(5, 5000), ...lines.slice(0, 100), ...batch(5, 6000), ...lines.slice(100)];
    expect(await send(later)).toBe(true);
    expect(await ids()).toHaveLength(610);
    expect(new Set(await ids()).size).toBe(610);
  });
});

describe('a resent batch', () => {
  it('is stored once, even if its reply was lost', async () => {
    const lines = batch(300);
    for (const minutes of [0, 1, 60]) {
      server.clock.nowMs += minutes * 60_000;
      expect(await send(lines)).toBe(true);
    }
    expect(await ids()).toHaveLength(300);
  });

  it('keeps lines with the same text apart, and adds none of them', async () => {
    const lines = [forms.event(1), forms.event(2), forms.event(1), forms.event(1)];
    expect([await send(lines), await send(lines)]).toEqual([true, true]);
    expect(new Set(await ids()).size).toBe(4);
    expect(await ids()).toHaveLength(4);
  });

  it('is distinguished from a new batch that repeats one line', async () => {
    expect(await send(batch(4))).toBe(true);
    expect(await send([forms.event(1), ...batch(3, 100)])).toBe(true);
    expect(await ids()).toHaveLength(8);
  });

  it.each(['status', ''])('is identified by its type: "%s"', async (type) => {
    await agent.log('result', batch(2));
    await agent.log(type, batch(2));
    await agent.log('result', batch(2));
    expect(await ids()).toHaveLength(4);
  });
});

describe('matching rows that spacing drops', () => {
  it('cost one read of the queue and one of the spacing per slice, and one log line', async () => {
    const line = { ...forms.snapshot(1), snapshot: Array.from({ length: 1024 }, (_, n) => aStart(n)) };
    expect(await send([line])).toBe(true);
    expect(reported('query_dropped')).toEqual([
      { host: 'h1', rule: 'container-started', query: 'containers', limit: 'spacingSeconds', count: 1024 },
    ]);
    const calls = server.dynamo.calls.map(({ name, input }) => [name, JSON.stringify(input)] as const);
    const to = (partition: string) => calls.filter(([, input]) => input.includes(partition)).map(([name]) => name);
    expect([to('SPACING#'), to('LOG#')]).toEqual([['TransactWriteItemsCommand'], ['GetItemCommand', 'PutItemCommand']]);
    expect(to('WAKE#').length).toBeLessThanOrEqual(1); // one hint for the host, where a front reads them
    expect(calls.length - to('WAKE#').length).toBeLessThanOrEqual(5);
  });
});

it('matching rows beyond 2,000 in one line queue nothing, and are one log line', async () => {
  const line = { ...forms.snapshot(1), snapshot: Array.from({ length: 2_300 }, (_, n) => aStart(n)) };
  expect(await send([line])).toBe(true);
  expect(reported('query_dropped').map(({ limit, count }) => [limit, count])).toEqual([
    ['rowsAtOnce', 300],
    ['spacingSeconds', 2_000],
  ]);
  expect(await ids()).toHaveLength(1);
});

it('rows that spacing drops in several slices of a request are one log line, even if the request fails', async () => {
  const dropped = (count: number) => ({
    host: 'h1',
    rule: 'container-started',
    query: 'containers',
    limit: 'spacingSeconds',
    count,
  });
  expect(await send(batch(1024))).toBe(true);
  expect(reported('query_dropped')).toEqual([dropped(1024)]);
  server.firehose.script.push('ok', 'ok', 'unavailable');
  expect(await send(batch(1024, 5000))).toBe(false);
  expect(reported('query_dropped')).toEqual([dropped(1024), dropped(512)]);
});

it('a batch with more lines than any agent sends is quarantined', async () => {
  expect(await send(Array(40_001).fill({}))).toBe(true);
  expect(await ids()).toEqual([]);
  expect(await server.lines('quarantine')).toMatchObject([{ reason: 'more than 40000 lines' }]);
});
