import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { addWithinLimits } from '../../../../lib/core/queue/add-within-limits.ts';
import type { SpacedQuery } from '../../../../lib/core/queue/host-queue.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { MemoryHosts } from '../../../../lib/memory/hosts.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { plainPolicy } from '../../../support/plain-policy.ts';
import { T0 } from '../../../support/times.ts';

/** Counts the writes of queries. */
class CountingHosts extends MemoryHosts {
  writes = 0;

  override async enqueueSpaced(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>> {
    this.writes += 1;
    return super.enqueueSpaced(spaced, nowMs);
  }
}

const limitsOf = (pendingPerHost: number, spacingSeconds: number) => ({
  ...plainPolicy.limits,
  pendingPerHost,
  spacingSeconds,
});
const nothing: ReadonlySet<string> = new Set();
const now = (): number => T0;

/** A query whose question is one of a few. */
const asking = (n: number, question: number, isLastGasp = false): PendingQuery =>
  aHostQuery(n, {
    rule: 'rule',
    query: 'query',
    sql: `SELECT ${question}`,
    set: isLastGasp ? 'last-gasp' : 'live',
  });

const namesOf = (queries: readonly PendingQuery[]): string[] => queries.map(({ queryId }) => queryId);

describe('queries within the limits of a host', () => {
  it('are written at once', async () => {
    const queue = new CountingHosts();
    const queries = Array.from({ length: 12 }, (_, n) => asking(n, n));
    const limits = limitsOf(100, 10);
    const { queued, dropped } = await addWithinLimits('h1', queries, { queue, limits, withdrawn: nothing, now });
    expect([queued, dropped, queue.writes]).toEqual([queries, [], 1]);
  });

  it('reserve no question that names their own container, which no other workload can ask', async () => {
    const queue = new CountingHosts();
    const options = { queue, limits: limitsOf(100, 10), withdrawn: nothing, now };
    const naming = (n: number, id: string): PendingQuery => ({
      ...asking(n, 1),
      sql: 'SELECT pid FROM docker_containers WHERE id IN (:ids)',
      subjects: ['c1'],
      bindings: { ids: [id] },
    });
    await addWithinLimits('h1', [naming(1, 'c1')], options);
    const { dropped } = await addWithinLimits('h1', [naming(2, 'c1')], options);
    expect(dropped).toEqual([]);
    await addWithinLimits('h1', [naming(3, 'c2')], options);
    const { dropped: spaced } = await addWithinLimits('h1', [naming(4, 'c2')], options);
    expect(namesOf(spaced.map(({ query }) => query))).toEqual(['q0004']);
  });

  it('fill the room left by queries that spacing drops', async () => {
    const queue = new CountingHosts();
    const limits = limitsOf(3, 10);
    const options = { queue, limits, withdrawn: nothing, now };
    await addWithinLimits('h1', [asking(1, 1)], options);
    const late = [asking(2, 1), asking(3, 3), asking(4, 4), asking(5, 5)];
    const { queued, dropped } = await addWithinLimits('h1', late, options);
    expect(namesOf(queued)).toEqual(['q0003', 'q0004']);
    expect(dropped.map(({ query, limit }) => [query.queryId, limit])).toEqual([
      ['q0002', 'spacingSeconds'],
      ['q0005', 'pendingPerHost'],
    ]);
  });

  it('are the same, added together or one by one', async () => {
    const query = fc
      .tuple(fc.nat({ max: 12 }), fc.nat({ max: 5 }), fc.boolean())
      .map(([n, question, isLastGasp]) => asking(n, question, isLastGasp && n % 3 === 0));
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(query, { maxLength: 6, selector: ({ queryId }) => queryId }),
        fc.array(query, { maxLength: 12 }),
        fc.nat({ max: 8 }),
        fc.constantFrom(0, 10),
        async (before, queries, fanOutIds, spacingSeconds) => {
          const limits = limitsOf(fanOutIds, spacingSeconds);
          const [together, oneByOne] = [new MemoryHosts(), new MemoryHosts()];
          for (const queue of [together, oneByOne])
            await addWithinLimits('h1', before, {
              queue,
              limits: limitsOf(100, spacingSeconds),
              withdrawn: nothing,
              now,
            });
          const all = await addWithinLimits('h1', queries, { queue: together, limits, withdrawn: nothing, now });
          const dropped: object[] = [];
          for (const one of queries) {
            const each = await addWithinLimits('h1', [one], { queue: oneByOne, limits, withdrawn: nothing, now });
            dropped.push(...each.dropped);
          }
          expect((await together.read('h1')).pending).toEqual((await oneByOne.read('h1')).pending);
          expect(all.dropped).toHaveLength(dropped.length);
          expect(all.dropped).toEqual(expect.arrayContaining(dropped));
        },
      ),
    );
  });
});
