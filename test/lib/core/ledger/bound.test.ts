import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import {
  boundsOf,
  EVENT_LATENCY_MS,
  FLAGFILE_INTERVAL_SECONDS,
  guaranteedBoundMs,
  HOLD_MS,
  intervalSecondsOf,
  lateByMs,
  pollingOf,
  QUERY_RUN_MS,
  ROUND_TRIP_MS,
  SWEEP_EVERY_MS,
  WAKE_MS,
} from '../../../../lib/core/ledger/bound.ts';
import { flagfile } from '../../../../lib/stack/hosts/flagfile.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const boundMs = (intervalSeconds: number) => guaranteedBoundMs({ eventLatencyMs: EVENT_LATENCY_MS, intervalSeconds });
const every = (intervalSeconds: number, sweepEveryMs = SWEEP_EVERY_MS) => ({ intervalSeconds, sweepEveryMs });
const aProfile = (options?: Record<string, unknown>) => ({ name: 'any', config: options ? { options } : {} });

describe('the guaranteed bound', () => {
  it.each([
    [60, 65_540],
    [10, 15_540],
    [5, 10_540],
    [1, 6_540],
  ])(
    'at an interval of %d s is that of the model, and 230 ms for what the agent may just be busy with',
    (seconds, ms) => {
      expect(boundMs(seconds)).toBe(ms);
    },
  );

  it('holds for every phase of an agent that sleeps I after each round trip', () => {
    const anAgent = fc.record({
      intervalMs: fc.integer({ min: 1, max: 120_000 }),
      phase: fc.double({ min: 0, max: 1, noNaN: true }),
      eventLatencyMs: fc.integer({ min: 0, max: EVENT_LATENCY_MS }),
      busy: fc.boolean(),
    });
    fc.assert(
      fc.property(anAgent, ({ intervalMs, phase, eventLatencyMs, busy }) => {
        // Reads reach the server at phase × (I + r) of a cycle; a read with queries takes longer. A read returns what was queued before it.
        const everyMs = intervalMs + 80 + (busy ? 150 + 80 : 0);
        const firstMs = phase * everyMs;
        const waits = Math.max(0, Math.ceil((eventLatencyMs - firstMs) / everyMs));
        const answeredMs = firstMs + waits * everyMs + 80 + 150;
        expect(answeredMs).toBeLessThanOrEqual(boundMs(intervalMs / 1000) + 1e-6);
      }),
    );
  });

  it('is never longer for an accelerated host, and longest without an event', () => {
    for (const seconds of [1, 5, 10, 60]) {
      const { idleMs, hotMs, unheardMs } = boundsOf(every(seconds));
      expect(hotMs).toBeLessThanOrEqual(idleMs);
      expect(unheardMs - idleMs).toBe(57_000);
    }
    expect(boundsOf(every(1)).hotMs).toBe(boundsOf(every(1)).idleMs);
  });

  it('behind the long-poll front is that of a second, with the delay of a hint and, if the hint is late, a hold', () => {
    const held = boundsOf({ intervalSeconds: 1, isHeld: true, sweepEveryMs: SWEEP_EVERY_MS });
    const polled = boundsOf(every(1));
    expect(held.idleMs - polled.idleMs).toBe(WAKE_MS);
    expect(held.lateHintMs).toBe(held.idleMs + HOLD_MS);
    expect(polled.lateHintMs).toBeUndefined();
    expect(held.idleMs).toBeLessThan(7_000);
  });

  it('covers a read of any length of hold: a query waits for the pause of its agent and for its hint, never for the hold', () => {
    const aHold = fc.record({
      phase: fc.double({ min: 0, max: 1, noNaN: true }),
      hintMs: fc.integer({ min: 0, max: WAKE_MS }),
      intervalMs: fc.constantFrom(0, 1_000),
    });
    fc.assert(
      fc.property(aHold, ({ phase, hintMs, intervalMs }) => {
        // A cycle: a read arrives, is held for 12 s, its reply travels back, the agent pauses, the next read travels here.
        const cycleMs = HOLD_MS + ROUND_TRIP_MS + intervalMs;
        const queuedAtMs = phase * cycleMs;
        const arrivesAtMs = queuedAtMs <= HOLD_MS ? 0 : cycleMs;
        const answeredMs = Math.max(queuedAtMs, arrivesAtMs) + hintMs + ROUND_TRIP_MS + QUERY_RUN_MS - queuedAtMs;
        const bound = guaranteedBoundMs({ eventLatencyMs: 0, intervalSeconds: intervalMs / 1000, isHeld: true });
        expect(answeredMs).toBeLessThanOrEqual(bound);
      }),
    );
  });

  it('takes the interval of the long-poll front in place of that of the profile', () => {
    expect(pollingOf(aProfile({ distributed_interval: 30 }), 0)).toEqual({ intervalSeconds: 0, isHeld: true });
    expect(pollingOf(aProfile({ distributed_interval: 30 }), undefined)).toEqual({ intervalSeconds: 30 });
  });

  it("uses the interval of the node's profile, or else of the flagfile", () => {
    expect(intervalSecondsOf(aProfile({ distributed_interval: 30 }))).toBe(30);
    expect(intervalSecondsOf(aProfile({ distributed_interval: '7' }))).toBe(7);
    for (const none of [undefined, {}, { distributed_interval: 'often' }, { distributed_interval: 0 }])
      expect(intervalSecondsOf(aProfile(none))).toBe(FLAGFILE_INTERVAL_SECONDS);
    expect(flagfile({ hostname: 'h', pathPrefix: '' })).toContain(
      `--distributed_interval=${FLAGFILE_INTERVAL_SECONDS}\n`,
    );
    expect(builtIn.policy.profiles.map(intervalSecondsOf)).toEqual([10]);
  });
});

describe('a late answer', () => {
  const anAnswer = (afterMs: number, detectedBy: 'event' | 'sweep' = 'event') => ({
    detectedBy,
    eventAtMs: T0,
    receivedAtMs: T0 + SECOND,
    queuedAtMs: T0 + SECOND,
    answeredAtMs: T0 + afterMs,
  });

  it('exceeds the bound plus one second, the precision of event times', () => {
    expect(lateByMs(anAnswer(16_540), every(10))).toBe(0);
    expect(lateByMs(anAnswer(16_541), every(10))).toBe(1);
    expect(lateByMs(anAnswer(-5 * MINUTE), every(10))).toBe(0);
  });

  it('has an extra sweep interval if only a sweep detected the workload, even if the sweep was late', () => {
    expect(lateByMs(anAnswer(72_540, 'sweep'), every(10))).toBe(0);
    expect(lateByMs(anAnswer(72_541, 'sweep'), every(10))).toBe(1);
    expect(lateByMs(anAnswer(312_540, 'sweep'), every(10, 5 * MINUTE))).toBe(0);
    expect(lateByMs({ ...anAnswer(605_000, 'sweep'), receivedAtMs: T0 + 10 * MINUTE }, every(10))).toBe(532_460);
  });

  it('is counted from the enrollment if there was no agent before', () => {
    expect(lateByMs(anAnswer(5 * MINUTE), every(10), T0 + 290 * SECOND)).toBe(0);
    expect(lateByMs(anAnswer(5 * MINUTE), every(10), T0 - MINUTE)).toBe(5 * MINUTE - 16_540);
  });
});
