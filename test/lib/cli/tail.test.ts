import { CloudWatchLogsClient, FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { afterEach, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { CloudWatchLogs, patternOf } from '../../../lib/cli/logs/cloudwatch-logs.ts';
import { LocalLogs } from '../../../lib/cli/logs/local-logs.ts';
import type { LogLine, LogSource } from '../../../lib/cli/logs/log-line.ts';
import { eventsOf } from '../../../lib/cli/logs/moments.ts';
import { follow, sayMoment } from '../../../lib/cli/logs/tail.ts';
import { jsonLines } from '../../support/command.ts';
import { aMayflyWithQueues } from './mayfly-with-queues.ts';

const AT = '2026-11-28T12:00:00.000Z';
const AT_MS = Date.parse(AT);

const LINES = [
  { message: 'enroll_refused', timestamp: AT, hostIdentifier: 'web-\u001b[2J9' },
  { message: 'node_enrolled', timestamp: AT, host: 'web-1', hostname: 'one', osquery: '5.23.0' },
  {
    ...{ message: 'event_handled', timestamp: AT, messageId: 'm', kind: 'task', outcome: 'queued', host: 'web-1' },
    ...{ hosts: 1, workload: 'arn:task/4f1c', queries: ['t/a', 't/b', 't/c', 't/d', 't/e'] },
  },
  { message: 'event_handled', timestamp: AT, kind: 'campaign', outcome: 'queued', hosts: 40, queries: ['campaign/x'] },
  { message: 'event_handled', timestamp: AT, kind: 'ignored', outcome: 'ignored', hosts: 0, queries: [] },
  { message: 'queries_queued', timestamp: AT, host: 'web-1', hosts: 1, workload: null, queries: ['enrolled/system'] },
  { message: 'queries_delivered', timestamp: AT, host: 'web-1', wireIds: ['a', 'b'], waiting: 2, longestWaitMs: 1500 },
  {
    ...{ _aws: { Timestamp: AT_MS }, message: 'answer_timed', Rule: 'ecs-task', rule: 'ecs-task', host: 'web-1' },
    ...{ workload: 'arn:task', TimeToAnswer: 2500 },
  },
  { _aws: { Timestamp: AT_MS }, message: 'verdicts_recorded', verdict: 'missed', reason: 'expired', Verdicts: 2 },
  { _aws: { Timestamp: AT_MS }, message: 'verdicts_recorded', verdict: 'seen', Verdicts: 5 },
  { message: 'sweep_done', timestamp: AT },
  { time: AT, type: 'platform.report' },
];

describe('mayfly tail', () => {
  let cared: Awaited<ReturnType<typeof aMayflyWithQueues>> | undefined;
  afterEach(() => cared?.close());
  const tail = async (...flags: string[]) => {
    cared = await aMayflyWithQueues();
    cared.log(...LINES);
    return cared.ask('tail', '--no-follow', '--since', '2026-11-28', ...flags);
  };

  it('shows what happened, a line each, without escape sequences', async () => {
    const { stdout } = await tail();
    expect(stdout.split('\n')).toEqual([
      '2026-11-28 12:00:00Z  refused   web- [2J9  wrong enroll secret',
      '2026-11-28 12:00:00Z  enrolled  web-1  enrolled: one, osquery 5.23.0',
      '2026-11-28 12:00:00Z  event     web-1  task: queued about 4f1c',
      '2026-11-28 12:00:00Z  query     web-1  t/a, t/b, t/c and 2 more queued about 4f1c',
      '2026-11-28 12:00:00Z  event     campaign: queued',
      '2026-11-28 12:00:00Z  query     campaign/x queued for 40 hosts',
      '2026-11-28 12:00:00Z  query     web-1  enrolled/system queued',
      '2026-11-28 12:00:00Z  query     web-1  2 queries delivered after 1.5 s',
      '2026-11-28 12:00:00Z  answer    web-1  ecs-task answered after 2.5 s about arn:task',
      '2026-11-28 12:00:00Z  miss      2 workloads missed: expired',
      '',
    ]);
  });

  it('can be limited to a host, and to kinds', async () => {
    const { stdout } = await tail('--host', 'web-1', '--kind', 'answer,enrolled', '--json');
    expect(jsonLines(stdout)).toMatchObject([
      { at: AT, kind: 'enrolled', event: 'node_enrolled', host: 'web-1' },
      { kind: 'answer', fields: { timeToAnswerMs: 2500, workload: 'arn:task' } },
    ]);
  });

  it('shows of an event only what is wanted', async () => {
    const { stdout } = await tail('--kind', 'query', '--host', 'web-1', '--json');
    expect(jsonLines(stdout).map(({ event }) => event)).toEqual([
      'event_handled',
      'queries_queued',
      'queries_delivered',
    ]);
  });

  it('refuses a kind that does not exist', async () => {
    expect(await tail('--kind', 'answers')).toMatchObject({ code: 2 });
  });
});

describe('what a local Mayfly tells without the demo', () => {
  it('are the lines that mayfly tail shows, until it is stopped', async () => {
    const stop = new AbortController();
    const fields = { host: 'web-1', hostname: 'one', osquery: '5' };
    const node: LogLine = { atMs: AT_MS, event: 'node_enrolled', fields };
    const batches = [[node], [{ ...node, fields: { ...node.fields, host: 'web-2' } }]];
    const source: LogSource = {
      everyMs: 0,
      next: async () => {
        if (batches.length === 1) stop.abort();
        return batches.shift() ?? [];
      },
      close: () => undefined,
    };
    const printed: string[] = [];
    const out = jest.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
    await follow(source, { follow: true, print: sayMoment }, stop.signal).finally(() => out.mockRestore());
    expect(printed.join('')).toBe(
      '2026-11-28 12:00:00Z  enrolled  web-1  enrolled: one, osquery 5\n' +
        '2026-11-28 12:00:00Z  enrolled  web-2  enrolled: one, osquery 5\n',
    );
  });
});

describe('the logs on this machine', () => {
  it('return each complete line once, and what was appended since', async () => {
    const cared = await aMayflyWithQueues();
    const wish = { sinceMs: 0, events: eventsOf(['enrolled']) };
    const logs = new LocalLogs([`${cared.data}/logs/tls-api.log`, `${cared.data}/logs/not-there.log`], wish);
    cared.log(...LINES);
    expect(await logs.next()).toHaveLength(1);
    expect(await logs.next()).toEqual([]);
    cared.log(...LINES);
    expect(await logs.next()).toMatchObject([{ event: 'node_enrolled', atMs: AT_MS }]);
    await cared.close();
  });

  it('return nothing from before', async () => {
    const cared = await aMayflyWithQueues();
    cared.log(...LINES);
    const wish = { sinceMs: AT_MS + 1, events: eventsOf(undefined) };
    expect(await new LocalLogs([`${cared.data}/logs/tls-api.log`], wish).next()).toEqual([]);
    await cared.close();
  });
});

describe('the logs in CloudWatch', () => {
  it('are filtered there, and a line that comes again or late is returned once', async () => {
    const client = new CloudWatchLogsClient({ region: 'x', credentials: { accessKeyId: 'a', secretAccessKey: 'b' } });
    const calls = mockClient(client);
    const event = (eventId: string, timestamp: number, name = 'node_enrolled') => ({
      eventId,
      timestamp,
      message: JSON.stringify({ ...LINES[1], message: name, timestamp: new Date(timestamp).toISOString() }),
    });
    calls
      .on(FilterLogEventsCommand)
      .resolvesOnce({ events: [event('a', AT_MS)], nextToken: 'more' })
      .resolvesOnce({ events: [event('b', AT_MS + 60_000), event('other', AT_MS, 'node_lost')] })
      .resolvesOnce({ events: [event('b', AT_MS + 60_000), event('late', AT_MS + 40_000)] });
    const logs = new CloudWatchLogs(
      ['group'],
      { sinceMs: AT_MS - 1000, events: ['node_enrolled', 'event_failed'] },
      client,
    );
    expect((await logs.next()).map(({ atMs }) => atMs - AT_MS)).toEqual([0, 60_000]);
    expect((await logs.next()).map(({ atMs }) => atMs - AT_MS)).toEqual([40_000]);
    const inputs = calls.commandCalls(FilterLogEventsCommand).map(({ args: [{ input }] }) => input);
    expect(inputs).toMatchObject([
      { startTime: AT_MS - 1000, filterPattern: '{ ($.message = "node_enrolled") || ($.message = "event_failed") }' },
      { nextToken: 'more' },
      { startTime: AT_MS + 30_000 },
    ]);
  });

  it('take a pattern for all events that CloudWatch accepts', () => {
    // 1024 characters, @see CloudWatch Logs API Reference, FilterLogEvents
    expect(patternOf(eventsOf(undefined)).length).toBeLessThanOrEqual(1024);
    expect(patternOf(['event_failed', 'event_handled', 'node_enrolled'])).toBe(
      '{ ($.message = "event_*") || ($.message = "node_enrolled") }',
    );
  });
});
