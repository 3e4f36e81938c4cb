import { describe, expect, it, jest } from '@jest/globals';
import { RealClock, Stopped, VirtualClock } from '../../../../workbench/world/index.ts';

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

  it('ends a sleep at once when its signal aborts', async () => {
    const stop = new AbortController();
    const sleep = new RealClock().sleep(60_000, stop.signal);
    stop.abort();
    await expect(sleep).rejects.toThrow(Stopped);
  });
});
