import { describe, expect, it } from '@jest/globals';
import type { SQSRecord } from 'aws-lambda';
import { type EventBatchDeps, eventBatch } from '../../../../lib/aws/triggers/event-batch.ts';
import { MayflyError } from '../../../../lib/core/errors.ts';
import { LOG_EVENTS } from '../../../../lib/core/reports/log-events.ts';
import { context } from '../../../support/fixtures.ts';

const T0 = Date.parse('2026-03-01T12:00:00Z');
const BODY = JSON.stringify({ id: 'e1', 'detail-type': 'Something', detail: { password: 'hunter2' } });

const aRecord = (messageId: string): SQSRecord => ({
  messageId,
  receiptHandle: 'handle',
  body: BODY,
  attributes: {
    ApproximateReceiveCount: '1',
    SentTimestamp: String(T0),
    SenderId: 'events',
    ApproximateFirstReceiveTimestamp: String(T0),
  },
  messageAttributes: {},
  md5OfBody: '',
  eventSource: 'aws:sqs',
  eventSourceARN: 'arn:aws:sqs:eu-west-1:111122223333:events',
  awsRegion: 'eu-west-1',
});

/** The answer and the reports of a function that receives two events. */
async function run(deps: Partial<EventBatchDeps>) {
  const reports: { event: string; fields: Readonly<Record<string, unknown>> }[] = [];
  const handler = eventBatch({
    handle: async () => 'noted',
    prepare: async () => {},
    report: (event, fields) => void reports.push({ event, fields }),
    now: () => T0,
    ...deps,
  });
  const { batchItemFailures } = await handler({ Records: [aRecord('m1'), aRecord('m2')] }, context);
  const of = (name: string) => reports.flatMap(({ event, fields }) => (event === name ? [fields] : []));
  return { failed: batchItemFailures.map(({ itemIdentifier }) => itemIdentifier), reports, of };
}

describe('a function that handles a batch of events', () => {
  it('logs an unexpected error with its stack at level ERROR, and returns the event to its queue', async () => {
    let first = true;
    const { failed, of } = await run({
      handle: async () => {
        if (!first) return 'noted';
        first = false;
        throw new TypeError('undefined is not a function', { cause: new Error('the cause') });
      },
    });
    expect(failed).toEqual(['m1']);
    expect(of('event_failed')).toEqual([
      {
        messageId: 'm1',
        error: expect.stringMatching(/^TypeError: undefined is not a function\n {4}at .*event-batch/),
      },
    ]);
    expect(of('event_failed')[0]?.error).toMatch(/\ncaused by Error: the cause\n {4}at /);
    expect(of('event_handled')).toMatchObject([{ messageId: 'm2', outcome: 'noted' }]);
    expect(LOG_EVENTS.event_failed.level).toBe('ERROR');
  });

  it('logs the code of an expected error', async () => {
    const { of } = await run({
      handle: async () => {
        throw new MayflyError('SQL_VALUE_UNSAFE', 'a value with NUL');
      },
    });
    expect(of('event_failed')[0]?.error).toMatch(/^SQL_VALUE_UNSAFE MayflyError: a value with NUL\n {4}at /);
  });

  it('names what an event queued in the line of the event', async () => {
    const own = { host: 'h1', workload: 'arn:task/1', queries: ['ecs-task-running/container'] };
    const { of } = await run({
      handle: async (_, __, queued) => {
        queued.push(own, { ...own, queries: ['ecs-task-running/container', 'ecs-task-running/processes'] });
        return 'queued';
      },
    });
    expect(of('event_handled')[0]).toEqual({
      ...{ messageId: 'm1', kind: 'malformed', outcome: 'queued', hosts: 1, host: 'h1', workload: 'arn:task/1' },
      queries: ['ecs-task-running/container', 'ecs-task-running/processes'],
    });
  });

  it('names no host and no workload of queries for several', async () => {
    const { of } = await run({
      handle: async (_, __, queued) => {
        for (const n of [1, 2, 3]) queued.push({ host: `h${n}`, workload: `arn:task/${n}`, queries: ['campaign/x'] });
        return 'queued';
      },
    });
    expect(of('event_handled')[0]).toMatchObject({ hosts: 3, host: null, workload: null, queries: ['campaign/x'] });
  });

  it('writes no event and no row to its log', async () => {
    const { reports } = await run({
      handle: async () => {
        throw Object.assign(new Error('refused'), { Item: { row: 'of the table' } });
      },
    });
    expect(JSON.stringify(reports)).not.toMatch(/hunter2|of the table/);
  });

  it('handles each event on its own if the shared preparation fails', async () => {
    const { failed, of } = await run({
      prepare: async () => {
        throw new Error('ECS is away');
      },
    });
    expect(failed).toEqual([]);
    expect(of('batch_unprepared')).toEqual([{ error: expect.stringMatching(/^Error: ECS is away\n {4}at /) }]);
    expect(of('event_handled')).toHaveLength(2);
  });
});
