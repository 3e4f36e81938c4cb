import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { OutOfBudget } from '../../../../lib/core/reconcile/spend.ts';
import { instanceEvent, taskEvent } from '../../../../lib/core/reconcile/synthetic.ts';
import { aDescription, anInstance, CLUSTER, ON_HOST, SCOPE, Sweeper } from '../../../support/a-sweeper.ts';
import { taskArn } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

/** For each event, the delays after which it arrives, none if it is lost. */
const fates = fc.array(fc.array(fc.integer({ min: 0, max: 150 * SECOND }), { maxLength: 2 }), {
  minLength: 9,
  maxLength: 9,
});

/** A task's life: the time of each change, and the delays of their events. It ends within 12 minutes. */
const aLife = fc.record({
  startsMs: fc.integer({ min: 0, max: 4 * MINUTE }),
  gapsMs: fc.array(fc.oneof(fc.integer({ max: 500, min: 0 }), fc.integer({ max: MINUTE, min: 0 })), {
    minLength: 9,
    maxLength: 9,
  }),
  gaps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 9, maxLength: 9 }),
  skipsRunning: fc.boolean(),
  containers: fc.integer({ min: 1, max: 2 }),
  hosted: fc.boolean(),
  cluster: fc.constantFrom(CLUSTER, CLUSTER.replace('prod', 'test')),
  fates,
});

const anInstanceLife = fc.record({
  startsMs: fc.integer({ min: 0, max: 4 * MINUTE }),
  livesMs: fc.integer({ min: SECOND, max: 12 * MINUTE }),
  fates,
});

/** Sweeps that end early, after this many calls; the others finish. */
const budgets = fc.array(fc.option(fc.integer({ min: 2, max: 6 })), { minLength: 10, maxLength: 10 });

interface Step {
  readonly atMs: number;
  readonly act: (sweeper: Sweeper) => unknown;
}

function stepsOfTask(n: number, life: typeof aLife extends fc.Arbitrary<infer T> ? T : never): Step[] {
  const { cluster, containers, hosted } = life;
  let [version, atMs] = [0, T0 + life.startsMs];
  const phases = life.skipsRunning ? [0, 1, 7] : [0, 1, 2, 3, 3, 4, 5, 6, 7];
  return phases.flatMap((phase, index) => {
    version += life.gaps[index] ?? 1;
    atMs += life.gapsMs[index] ?? 0;
    const on = hosted ? ON_HOST : '';
    const moment = { version, phase, stopping: index === 4 };
    const detail = aDescription(n, moment, atMs, { cluster, containers, on });
    const event = taskEvent(taskArn(n), detail, atMs, SCOPE);
    return [
      { atMs, act: (sweeper: Sweeper) => sweeper.account.put(detail) },
      ...(life.fates[index] ?? []).map((ms) => ({ atMs: atMs + ms, act: (sweeper: Sweeper) => sweeper.take(event) })),
    ];
  });
}

function stepsOfInstance(id: string, life: typeof anInstanceLife extends fc.Arbitrary<infer T> ? T : never): Step[] {
  const launchedAtMs = T0 + life.startsMs;
  const states = ['running', 'shutting-down', 'terminated'].map((state, index) => ({
    state,
    atMs: launchedAtMs + (index > 0 ? life.livesMs : 0) + (index > 1 ? 20 * SECOND : 0),
  }));
  return states.flatMap(({ state, atMs }, index) => [
    { atMs, act: (sweeper: Sweeper) => sweeper.account.putInstance(anInstance(id, { state, launchedAtMs })) },
    ...(life.fates[index] ?? []).map((ms) => ({
      atMs: atMs + ms,
      act: (sweeper: Sweeper) => sweeper.take(instanceEvent(id, state, atMs, SCOPE)),
    })),
  ]);
}

function stepsOfSweeps(limits: readonly (number | null)[]): Step[] {
  return Array.from({ length: 30 }, (_, minute) => ({
    atMs: T0 + minute * MINUTE,
    act: async (sweeper: Sweeper) => {
      let left = limits[minute] ?? Number.POSITIVE_INFINITY;
      sweeper.account.before = () => {
        if (left-- <= 0) throw new OutOfBudget('enough');
      };
      if (minute % 4 === 3) sweeper.coldStart();
      expect(await sweeper.sweep()).toBe(0);
    },
  }));
}

describe('events that are lost, late, repeated or reordered', () => {
  it('leave one record and one verdict for every task and instance, and queries for every stopped task', async () => {
    const lives = fc.array(aLife, { minLength: 1, maxLength: 6 });
    const instances = fc.array(anInstanceLife, { maxLength: 3 });
    let byEvent = 0;
    let bySweep = 0;
    await fc.assert(
      fc.asyncProperty(lives, instances, budgets, async (tasks, instanceLives, limits) => {
        const sweeper = new Sweeper();
        const steps = [
          ...stepsOfSweeps(limits),
          ...tasks.flatMap((life, n) => stepsOfTask(n, life)),
          ...instanceLives.flatMap((life, n) => stepsOfInstance(`i-${n}`, life)),
        ].sort((a, b) => a.atMs - b.atMs);
        for (const { atMs, act } of steps) {
          sweeper.nowMs = Math.max(sweeper.nowMs, atMs);
          await act(sweeper);
        }

        const { records } = sweeper.ledger;
        const expected = [...tasks.map((_, n) => taskArn(n)), ...instanceLives.map((_, n) => `i-${n}`)];
        expect(records.map(({ workload }) => workload).sort()).toEqual(expected.sort());
        for (const record of records) {
          expect(record).toMatchObject({ stopped: true, handledVersion: record.version });
          if (record.firstDetectedBy === 'event') byEvent += 1;
          else bySweep += 1;
        }
        for (const [n, { hosted }] of tasks.entries()) {
          const asked = sweeper.ledger.record(taskArn(n))?.handling?.queryKeys ?? [];
          expect(asked.some(({ set }) => set === 'post-mortem')).toBe(hosted);
        }
        const lateMs = T0 + 24 * 60 * MINUTE;
        const { all } = await coverageOf(records, lateMs);
        expect(all).toMatchObject({ workloads: expected.length, verdicts: { pending: 0 } });
        expect(Object.values(all.verdicts).reduce((sum, count) => sum + count, 0)).toBe(expected.length);
        expect(records.map((record) => verdictOf(record, lateMs))).not.toContainEqual(
          expect.objectContaining({ reason: 'lost-track' }),
        );
      }),
      { numRuns: scaled(20) },
    );
    // Both ways occurred.
    expect(Math.min(byEvent, bySweep)).toBeGreaterThan(scaled(5));
  });
});
