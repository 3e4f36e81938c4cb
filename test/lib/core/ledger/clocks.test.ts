import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { clocksOf, STAGES } from '../../../../lib/core/ledger/clocks.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

describe('the clocks of a query', () => {
  const anInstant = fc.integer({ min: T0 - 10 * MINUTE, max: T0 + 10 * MINUTE });

  it('are never negative, even if clocks differ', () => {
    const instants = fc.record({
      detectedBy: fc.constantFrom('event' as const, 'sweep' as const),
      eventAtMs: anInstant,
      receivedAtMs: anInstant,
      queuedAtMs: anInstant,
      deliveredAtMs: anInstant,
      answeredAtMs: anInstant,
      storedAtMs: anInstant,
    });
    fc.assert(
      fc.property(instants, (all) => {
        for (const ms of Object.values(clocksOf(all))) expect(ms).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  it('add up to the time to answer, except for storing, if clocks agree', () => {
    const steps = fc.tuple(...STAGES.map(() => fc.nat({ max: MINUTE })));
    fc.assert(
      fc.property(steps, ([toReceived = 0, toQueued = 0, toDelivered = 0, toAnswered = 0, toStored = 0]) => {
        const receivedAtMs = T0 + toReceived;
        const queuedAtMs = receivedAtMs + toQueued;
        const deliveredAtMs = queuedAtMs + toDelivered;
        const answeredAtMs = deliveredAtMs + toAnswered;
        const storedAtMs = answeredAtMs + toStored;
        const ours = { receivedAtMs, queuedAtMs, deliveredAtMs, answeredAtMs, storedAtMs };
        const { timeToAnswerMs, ...ways } = clocksOf({ detectedBy: 'event', eventAtMs: T0, ...ours });
        expect(STAGES.map((stage) => ways[stage])).toEqual([toReceived, toQueued, toDelivered, toAnswered, toStored]);
        expect(timeToAnswerMs).toBe(toReceived + toQueued + toDelivered + toAnswered);
      }),
    );
  });

  it('are null for unknown stages', () => {
    const known = {
      detectedBy: 'event' as const,
      eventAtMs: T0,
      receivedAtMs: T0,
      queuedAtMs: T0,
      answeredAtMs: T0 + 5,
    };
    expect(clocksOf(known)).toMatchObject({
      queuedToDeliveredMs: null,
      deliveredToAnsweredMs: null,
      answeredToStoredMs: null,
      timeToAnswerMs: 5,
    });
  });
});
