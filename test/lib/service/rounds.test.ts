import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { roundTimer } from '../../../lib/service/rounds.ts';

const T0 = 1_000_000;

describe('a timer that rings in rounds', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: T0 });
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  it('rings never early, and 50 ms late at most', () => {
    const timer = roundTimer(Date.now);
    const waits = [0, 1, 49, 50, 51, 120, 12_000];
    const rangAfterMs: number[] = [];
    for (const [n, ms] of waits.entries()) timer(ms, () => (rangAfterMs[n] = Date.now() - T0));
    jest.advanceTimersByTime(13_000);
    expect(rangAfterMs).toEqual([0, 50, 50, 50, 100, 150, 12_000]);
  });

  it('shares one timer of Node between all that ring in a round', () => {
    const timer = roundTimer(Date.now);
    for (let n = 0; n < 10_000; n++) timer(11_951 + (n % 50), () => undefined);
    expect(jest.getTimerCount()).toBe(1);
  });

  it('does not ring once it is stopped, not even by another one of its round', () => {
    const timer = roundTimer(Date.now);
    const rang: string[] = [];
    const stops: (() => void)[] = [];
    timer(100, () => {
      rang.push('first');
      for (const stop of stops) stop();
    });
    stops.push(timer(100, () => rang.push('second')));
    jest.advanceTimersByTime(13_000);
    expect(rang).toEqual(['first']);
  });
});
