import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryOf, mergeable, sqlOf } from '../../../../lib/core/queue/delivery.ts';
import { offered } from '../../../../lib/core/queue/offers.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { aHostQuery, aPendingQuery, dockerId } from '../../../support/builders.ts';
import { T0 } from '../../../support/times.ts';

const sqls = (pending: readonly PendingQuery[]): string[] => mergeable(pending).map(sqlOf);
const times = (count: number): number[] => Array.from({ length: count }, (_, n) => n);

describe('pending queries that one SQL text can answer', () => {
  it('are delivered as one, with ids in order of arrival', () => {
    expect(sqls([aPendingQuery(1), aPendingQuery(2)])).toEqual([
      `SELECT id, state FROM docker_containers WHERE id IN ('${dockerId(1)}', '${dockerId(2)}')`,
    ]);
  });

  it('contain each id once, even if two of them ask about the same container', () => {
    const twice = [
      aPendingQuery(1),
      aPendingQuery(2, { subjects: [dockerId(1), dockerId(3)], bindings: { containers: [dockerId(1), dockerId(3)] } }),
    ];
    expect(sqls(twice)).toEqual([
      `SELECT id, state FROM docker_containers WHERE id IN ('${dockerId(1)}', '${dockerId(3)}')`,
    ]);
  });

  it('keep the position of the first of them', () => {
    const groups = mergeable([aPendingQuery(1), aHostQuery(5), aPendingQuery(2)]);
    expect(groups.map((group) => group.map((query) => query.queryId))).toEqual([['q0001', 'q0002'], ['q0005']]);
  });

  it.each<[string, Partial<PendingQuery>]>([
    ['rule', { rule: 'another' }],
    ['query name', { query: 'another' }],
    ['text', { sql: 'SELECT id FROM docker_containers WHERE id IN (:containers)' }],
    ['discovery', { discovery: 'SELECT 1' }],
    ['kind of binding', { bindings: { containers: dockerId(2) } }],
  ])('are merged only with the same %s', (_, other) => {
    expect(mergeable([aPendingQuery(1), aPendingQuery(2, other)])).toHaveLength(2);
  });

  it('are not merged without a list to unite', () => {
    expect(mergeable([aHostQuery(1), aHostQuery(1)])).toHaveLength(2);
  });

  it('are split if the SQL would exceed 16 KiB', () => {
    const two = (n: number) => aPendingQuery(n, { subjects: [dockerId(n), dockerId(1000 + n)] });
    const texts = sqls(times(300).map(two));
    expect(texts.length).toBeGreaterThan(1);
    expect(Math.max(...texts.map((text) => Buffer.byteLength(text)))).toBeLessThanOrEqual(16_384);
    const ids = texts.flatMap((text) => text.match(/[0-9a-f]{64}/g) ?? []);
    expect(ids.toSorted()).toEqual(
      times(300)
        .flatMap((n) => [dockerId(n), dockerId(1000 + n)])
        .toSorted(),
    );
  });

  it('are split after a hundred queries', () => {
    const shared = { subjects: [dockerId(0)], bindings: { containers: [dockerId(0)] } };
    expect(mergeable(times(250).map((n) => aPendingQuery(n, shared))).map((group) => group.length)).toEqual([
      100, 100, 50,
    ]);
  });

  it('never lose a query or an id, in any order', () => {
    const query = fc.record({
      n: fc.nat({ max: 30 }),
      ids: fc.array(fc.nat({ max: 40 }), { maxLength: 4 }),
      kind: fc.constantFrom('a', 'b'),
    });
    fc.assert(
      fc.property(fc.array(query, { maxLength: 40 }), (list) => {
        const pending = list.map(({ n, ids, kind }, index) =>
          aPendingQuery(n, {
            queryId: `q${index}`,
            query: kind,
            subjects: ids.map(dockerId),
            bindings: { containers: ids.map(dockerId) },
          }),
        );
        const groups = mergeable(pending);
        expect(
          groups
            .flat()
            .map((q) => q.queryId)
            .toSorted(),
        ).toEqual(pending.map((q) => q.queryId).toSorted());
        for (const group of groups) {
          const asked = new Set(sqlOf(group).match(/[0-9a-f]{64}/g));
          expect(asked).toEqual(new Set(group.flatMap((q) => q.subjects)));
        }
      }),
    );
  });
});

describe('a delivery', () => {
  const groups = mergeable([aPendingQuery(1), aPendingQuery(2, { expiresAtMs: T0 + 900_000 }), aHostQuery(3)]);
  const delivery = deliveryOf('d7', groups, T0, 30_000);

  it('names its queries so that osquery, which sorts bytewise, runs them in our order', () => {
    expect(offered(delivery, 0, [0, 1]).map((query) => query.wireId)).toEqual(['d7-00-00', 'd7-00-01']);
  });

  it('does so for many queries and many offers', () => {
    const many = deliveryOf('d8', mergeable(times(40).map((n) => aHostQuery(n))), T0, 30_000);
    const ids = times(40).flatMap((offer) => offered(many, offer, times(40)).map(({ wireId }) => wireId));
    expect(ids.toSorted()).toEqual(ids);
    expect(new Set(ids).size).toBe(1600);
  });

  it('records every merged query with its context', () => {
    expect(delivery.queries[0]?.askers).toMatchObject([
      { queryId: 'q0001', subjects: [dockerId(1)], subjectDecorations: { [dockerId(1)]: { container_name: 'c1' } } },
      { queryId: 'q0002', subjects: [dockerId(2)] },
    ]);
  });

  it('lasts for its lease, and each query until the last expiry of those merged', () => {
    expect(delivery).toMatchObject({
      host: 'h1',
      offers: [{ atMs: T0, positions: [0, 1] }],
      leaseUntilMs: T0 + 30_000,
      answered: [],
    });
    expect(delivery.queries.map((query) => query.expiresAtMs)).toEqual([T0 + 900_000, T0 + 600_000]);
  });
});
