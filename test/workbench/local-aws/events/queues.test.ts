import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LocalQueue, type QueueConfig } from '../../../../workbench/local-aws/events/queues.ts';
import { aFolder } from '../../../support/folder.ts';
import { notices, VirtualClock } from '../support.ts';

const MINUTE_MS = 60_000;
const CONFIG: QueueConfig = {
  name: 'q',
  arn: 'arn:aws:sqs:us-east-1:0:q',
  visibilityTimeoutMs: 90_000,
  retentionMs: 60 * MINUTE_MS,
};

async function aQueue(given: { file?: string; clock?: VirtualClock; config?: Partial<QueueConfig> } = {}) {
  const { file = path.join(aFolder(), 'q.journal'), clock = new VirtualClock() } = given;
  const queue = await LocalQueue.open(file, { ...CONFIG, ...given.config }, clock, notices().notify);
  return { queue, file, clock };
}

describe('a queue', () => {
  it('gives a message to one receiver at a time, oldest first, until it is deleted', async () => {
    const { queue, clock } = await aQueue();
    await queue.send('first');
    await queue.send('second');
    const [first] = queue.receive(1);
    expect(first).toMatchObject({ body: 'first', receives: 1, sentAtMs: clock.now() });
    expect(queue.receive(10).map(({ body }) => body)).toEqual(['second']);
    expect(queue.receive(10)).toEqual([]);
    await queue.delete([first?.id ?? '']);
    expect(queue.size).toBe(1);
    await queue.close();
  });

  it('shows a released message again after its delay, with its receive count', async () => {
    const { queue, clock } = await aQueue();
    await queue.send('again');
    queue.release(
      queue.receive(1).map(({ id }) => id),
      500,
    );
    expect(queue.nextVisibleAtMs()).toBe(clock.now() + 500);
    clock.advance(499);
    expect(queue.receive(1)).toEqual([]);
    clock.advance(1);
    expect(queue.receive(1)).toMatchObject([{ body: 'again', receives: 2 }]);
    await queue.close();
  });

  it('drops a message after the retention period', async () => {
    const { queue, clock } = await aQueue();
    await queue.send('late');
    clock.advance(60 * MINUTE_MS);
    expect(queue.receive(1)).toEqual([]);
    expect(queue.size).toBe(0);
    await queue.close();
  });

  it('has after a crash all messages that were sent and not deleted, with their receive counts', async () => {
    const { queue, file, clock } = await aQueue();
    const ids = [await queue.send('done'), await queue.send('in flight'), await queue.send('waiting')];
    const taken = queue.receive(2);
    await queue.delete([taken[0]?.id ?? '']);
    const journal = readFileSync(file); // the crash: only the file's present content survives
    await queue.close();
    writeFileSync(file, Buffer.concat([journal, Buffer.from('{"op":"send","id":"torn","bo')]));

    const { queue: next } = await aQueue({ file, clock });
    expect(next.receive(10).map(({ id, body, receives }) => ({ id, body, receives }))).toEqual([
      { id: ids[1], body: 'in flight', receives: 2 },
      { id: ids[2], body: 'waiting', receives: 1 },
    ]);
    await next.close();
  });

  it('rewrites its journal with only the remaining messages when it opens', async () => {
    const { queue, file } = await aQueue();
    const id = await queue.send('x'.repeat(1000));
    await queue.delete([id]);
    await queue.send('kept');
    await queue.close();
    const { queue: next } = await aQueue({ file });
    expect(readFileSync(file, 'utf8')).toMatch(/^\{"op":"send".*"body":"kept".*\}\n$/);
    await next.close();
  });

  it('truncates its journal when it is empty', async () => {
    const { queue, file } = await aQueue();
    for (let i = 0; i < 6; i++) await queue.send('x'.repeat(1024 * 1024));
    await queue.delete(queue.receive(10).map(({ id }) => id));
    expect(readFileSync(file, 'utf8')).toBe('');
    await queue.send('next');
    expect(readFileSync(file, 'utf8')).toContain('"body":"next"');
    await queue.close();
  });

  it('names the damaged line of a journal', async () => {
    const file = path.join(aFolder(), 'q.journal');
    writeFileSync(file, '{"op":"delete","ids":[]}\nnonsense\n{"op":"delete","ids":[]}\n');
    await expect(aQueue({ file })).rejects.toThrow(`${file}:2: the queue's journal is damaged`);
  });
});
