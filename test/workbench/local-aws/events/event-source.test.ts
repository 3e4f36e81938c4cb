import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  EventSource,
  type EventSourceConfig,
  failedItems,
} from '../../../../workbench/local-aws/events/event-source.ts';
import { LocalQueue } from '../../../../workbench/local-aws/events/queues.ts';
import type { Invocation } from '../../../../workbench/local-aws/functions/invocation.ts';
import { aFolder } from '../../../support/folder.ts';
import { notices, until, VirtualClock } from '../support.ts';

interface Record {
  messageId: string;
  body: string;
  attributes: { ApproximateReceiveCount: string };
}

type Answer = (records: Record[]) => object | Promise<object>;

const bodies = (records: Record[]) => records.map(({ body }) => body);
const failures = (records: Record[]) => ({
  batchItemFailures: records.map(({ messageId }) => ({ itemIdentifier: messageId })),
});

/** A queue with a dead-letter queue, its mapping, and a function with the given answers. */
async function aMapping(answer: Answer, given: Partial<EventSourceConfig> = {}) {
  const clock = new VirtualClock();
  const { seen, notify } = notices();
  const open = (name: string) => {
    const config = {
      name,
      arn: `arn:aws:sqs:eu-west-1:0:${name}`,
      visibilityTimeoutMs: 3000,
      retentionMs: 1e9,
    };
    return LocalQueue.open(path.join(aFolder(), name), config, clock, notify);
  };
  const [queue, deadLetters] = [await open('queue'), await open('dead')];
  const batches: Record[][] = [];
  const invoke = async (event: string): Promise<Invocation> => {
    const { Records } = JSON.parse(event);
    batches.push(Records);
    try {
      return { ok: true, payload: JSON.stringify(await answer(Records)) };
    } catch (error) {
      return { ok: false, errorType: 'Error', message: String(error) };
    }
  };
  const config = {
    function: 'handler',
    region: 'eu-west-1',
    batchSize: 10,
    windowMs: 0,
    reportsItemFailures: true,
    maxConcurrency: 5,
    maxReceiveCount: 5,
    ...given,
  };
  const source = new EventSource({ queue, deadLetters, target: { invoke } }, config, clock, notify);
  const close = async () => {
    await source.close();
    await queue.close();
    await deadLetters.close();
  };
  return { clock, queue, deadLetters, source, batches, seen, close };
}

/** Two messages sent one after the other come in one batch. */
const PAIRS = { batchSize: 2, windowMs: 1000 };

describe('an event source mapping', () => {
  it('passes messages as Lambda does', async () => {
    const { queue, source, batches, close, clock } = await aMapping(() => ({}));
    const messageId = await queue.send('{"id":1}');
    await source.idle();
    expect(batches).toEqual([
      [
        {
          messageId,
          receiptHandle: expect.any(String),
          body: '{"id":1}',
          attributes: {
            ApproximateReceiveCount: '1',
            SentTimestamp: String(clock.now()),
            SenderId: expect.any(String),
            ApproximateFirstReceiveTimestamp: String(clock.now()),
          },
          messageAttributes: {},
          md5OfBody: 'd2ce28b9a7fd7e4407e2b0fd499b7fe4',
          eventSource: 'aws:sqs',
          eventSourceARN: 'arn:aws:sqs:eu-west-1:0:queue',
          awsRegion: 'eu-west-1',
        },
      ],
    ]);
    await close();
  });

  it('fills batches up to their size, several at once up to the concurrency', async () => {
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { queue, source, batches, close } = await aMapping(() => blocked.then(() => ({})), {
      batchSize: 2,
      maxConcurrency: 2,
    });
    await Promise.all(['a', 'b', 'c', 'd', 'e'].map((body) => queue.send(body)));
    await until(() => batches.length === 2);
    expect(queue.nextVisibleAtMs()).toBeDefined(); // "e" waits for a free slot
    release();
    await source.idle();
    expect(batches.flatMap(bodies).sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(Math.max(...batches.map((batch) => batch.length))).toBe(2);
    await close();
  });

  it('waits for a fuller batch for its window at most, and not once the batch is full', async () => {
    const { clock, queue, source, batches, close } = await aMapping(() => ({}), { batchSize: 3, windowMs: 1000 });
    await queue.send('a');
    await until(() => queue.nextVisibleAtMs() === undefined);
    await queue.send('b');
    await until(() => queue.nextVisibleAtMs() === undefined);
    expect(batches).toEqual([]);
    clock.advance(1000);
    await until(() => batches.length === 1);
    for (const body of ['c', 'd', 'e']) await queue.send(body);
    await source.idle(); // before any time passes
    expect(batches.map(bodies)).toEqual([
      ['a', 'b'],
      ['c', 'd', 'e'],
    ]);
    await close();
  });

  it('retries only the messages reported as failed, when their visibility timeout ends', async () => {
    const failBadOnce: Answer = (records) =>
      failures(records.filter(({ body, attributes }) => body === 'bad' && attributes.ApproximateReceiveCount === '1'));
    const { clock, queue, source, batches, seen, close } = await aMapping(failBadOnce, PAIRS);
    await Promise.all([queue.send('good'), queue.send('bad')]);
    await until(() => seen.length === 1);
    expect(seen).toEqual([{ kind: 'retry', queue: 'queue', function: 'handler', messages: 1, delayMs: 3000 }]);
    clock.advance(3000);
    await until(() => queue.nextVisibleAtMs() === undefined);
    clock.advance(PAIRS.windowMs);
    await source.idle();
    expect(batches.map(bodies)).toEqual([['good', 'bad'], ['bad']]);
    expect(batches[1]?.[0]?.attributes.ApproximateReceiveCount).toBe('2');
    await close();
  });

  it('retries a message after each visibility timeout, then moves it to the dead-letter queue', async () => {
    const { clock, queue, deadLetters, source, batches, seen, close } = await aMapping(
      () => Promise.reject(new Error('no')),
      { maxReceiveCount: 5 },
    );
    const sentAtMs = clock.now();
    const messageId = await queue.send('poison');
    for (let receives = 1; receives <= 5; receives++) {
      await until(() => batches.length === receives && queue.nextVisibleAtMs() === clock.now() + 3000);
      clock.advance(3000);
    }
    await source.idle();
    expect(batches).toHaveLength(5);
    expect(seen.map(({ kind }) => kind)).toEqual(['retry', 'retry', 'retry', 'retry', 'dead-letter']);
    expect(seen.at(-1)).toEqual({
      kind: 'dead-letter',
      queue: 'queue',
      deadLetterQueue: 'dead',
      messageId,
      receives: 5,
    });
    expect(deadLetters.receive(1)).toMatchObject([{ body: 'poison', sentAtMs }]);
    await close();
  });

  it('fails the whole batch when the function does', async () => {
    let calls = 0;
    const failOnce: Answer = () => (calls++ === 0 ? Promise.reject(new Error('once')) : {});
    const { clock, queue, source, batches, seen, close } = await aMapping(failOnce, PAIRS);
    await Promise.all([queue.send('a'), queue.send('b')]);
    await until(() => seen.length === 1);
    clock.advance(3000);
    await source.idle();
    expect(batches.map(bodies)).toEqual([
      ['a', 'b'],
      ['a', 'b'],
    ]);
    await close();
  });

  it('counts the visibility timeout from the receipt, not from the end of the invocation', async () => {
    let release = () => {};
    const slow: Answer = (records) =>
      new Promise((resolve) => {
        release = () => resolve(failures(records));
      });
    const { clock, queue, source, batches, close } = await aMapping(slow, { maxReceiveCount: 2 });
    await queue.send('slow');
    await until(() => batches.length === 1);
    clock.advance(2000);
    release();
    await until(() => queue.nextVisibleAtMs() === clock.now() + 1000);
    clock.advance(1000);
    await until(() => batches.length === 2);
    release();
    await until(() => queue.nextVisibleAtMs() === clock.now() + 3000);
    clock.advance(3000);
    await source.idle();
    await close();
  });

  it('survives an outage of the database that is shorter than its attempts', async () => {
    let isDown = true;
    const { clock, queue, deadLetters, source, close } = await aMapping(() => {
      if (isDown) throw new Error('ECONNREFUSED');
      return {};
    });
    await queue.send('event');
    for (let waitedMs = 0; waitedMs < 4 * 3000; waitedMs += 3000) {
      await until(() => queue.nextVisibleAtMs() === clock.now() + 3000);
      isDown = waitedMs < 3 * 3000;
      clock.advance(3000);
    }
    await source.idle();
    expect(deadLetters.size).toBe(0);
    await close();
  });

  it('finishes messages in flight when it is closed, and takes no more', async () => {
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const { queue, source, batches } = await aMapping(() => blocked.then(() => ({})), {
      batchSize: 1,
      maxConcurrency: 1,
    });
    await Promise.all([queue.send('a'), queue.send('b')]);
    await until(() => batches.length === 1);
    const closed = source.close();
    release();
    await closed;
    expect(batches.map(bodies)).toEqual([['a']]);
    expect(queue.size).toBe(1);
    await queue.close();
  });
});

describe('the answer to a batch', () => {
  const batch = ['m1', 'm2'];
  it.each<[string, string, readonly string[]]>([
    ['null', 'null', []],
    ['an empty object', '{}', []],
    ['an empty list', '{"batchItemFailures":[]}', []],
    ['something other than a list', '{"batchItemFailures":null}', []],
    ['text', '"done"', []],
    ['one message', '{"batchItemFailures":[{"itemIdentifier":"m2"}]}', ['m2']],
    ['a message of another batch', '{"batchItemFailures":[{"itemIdentifier":"m2"},{"itemIdentifier":"m9"}]}', batch],
    ['an empty id', '{"batchItemFailures":[{"itemIdentifier":""}]}', batch],
    ['another key', '{"batchItemFailures":[{"id":"m1"}]}', batch],
    ['no list of failures', '{"batchItemFailures":"m1"}', batch],
  ])('with %s fails the messages that Lambda would treat as failed', (_, payload, failed) => {
    expect(failedItems(payload, batch, true)).toEqual(failed);
  });

  it('is ignored without ReportBatchItemFailures', () => {
    expect(failedItems('{"batchItemFailures":[{"itemIdentifier":"m2"}]}', batch, false)).toEqual([]);
  });
});
