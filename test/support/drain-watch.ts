import { expect } from '@jest/globals';
import { type OfferedQuery, runOf } from '../../lib/core/queue/offers.ts';
import { defaultLimits } from '../../lib/core/queue/plan-drain.ts';
import { anAnswer } from './an-agent.ts';
import { SECOND } from './times.ts';
import type { BaseWorld } from './world.ts';

/** Maximum difference between the clocks of functions that answer at the same time. */
export const SPREAD_MS = 4 * SECOND;

interface HandedOver {
  readonly firstAtMs: number;
  readonly atMs: number; // of the latest attempt
  readonly attempts: number;
}

/** Watches the deliveries to one host and checks them against the promises of a drain. */
export class DrainWatch {
  readonly #world: BaseWorld;
  readonly #host: string;
  readonly #placeOf = new Map<string, string>(); // pending query → its position in the only delivery that contained it
  readonly #handedOver = new Map<string, HandedOver>(); // keyed by position
  readonly #ids = new Set<string>();

  constructor(world: BaseWorld, host: string) {
    this.#world = world;
    this.#host = host;
  }

  /**
   * Records one reply.
   *
   * @param untilMs the latest clock of the functions that answered at the same time
   */
  saw(queries: readonly OfferedQuery[], atMs: number, untilMs = atMs): void {
    // Last gasps can accompany a redelivery.
    const unhurried = queries.filter(({ set }) => set !== 'last-gasp');
    const proofs = unhurried.filter(({ evidence }) => evidence).length;
    expect(proofs).toBeLessThanOrEqual(defaultLimits.queriesPerDelivery);
    expect(unhurried.length - proofs).toBeLessThanOrEqual(defaultLimits.queriesPerDelivery);
    for (const query of queries) this.#sawOne(query, atMs, untilMs);
    const again = queries.filter((query) => (this.#handedOver.get(placeOf(query))?.attempts ?? 0) > 1);
    // Unanswered queries are redelivered alone, or all evidence queries of a delivery together.
    if (again.length === 0) return;
    expect(queries).toEqual(again);
    if (again.length > 1) expect(again.every(({ evidence }) => evidence)).toBe(true);
    expect(new Set(again.map(({ wireId }) => runOf(wireId)?.deliveryId)).size).toBe(1);
  }

  #sawOne(query: OfferedQuery, atMs: number, untilMs: number): void {
    const { wireId, expiresAtMs, askers } = query;
    const place = placeOf(query);
    expect(expiresAtMs).toBeGreaterThan(atMs);
    expect([...this.#ids]).not.toContain(wireId); // otherwise a kept answer would be overwritten
    this.#ids.add(wireId);
    for (const { queryId } of askers) {
      expect([queryId, this.#placeOf.get(queryId) ?? place]).toEqual([queryId, place]);
      this.#placeOf.set(queryId, place);
    }
    const before = this.#handedOver.get(place);
    const isRepeat = before?.attempts === 1 && untilMs - before.firstAtMs <= defaultLimits.resendMs + SPREAD_MS;
    // A lease starts at the first hand-over, which is up to a resend earlier if that reply was lost.
    const leaseMs = defaultLimits.leaseMs - defaultLimits.resendMs - SPREAD_MS;
    if (before && !isRepeat) expect(atMs - before.atMs).toBeGreaterThanOrEqual(leaseMs);
    const attempts = (before?.attempts ?? 0) + (isRepeat ? 0 : 1);
    expect(attempts).toBeLessThanOrEqual(defaultLimits.attempts);
    const firstAtMs = before?.firstAtMs ?? untilMs;
    this.#handedOver.set(place, { firstAtMs, atMs: isRepeat ? before.atMs : untilMs, attempts });
  }

  /** Makes one successful poll. With `answers`, the agent answers it. */
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

  /**
   * Polls and answers every 10 s until no query is left. @returns the pending queries that were ever answered in time
   */
  async settle(): Promise<Set<string>> {
    for (let round = 0; round < 40; round++) {
      this.#world.nowMs += 10 * SECOND;
      await this.poll(true);
      const { pending, deliveries } = await this.#world.ports.queue.read(this.#host, true);
      if (pending.length === 0 && deliveries.length === 0) {
        return new Set(this.#world.sink.stored.flatMap((line) => (line.late ? [] : [line.queryId])));
      }
    }
    throw new Error('the queue never gets empty');
  }
}

/** Returns a query's position, independent of the id under which it is offered. */
function placeOf({ wireId }: OfferedQuery): string {
  const run = runOf(wireId);
  if (!run) throw new Error(`${wireId} names no run`);
  return `${run.deliveryId} ${run.position}`;
}
