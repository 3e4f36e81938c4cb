import { expect } from '@jest/globals';
import type { DeliveredQuery } from '../../lib/core/queue/delivery.ts';
import { defaultLimits } from '../../lib/core/queue/drain.ts';
import { anAnswer, SECOND, type World } from './world.ts';

/** By how much the clocks of functions that answer at the same time differ at most. */
export const SPREAD_MS = 4 * SECOND;

/** Watches what one host is handed, and holds it against what a drain promises. */
export class DrainWatch {
  readonly #world: World;
  readonly #host: string;
  readonly #wireIdOf = new Map<string, string>(); // pending query → the one delivery it was ever in
  readonly #handedOver = new Map<string, { atMs: number; times: number }>();

  constructor(world: World, host: string) {
    this.#world = world;
    this.#host = host;
  }

  /**
   * Notes one reply.
   *
   * @param untilMs the latest clock among the functions that answered at the same time
   */
  saw(queries: readonly DeliveredQuery[], atMs: number, untilMs = atMs): void {
    // Last gasps come beside what is repeated.
    const unhurried = queries.filter(({ set }) => set !== 'last-gasp');
    const proofs = unhurried.filter(({ evidence }) => evidence).length;
    expect(proofs).toBeLessThanOrEqual(defaultLimits.queriesPerDelivery);
    expect(unhurried.length - proofs).toBeLessThanOrEqual(defaultLimits.queriesPerDelivery);
    for (const { wireId, expiresAtMs, askers } of queries) {
      expect(expiresAtMs).toBeGreaterThan(atMs);
      for (const { queryId } of askers) {
        expect([queryId, this.#wireIdOf.get(queryId) ?? wireId]).toEqual([queryId, wireId]);
        this.#wireIdOf.set(queryId, wireId);
      }
      const before = this.#handedOver.get(wireId);
      const repeated = before && untilMs - before.atMs <= defaultLimits.resendMs + SPREAD_MS;
      // A lease runs from the hand-over itself: up to a resend earlier, if that one's reply got lost.
      const leaseMs = defaultLimits.leaseMs - defaultLimits.resendMs - SPREAD_MS;
      if (before && !repeated) expect(atMs - before.atMs).toBeGreaterThanOrEqual(leaseMs);
      const times = (before?.times ?? 0) + (repeated ? 0 : 1);
      expect(times).toBeLessThanOrEqual(defaultLimits.attempts);
      this.#handedOver.set(wireId, { atMs: repeated ? before.atMs : untilMs, times });
    }
  }

  /** One undisturbed poll; its agent answers if it is to. */
  async poll(answers: boolean): Promise<void> {
    const queries = await this.#world.poll(this.#host);
    this.saw(queries, this.#world.nowMs);
    if (answers && queries.length > 0) {
      expect(
        await this.#world.answer(
          this.#host,
          queries.map(({ wireId }) => anAnswer(wireId)),
        ),
      ).toBe(true);
    }
  }

  /** Polls and answers every 10 s until nothing is left, and says which pending queries ever were answered in time. */
  async settle(): Promise<Set<string>> {
    for (let round = 0; round < 40; round++) {
      this.#world.nowMs += 10 * SECOND;
      await this.poll(true);
      const { pending, deliveries } = await this.#world.ports.queue.open(this.#host, true);
      if (pending.length === 0 && deliveries.length === 0) {
        return new Set(this.#world.sink.stored.flatMap((line) => (line.late ? [] : [line.queryId])));
      }
    }
    throw new Error('the queue never gets empty');
  }
}
