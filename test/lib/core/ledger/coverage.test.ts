import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { TROUBLES } from '../../../../lib/core/ledger/workload.ts';
import { aRecord } from '../../../support/a-record.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const LATE = T0 + 10 * MINUTE;
const HANDLING = { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 };
const sum = (counts: object): number => Object.values(counts).reduce((total, n) => total + n, 0);

const identityIn = (cluster?: string): Record<string, string> => (cluster === undefined ? {} : { cluster });

/** Any record that a sequence of events and answers can produce. */
const anyRecord = fc
  .record({
    ids: fc.subarray(['a', 'b']),
    live: fc.subarray(['a', 'b', 'c']),
    dead: fc.subarray(['a', 'b']),
    troubles: fc.subarray([...TROUBLES]),
    stopped: fc.boolean(),
    unsafe: fc.boolean(),
    handledVersion: fc.constantFrom(-1, 5),
    lastStatus: fc.constantFrom('PENDING', 'RUNNING', 'STOPPED', 'A_NEW_ONE'),
    kind: fc.constantFrom('ecs-task' as const, 'ec2-instance' as const),
    handling: fc.option(
      fc.record({
        host: fc.constantFrom('', 'h1'),
        enrolled: fc.boolean(),
        queryKeys: fc.constant([]),
        settleByMs: fc.constantFrom(0, T0, LATE + 1),
      }),
      { nil: undefined },
    ),
    cluster: fc.constantFrom(undefined, '', 'one', 'two', '__proto__'),
    answeredAtMs: fc.option(fc.integer({ min: T0 - MINUTE, max: LATE }), { nil: undefined }),
  })
  .map(({ ids, live, dead, cluster, answeredAtMs, handling, ...rest }) => {
    const { handling: _, ...record } = aRecord({ ...rest, subjects: ids, seenLive: live, seenPostMortem: dead });
    return {
      ...record,
      identity: identityIn(cluster),
      handling,
      firstAnswerAtMs: answeredAtMs,
    };
  });

it('sorts reasons by frequency, then by name, for any order of the records', async () => {
  const troubles = ['no-row', 'expired', 'limited', 'limited', 'agent-silent'] as const;
  const records = troubles.map((trouble, n) => aRecord({ workload: `t${n}`, handling: HANDLING, troubles: [trouble] }));
  for (const some of [records, records.toReversed()]) {
    const { all } = await coverageOf(some, LATE);
    expect(Object.keys(all.reasons)).toEqual(['limited', 'agent-silent', 'expired', 'no-row']);
  }
});

describe('coverage', () => {
  it('adds up for any records: verdicts to workloads, reasons to misses, clusters to the total', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord), async (records) => {
        const { all, clusters } = await coverageOf(records, LATE);
        expect(all.workloads).toBe(records.length);
        for (const each of [all, ...clusters]) {
          expect(sum(each.verdicts)).toBe(each.workloads);
          expect(sum(each.reasons)).toBe(each.verdicts.missed);
          if (each.share !== null) expect(each.share >= 0 && each.share <= 1).toBe(true);
          if (each.timeToAnswerMs) {
            const { p50, p95, p99, max } = each.timeToAnswerMs;
            expect([p50, p95, p99, max]).toEqual([p50, p95, p99, max].toSorted((a, b) => a - b));
            expect(p50).toBeGreaterThanOrEqual(0);
          }
        }
        expect(new Set(clusters.map(({ cluster }) => cluster)).size).toBe(clusters.length);
        const counts = all.verdicts;
        for (const verdict of Object.keys(counts) as (keyof typeof counts)[]) {
          expect(clusters.reduce((total, cluster) => total + cluster.verdicts[verdict], 0)).toBe(counts[verdict]);
          expect(records.filter((record) => verdictOf(record, LATE).verdict === verdict)).toHaveLength(counts[verdict]);
        }
      }),
    );
  });

  it('is the share of seen workloads among those that are seen or missed', async () => {
    const records = [
      aRecord({ seenLive: ['a', 'b'] }),
      aRecord({ seenPostMortem: ['a', 'b'] }),
      aRecord({ handling: HANDLING }),
      aRecord({ handling: { ...HANDLING, settleByMs: LATE + 1 } }),
      aRecord({ stopped: true, subjects: [] }),
      aRecord({ handling: HANDLING, identity: { 'tag:mayfly:ignore': 'true' } }),
    ];
    const { all } = await coverageOf(records, LATE);
    expect(all).toEqual({
      workloads: 6,
      verdicts: { seen: 1, 'post-mortem': 1, 'never-started': 1, ignored: 1, missed: 1, pending: 1 },
      reasons: { 'agent-silent': 1 },
      share: 2 / 3,
      timeToAnswerMs: null,
    });
    expect((await coverageOf([], LATE)).all.share).toBeNull();
  });

  it("times answers from the trigger, not from the workload's first event", async () => {
    const answered = (n: number) =>
      aRecord({
        handling: {
          ...HANDLING,
          firstQuery: {
            receivedAtMs: T0,
            eventAtMs: T0 + 30 * SECOND,
            queuedAtMs: T0 + 31 * SECOND,
            detectedBy: 'event',
          },
        },
        firstAnswerAtMs: T0 + (30 + n) * SECOND,
      });
    const records = Array.from({ length: 100 }, (_, n) => answered(n + 1));
    expect((await coverageOf(records.toReversed(), LATE)).all.timeToAnswerMs).toEqual({
      p50: 50 * SECOND,
      p95: 95 * SECOND,
      p99: 99 * SECOND,
      max: 100 * SECOND,
    });
  });

  it('groups by cluster, in order of names, workloads without a cluster last', async () => {
    const records = ['two', undefined, 'one', 'two'].map((cluster) => aRecord({ identity: identityIn(cluster) }));
    const { clusters } = await coverageOf(records, LATE);
    expect(clusters.map(({ cluster, workloads }) => [cluster, workloads])).toEqual([
      ['one', 1],
      ['two', 2],
      [null, 1],
    ]);
  });
});
