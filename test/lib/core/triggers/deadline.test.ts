import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deadlineOf, holdUntil } from '../../../../lib/core/triggers/deadline.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const minutes = fc.integer({ min: -30 * MINUTE, max: 30 * MINUTE });
const heartbeat = fc.integer({ min: 30, max: 7200 });

describe('the deadline of a notice', () => {
  it('is two minutes after the notice', () => {
    expect(deadlineOf(T0, T0 + 9 * SECOND)).toBe(T0 + 120 * SECOND);
  });

  it('leaves at least 15 s and at most two minutes, for any clocks', () => {
    fc.assert(
      fc.property(minutes, (skewMs) => {
        const left = deadlineOf(T0 + skewMs, T0) - T0;
        expect(left).toBeGreaterThanOrEqual(15 * SECOND);
        expect(left).toBeLessThanOrEqual(120 * SECOND);
      }),
    );
  });
});

describe('how long a hook is held', () => {
  const held = (skewMs: number, seconds: number) => holdUntil(T0 + skewMs, seconds, T0) - T0;

  it.each([
    [30, 20],
    [60, 48],
    [120, 96],
    [150, 120],
    [7200, 120],
    [-1, 20],
  ])('for a heartbeat of %i s is at most %i s', (seconds, expected) => {
    expect(held(0, seconds)).toBe(expected * SECOND);
  });

  it('is never longer than two minutes, and never negative', () => {
    fc.assert(
      fc.property(minutes, heartbeat, (skewMs, seconds) => {
        expect(held(skewMs, seconds)).toBeGreaterThanOrEqual(0);
        expect(held(skewMs, seconds)).toBeLessThanOrEqual(120 * SECOND);
      }),
    );
  });

  it('ends before the heartbeat by the clocks, while any of it is left', () => {
    fc.assert(
      fc.property(heartbeat, fc.nat(), (seconds, part) => {
        const leftMs = 1 + (part % (seconds * SECOND));
        const holdMs = held(leftMs - seconds * SECOND, seconds);
        expect(holdMs).toBeLessThan(leftMs);
      }),
    );
  });

  it('is enough to reach an agent, unless the heartbeat may end before that', () => {
    fc.assert(
      fc.property(minutes, heartbeat, (skewMs, seconds) => {
        const leftMs = seconds * SECOND + skewMs;
        fc.pre(leftMs <= 0 || leftMs >= 20 * SECOND);
        expect(held(skewMs, seconds)).toBeGreaterThanOrEqual(15 * SECOND);
      }),
    );
  });

  it('is within the heartbeat of an action that has just begun, even if clocks differ by minutes', () => {
    fc.assert(
      fc.property(minutes, heartbeat, (skewMs, seconds) => {
        expect(held(skewMs, seconds)).toBeLessThanOrEqual((seconds - 10) * SECOND);
      }),
    );
  });
});
