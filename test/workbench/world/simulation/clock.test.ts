import { describe, expect, it, jest } from '@jest/globals';
import { type Clock, RealClock, Stopped, VirtualClock } from '../../../../workbench/world/index.ts';

/** What rang in 40 ms of a clock on which three bells were set and one was cancelled. */
async function bellsOf(clock: Clock, pass: (ms: number) => Promise<unknown>): Promise<string[]> {
  const rung: string[] = [];
  const at = (name: string) => () => rung.push(`${name} at ${clock.now()}`);
  clock.after(40, at('late'));
  const cancel = clock.after(20, at('cancelled'));
  clock.after(1, at('soon'));
  cancel();
  await pass(39);
  cancel(); // again, after its time
  await pass(1);
  return rung;
}

describe('a virtual clock', () => {
  it('wakes sleepers in the order of their instants, then in the order they fell asleep', async () => {
    const clock = new VirtualClock(1000);
    const woken: string[] = [];
    const nap = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push(`${name}@${clock.now()}`));
    nap('late', 30);
    nap('first', 10);
    nap('second', 10);
    await clock.advance(20);
    expect(woken).toEqual(['first@1010', 'second@1010']);
    expect(clock.now()).toBe(1020);
    await clock.advance(10);
    expect(woken.at(-1)).toBe('late@1030');
  });

  it('allows a sleeper to sleep again within one advance', async () => {
    const clock = new VirtualClock(0);
    let ticks = 0;
    const loop = async () => {
      for (;;) {
        await clock.sleep(1000);
        ticks++;
      }
    };
    loop();
    await clock.advance(3_600_000);
    expect(ticks).toBe(3600);
  });

  it('ends a sleep at once when its signal aborts, before or during it', async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const sleep = clock.sleep(1000, stop.signal);
    stop.abort();
    await expect(sleep).rejects.toThrow(Stopped);
    await expect(clock.sleep(1, stop.signal)).rejects.toThrow(Stopped);
  });

  it('ends every sleep of a signal, and only those that last', async () => {
    const clock = new VirtualClock(0);
    const stop = new AbortController();
    const ends: string[] = [];
    const nap = (ms: number) =>
      clock.sleep(ms, stop.signal).then(
        () => ends.push(`slept ${ms}`),
        () => ends.push(`stopped ${ms}`),
      );
    const naps = [nap(10), nap(30), nap(20)];
    await clock.advance(10);
    stop.abort();
    await Promise.all(naps);
    await clock.advance(100);
    expect(ends).toEqual(['slept 10', 'stopped 30', 'stopped 20']);
  });

  it('rings a bell once, unless it was cancelled', async () => {
    const clock = new VirtualClock(0);
    expect(await bellsOf(clock, (ms) => clock.advance(ms))).toEqual(['soon at 1', 'late at 40']);
  });

  it('lets the work of a sleeper end before the next one wakes', async () => {
    const clock = new VirtualClock(0);
    const done: string[] = [];
    const work = async (name: string) => {
      await clock.sleep(1);
      for (let step = 0; step < 20; step++) await null;
      await new Promise<void>((resolve) => process.nextTick(resolve));
      done.push(`${name} at ${clock.now()}`);
    };
    for (let n = 0; n < 40; n++) void work(`${n}`);
    await clock.advance(1);
    expect(done).toEqual(Array.from({ length: 40 }, (_, n) => `${n} at 1`));
  });
});

describe('the real clock', () => {
  it('sleeps longer than the longest timer of Node', async () => {
    jest.useFakeTimers({ now: 0, doNotFake: ['setImmediate', 'queueMicrotask'] });
    try {
      let awake = false;
      const sleep = new RealClock().sleep(40 * 86_400_000).then(() => {
        awake = true;
      });
      await jest.advanceTimersByTimeAsync(40 * 86_400_000 - 1);
      expect(awake).toBe(false);
      await jest.advanceTimersByTimeAsync(1);
      await sleep;
      expect(awake).toBe(true);
    } finally {
      jest.useRealTimers();
    }
  });

  it('rings a bell once, unless it was cancelled', async () => {
    jest.useFakeTimers({ now: 0 });
    try {
      expect(await bellsOf(new RealClock(), (ms) => jest.advanceTimersByTimeAsync(ms))).toEqual([
        'soon at 1',
        'late at 40',
      ]);
    } finally {
      jest.useRealTimers();
    }
  });

  it('ends a sleep at once when its signal aborts', async () => {
    const stop = new AbortController();
    const sleep = new RealClock().sleep(60_000, stop.signal);
    stop.abort();
    await expect(sleep).rejects.toThrow(Stopped);
  });
});
