import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryOf, mergeable } from '../../../../lib/core/queue/delivery.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { defaultLimits, planDrain } from '../../../../lib/core/queue/plan-drain.ts';
import { aHostQuery, aPendingQuery } from '../../../support/builders.ts';
import { DrainWatch, SPREAD_MS } from '../../../support/drain-watch.ts';
import { scaled } from '../../../support/effort.ts';
import { interleave } from '../../../support/interleave.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { SECOND, T0 } from '../../../support/times.ts';
import { type BaseWorld, World } from '../../../support/world.ts';

const onTable = await TableWorld.begin();
const inMemory = new World();
let runs = 0;

/** A new host for each run, in a world whose storage is shared. */
async function aHost<W extends BaseWorld>(waiting: readonly Waiting[], world: W) {
  const host = `host-${++runs}`;
  await world.aNode(host);
  const add = async (list: readonly Waiting[]): Promise<PendingQuery[]> => {
    const queries = list.map((one) => toQuery(one, host));
    for (const query of queries) await world.ports.queue.enqueue(query);
    return queries;
  };
  return { host, world, add, queries: await add(waiting), watch: new DrainWatch(world, host) };
}

interface Waiting {
  readonly n: number;
  readonly merges: boolean;
  readonly discovery: boolean;
  readonly lastGasp: boolean;
  readonly priority: number;
  readonly lifeSeconds: number;
}
const aWaiting = fc.record({
  n: fc.nat(),
  merges: fc.boolean(),
  discovery: fc.boolean(),
  lastGasp: fc.boolean(),
  priority: fc.integer({ min: 2, max: 4 }),
  lifeSeconds: fc.constantFrom(20, 600, 600),
});
const someWaiting = fc.uniqueArray(aWaiting, { minLength: 1, maxLength: 6, selector: ({ n }) => n });
const pause = fc.constantFrom(0, 1, 5, 7, 16, 29, 30, 31).map((seconds) => seconds * SECOND);

function toQuery({ n, merges, discovery, lastGasp, priority, lifeSeconds }: Waiting, host: string): PendingQuery {
  const query = {
    host,
    queryId: `q-${n}`,
    priority,
    expiresAtMs: T0 + lifeSeconds * SECOND,
    discovery: discovery ? 'SELECT 1' : undefined,
    set: lastGasp ? ('last-gasp' as const) : ('live' as const),
  };
  return merges ? aPendingQuery(n, query) : aHostQuery(n, query);
}

const longLived = (queries: readonly PendingQuery[]): string[] =>
  queries.filter((query) => query.expiresAtMs === T0 + 600 * SECOND).map((query) => query.queryId);

/** A kind of query; queries of one kind are merged. */
interface Kind {
  readonly n: number;
  readonly proves: boolean;
  readonly priority: number;
  readonly set: 'live' | 'post-mortem' | 'last-gasp';
  readonly askers: number;
  readonly ageMs: number;
}
const aKind: fc.Arbitrary<Kind> = fc.record({
  n: fc.nat({ max: 11 }),
  proves: fc.boolean(),
  priority: fc.integer({ min: 0, max: 9 }),
  set: fc.constantFrom<Kind['set']>('live', 'post-mortem', 'last-gasp'),
  askers: fc.integer({ min: 1, max: 3 }),
  ageMs: fc.nat({ max: 600_000 }),
});
const kinds = (maxLength: number) => fc.uniqueArray(aKind, { maxLength, selector: ({ n }) => n });

const ofKind = ({ n, proves, priority, set, askers, ageMs }: Kind, from = ''): PendingQuery[] =>
  Array.from({ length: askers }, (_, index) => {
    const { evidence, ...rest } = aPendingQuery(index, { queryId: `${from}${n}-${index}`, query: `kind-${n}`, set });
    return { ...rest, priority, queuedAtMs: T0 - ageMs, evidence: proves ? evidence : undefined };
  });

describe('a plan', () => {
  const { queriesPerDelivery } = defaultLimits;

  it('delivers evidence queries at once, and last gasps regardless of earlier deliveries', () => {
    const aDelivery = fc.record({
      kinds: kinds(6).filter(({ length }) => length > 0),
      ageMs: fc.constantFrom(1000, 5000, 20_000, 30_000, 60_000),
      attempt: fc.integer({ min: 1, max: 3 }),
    });
    fc.assert(
      fc.property(kinds(12), fc.array(aDelivery, { maxLength: 4 }), (waiting, before) => {
        const pending = waiting.flatMap((kind) => ofKind(kind));
        const deliveries = before.map((one, index) => ({
          ...deliveryOf(
            `d${index}`,
            mergeable(one.kinds.flatMap((kind) => ofKind(kind, `d${index} `))),
            T0 - one.ageMs,
            30_000,
          ),
          offers: Array.from({ length: one.attempt }, (_, n) => ({
            atMs: T0 - one.ageMs - (one.attempt - 1 - n) * 30_000,
            positions: one.kinds.map((_, position) => position),
          })),
        }));
        const plan = planDrain({ pending, deliveries }, T0, defaultLimits);
        const taken = plan.fresh?.queries ?? [];
        const names = new Set(taken.map(({ query }) => query));
        const isTaken = ({ n }: Kind): boolean => names.has(`kind-${n}`);

        for (const proves of [true, false]) {
          const those = waiting.filter((kind) => kind.proves === proves);
          const lastGasps = those.filter(({ set }) => set === 'last-gasp');
          const room = those.filter(isTaken).length;
          expect(room).toBeLessThanOrEqual(queriesPerDelivery);
          expect(lastGasps.filter(isTaken)).toHaveLength(Math.min(lastGasps.length, queriesPerDelivery));
          if (deliveries.length === 0) expect(room).toBe(Math.min(those.length, queriesPerDelivery));
        }
        const isAnyBehind = waiting.some((kind) => !isTaken(kind));
        if (isAnyBehind) expect(plan.isMore).toBe(true);
        if (deliveries.length === 0) expect(plan.isMore).toBe(isAnyBehind);
      }),
    );
  });
});

describe('a drain', () => {
  it('loses nothing, and delivers nothing twice, when it crashes before or after any of its writes', async () => {
    // At most twice: each crash may use up one of the three attempts.
    const death = fc.record({
      at: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 9 })),
      when: fc.constantFrom('before' as const, 'after' as const),
      thenMs: pause,
    });
    let deaths = 0;
    await fc.assert(
      fc.asyncProperty(
        someWaiting,
        fc.array(death, { minLength: 1, maxLength: 2 }),
        someWaiting,
        async (waiting, fates, more) => {
          const { host, world, add, queries, watch } = await aHost(waiting, new TableWorld(onTable.table));
          for (const { at, when, thenMs } of fates) {
            const mortal = new Mortal(at, when);
            const reply = await untilDeath(() =>
              world.poll(host, undefined, portsOn(mortalTable(mortal, world.table), world.now)),
            );
            if (reply) watch.saw(reply, world.nowMs);
            if (mortal.died) deaths += 1;
            world.nowMs += thenMs;
          }
          const later = await add(more.filter(({ n }) => !waiting.some((one) => one.n === n)));
          const answered = await watch.settle();
          for (const id of longLived([...queries, ...later])) expect(answered).toContain(id);
        },
      ),
      { numRuns: scaled(8), endOnFailure: true },
    );
    expect(deaths).toBeGreaterThan(0);
  });

  it('is exclusive: concurrent reads, in any interleaving, never get the same query', async () => {
    const skew = fc.constantFrom(0, SPREAD_MS / 4, SPREAD_MS / 2);
    const order = fc.array(fc.nat({ max: 3 }), { minLength: 30, maxLength: 30 });
    const round = fc.record({ order, skew, thenMs: pause, readers: fc.integer({ min: 2, max: 3 }) });
    await fc.assert(
      fc.asyncProperty(someWaiting, fc.array(round, { minLength: 1, maxLength: 2 }), async (waiting, rounds) => {
        const { host, world, queries, watch } = await aHost(waiting, new TableWorld(onTable.table));
        for (const { order, skew, thenMs, readers } of rounds) {
          const clocks = Array.from({ length: readers }, (_, reader) => world.nowMs + reader * skew);
          const replies = await interleave(
            world.table,
            order,
            clocks.map((nowMs) => async (table) => {
              const reader = new TableWorld(table);
              reader.nowMs = nowMs;
              return { nowMs, got: await reader.poll(host) };
            }),
          );
          for (const { nowMs, got } of replies) watch.saw(got, nowMs, clocks.at(-1));
          world.nowMs += readers * skew + thenMs;
        }
        const answered = await watch.settle();
        for (const id of longLived(queries)) expect(answered).toContain(id);
      }),
      { numRuns: scaled(6), endOnFailure: true },
    );
  });

  it('keeps its guarantees while agents are slow, silent, or poll irregularly', async () => {
    const step = fc.record({ thenMs: pause, answers: fc.boolean(), more: fc.option(aWaiting, { nil: undefined }) });
    await fc.assert(
      fc.asyncProperty(someWaiting, fc.array(step, { maxLength: 8 }), async (waiting, steps) => {
        const { world, add, watch } = await aHost(waiting, new World(inMemory));
        for (const [index, { thenMs, answers, more }] of steps.entries()) {
          await watch.poll(answers);
          if (more) await add([{ ...more, n: 2 ** 32 + index }]); // ids derive from causes, so they are unique
          world.nowMs += thenMs;
        }
        await watch.settle();
      }),
      { numRuns: scaled(20), endOnFailure: true },
    );
  });
});
