import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Look } from '../../../../lib/core/front/held-reads.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { Front, onClosed, QUIET, type Reply } from './a-front.ts';

let front: Front;
beforeEach(() => {
  front = new Front();
});

describe('a read that finds no work', () => {
  it('is held for 12 seconds', async () => {
    const read = front.read();
    await front.pass(12 * SECOND - 1);
    expect(read).toEqual({});
    await front.pass(1);
    expect(read).toEqual({ reply: 'nothing', afterMs: 12 * SECOND });
    expect(front.reads.count).toBe(0);
  });

  it('is answered at once when a hint of its host comes, after a consistent look', async () => {
    const read = front.read();
    const other = front.read({ host: 'h2' });
    await front.pass(3 * SECOND);
    front.find = () => ({ reply: 'work' });
    front.see('h1');
    await front.clock.settle();
    expect(read).toEqual({ reply: 'work', afterMs: 3 * SECOND });
    expect(other).toEqual({});
    expect(front.looks).toEqual([
      { isConsistent: false, isFirst: true },
      { isConsistent: false, isFirst: true },
      { isConsistent: true, isFirst: false },
    ]);
  });

  it('is held on if the look after a hint finds nothing, and looks again after growing pauses', async () => {
    const read = front.read();
    await front.pass(3 * SECOND);
    front.see('h1');
    front.see('h1'); // a doubled hint costs nothing more
    await front.pass(9 * SECOND);
    expect(read).toEqual({ reply: 'nothing', afterMs: 12 * SECOND });
    expect(front.lookedAtMs.map((atMs) => atMs - T0)).toEqual([0, 3_000, 3_200, 3_400, 3_800, 4_600, 6_200, 9_400]);
  });

  it('finds a change that comes shortly after its hint as fast as the hint itself', async () => {
    const read = front.read();
    await front.pass(3 * SECOND);
    front.see('h1');
    await front.pass(10);
    front.find = () => ({ reply: 'work' });
    await front.pass(190);
    expect(read).toEqual({ reply: 'work', afterMs: 3_200 });
  });

  it('does not look again for a hint whose work was found', async () => {
    front.find = () => ({ reply: 'work' });
    front.see('h1');
    front.read();
    await front.pass(SECOND);
    front.find = () => QUIET;
    front.read();
    await front.pass(12 * SECOND);
    expect(front.looks).toHaveLength(2);
  });

  it('looks again if a hint came during its look', async () => {
    let finish: (look: Look<Reply>) => void = () => undefined;
    front.find = () => new Promise((resolve) => (finish = resolve));
    const read = front.read();
    await front.clock.settle();
    front.see('h1'); // the look may have missed what this hint is about
    front.find = () => ({ reply: 'work' });
    finish(QUIET);
    await front.clock.settle();
    expect(read).toEqual({ reply: 'work', afterMs: 0 });
    expect(front.looks.map(({ isConsistent }) => isConsistent)).toEqual([false, true]);
  });

  it('does not remember what the look of an older read missed, when the hint woke only the newer one', async () => {
    let finish: (look: Look<Reply>) => void = () => undefined;
    let hangUp: () => void = () => undefined;
    const slow = () => new Promise<Look<Reply>>((resolve) => (finish = resolve));
    front.read({ look: slow }); // its agent is gone, and the connection not yet closed
    await front.clock.settle();
    front.find = () => new Promise(() => undefined);
    front.read({ onClosed: (closed) => (hangUp = closed) });
    await front.clock.settle();
    front.see('h1'); // the query came after the slow look read the table
    hangUp();
    finish(QUIET);
    await front.clock.settle();
    front.find = () => ({ reply: 'work' });
    const next = front.read();
    await front.clock.settle();
    expect(next).toEqual({ reply: 'work', afterMs: 0 });
  });

  it('looks consistently if a hint came shortly before it', async () => {
    front.see('h1');
    await front.pass(4 * SECOND);
    front.read();
    await front.clock.settle();
    expect(front.looks).toEqual([{ isConsistent: true, isFirst: true }]);
  });

  it('looks again when something becomes due without a hint', async () => {
    front.find = () => ({ dueAtMs: T0 + 5 * SECOND });
    const read = front.read();
    await front.pass(4 * SECOND);
    front.find = () => ({ reply: 'work' });
    await front.pass(2 * SECOND);
    expect(read).toEqual({ reply: 'work', afterMs: 5 * SECOND });
  });

  it('ends when its connection has no more time', async () => {
    const read = front.read({ untilMs: T0 + 2 * SECOND });
    await front.pass(3 * SECOND);
    expect(read).toEqual({ reply: 'nothing', afterMs: 2 * SECOND });
  });

  it('ends with its connection, and never looks for an agent that is gone', async () => {
    let close: () => void = () => undefined;
    front.read({ onClosed: (closed) => (close = closed) });
    await front.pass(SECOND);
    close();
    await front.clock.settle();
    expect(front.reads.count).toBe(0);
    front.see('h1');
    await front.pass(SECOND);
    expect(front.looks).toHaveLength(1);
  });

  it('is answered with what a look throws', async () => {
    const failing = { host: 'h1', epoch: 1, onClosed, empty: 'nothing' as const };
    const look = (): Promise<Look<Reply>> => Promise.reject(new Error('throttled'));
    await expect(front.reads.answer({ ...failing, look })).rejects.toThrow('throttled');
    expect(front.reads.count).toBe(0);
  });
});

describe('an empty partition', () => {
  it('is looked at once a minute while its host is held', async () => {
    for (let poll = 0; poll < 23; poll++) {
      front.read();
      await front.pass(13 * SECOND); // a hold and the agent's pause: 23 polls take five minutes
    }
    expect(front.looks).toHaveLength(5);
  });

  it('is forgotten with a hint, or if the key is of another enrollment', async () => {
    front.read();
    await front.pass(13 * SECOND);
    front.read();
    await front.pass(13 * SECOND);
    expect(front.looks).toHaveLength(1);
    front.see('h1');
    front.read();
    await front.clock.settle();
    expect(front.looks).toHaveLength(2);
    await front.pass(MINUTE);
    front.read();
    await front.pass(13 * SECOND);
    front.looks.length = 0;
    front.read({ epoch: 2 });
    await front.pass(13 * SECOND);
    expect(front.looks).toHaveLength(1);
  });

  it('is looked at with each read for 30 s after a hint', async () => {
    front.find = () => ({ reply: 'work' });
    front.see('h1');
    front.read();
    await front.pass(SECOND);
    front.find = () => QUIET;
    for (let poll = 0; poll < 6; poll++) {
      front.read();
      await front.pass(13 * SECOND);
    }
    expect(front.lookedAtMs.map((atMs) => (atMs - T0) / SECOND)).toEqual([0, 1, 14, 27, 40]);
  });

  it('is remembered 30 s after a hint at the earliest, so a change that comes later than its hint waits for one hold at most', async () => {
    for (const lateMs of [100, 5_000, 15_000, 29_000]) {
      front.find = () => QUIET;
      front.see('h1');
      const reads = [front.read()];
      for (let ms = 0; ms < 45_000 && reads.at(-1)?.reply !== 'work'; ms += 100) {
        await front.pass(100);
        if (ms >= lateMs) front.find = () => ({ reply: 'work' });
        if (reads.at(-1)?.reply === 'nothing') reads.push(front.read());
      }
      const tookMs = reads.reduce((sum, { afterMs = Number.NaN }) => sum + afterMs, 0);
      expect(tookMs).toBeGreaterThanOrEqual(lateMs);
      expect(tookMs).toBeLessThanOrEqual(lateMs + 12_200);
      await front.pass(2 * MINUTE);
    }
  });

  it('is not remembered after work, or while something is open', async () => {
    front.find = () => ({});
    front.read();
    await front.pass(13 * SECOND);
    front.find = () => ({ reply: 'work' });
    front.read();
    await front.pass(SECOND);
    front.find = () => QUIET;
    front.read();
    await front.pass(SECOND);
    expect(front.looks).toHaveLength(3);
  });

  it('is not trusted while hints cannot be read, so each read looks', async () => {
    front.read();
    await front.clock.advance(13 * SECOND);
    front.read();
    await front.clock.advance(13 * SECOND);
    expect(front.looks).toHaveLength(2);
    front.see();
    front.read();
    await front.clock.advance(SECOND);
    expect(front.looks).toHaveLength(2);
  });

  it('takes no memory a minute after the last read of its host', async () => {
    front.read();
    await front.pass(12 * SECOND);
    expect(front.reads.isWatching).toBe(true);
    await front.pass(MINUTE);
    expect(front.reads.isWatching).toBe(false);
  });
});

describe('two reads of one host', () => {
  it('leave the work to the newer one, and end the older one, but not within a second of its arrival', async () => {
    const older = front.read();
    await front.pass(300);
    const newer = front.read();
    front.find = () => ({ reply: 'work' });
    await front.pass(100);
    front.see('h1');
    await front.clock.settle();
    expect(newer).toEqual({ reply: 'work', afterMs: 100 });
    expect(older).toEqual({});
    await front.pass(SECOND);
    expect(older).toEqual({ reply: 'nothing', afterMs: SECOND });
  });

  it('end soon after another process handed the queries out, so that the agent asks again', async () => {
    front.find = () => ({ isOvertaken: true });
    const read = front.read();
    await front.pass(2 * SECOND);
    expect(read).toEqual({ reply: 'nothing', afterMs: SECOND });
  });
});
