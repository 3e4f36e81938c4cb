import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { handleTask } from '../../../../lib/core/triggers/handle-task.ts';
import { aSighting, recordSighting } from '../../../support/a-record.ts';
import { aTaskEvent, type TaskMoment } from '../../../support/a-task-event.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { interleave } from '../../../support/interleave.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { inForce, plainPolicy } from '../../../support/plain-policy.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import { type BaseWorld, World } from '../../../support/world.ts';

const [running] = plainPolicy.rules;
if (!running) throw new Error('the plain policy has no rule');
const lastGasp = { ...running, name: 'last-gasp', lastGasp: true, postMortem: [] };
const policy = inForce({ ...plainPolicy, rules: [...plainPolicy.rules, lastGasp] });

/** What needs no order of single requests runs in memory. */
const inMemory = new World();
const onTable = await TableWorld.begin();
let tasks = 0;
const LATE = T0 + 24 * 60 * MINUTE;

/** A plausible life: phases in order, versions growing with gaps, some of its events lost, cut off anywhere. */
const aLife: fc.Arbitrary<TaskMoment[]> = fc
  .record({
    gaps: fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 9, maxLength: 9 }),
    stopsRunning: fc.boolean(), // an extra RUNNING with desiredStatus STOPPED
    delivered: fc.array(fc.boolean(), { minLength: 9, maxLength: 9 }),
    end: fc.integer({ min: 1, max: 9 }),
  })
  .map(({ gaps, stopsRunning, delivered, end }) => {
    const phases = [0, 1, 2, 3, ...(stopsRunning ? [3] : []), 4, 5, 6, 7];
    let version = 0;
    return phases
      .map((phase, index) => {
        version += gaps[index] ?? 1;
        return { version, phase, stopping: stopsRunning && index === 4 };
      })
      .slice(0, end)
      .filter((_, index) => delivered[index]);
  })
  .filter((moments) => moments.length > 0);

/** Any order of a life's events, each of them once or more often. */
const shuffled = (life: TaskMoment[]): fc.Arbitrary<TaskMoment[]> =>
  fc
    .array(fc.constantFrom(...life), { maxLength: 4 })
    .chain((again) => fc.shuffledSubarray([...life, ...again], { minLength: life.length + again.length }));

const history = aLife.chain((life) =>
  fc.tuple(fc.constant(life), shuffled(life), fc.integer({ min: 1, max: 3 }), fc.boolean()),
);

/** A new task on its own host, or on none. */
async function aTask<W extends BaseWorld>(world: W, hosted: boolean, containers: number) {
  const n = ++tasks;
  world.policy = policy;
  const arn = hosted ? `arn:aws:ecs:us-east-1:111122223333:container-instance/c/${n}` : undefined;
  const host = `i-${n}`;
  if (arn) await world.ports.aliases.learn(arn, host, world.nowMs);
  const event = (moment: TaskMoment) => aTaskEvent(n, moment, containers, arn);
  return { n, world, host, event, subjects: Array.from({ length: containers }, (_, c) => dockerId(10 * n + c)) };
}

/** Everything that must not depend on the order: all except times, and ids that contain the task's number. */
const essence = ({
  version,
  lastStatus,
  desiredStatus,
  stopped,
  handledVersion,
  subjects,
  handling,
}: WorkloadRecord) => ({
  version,
  lastStatus,
  desiredStatus,
  stopped,
  handledVersion,
  subjects: subjects.length,
  hosted: handling?.host !== undefined,
});
const asked = (pending: readonly PendingQuery[]): string[] =>
  pending.map(({ set, query }) => `${set} ${query}`).toSorted();

/** The write at which a function dies, and whether it dies before or after it; 0 for none. */
interface Fate {
  readonly at: number;
  readonly when: 'before' | 'after';
}

describe('the ledger', () => {
  it('ends in the same state, with the verdict of the newest event, for any order and repetition of events', async () => {
    await fc.assert(
      fc.asyncProperty(history, async ([life, order, containers, hosted]) => {
        const straight = await aTask(new World(inMemory), hosted, containers);
        for (const moment of life) await handleTask(straight.event(moment), straight.world.taskDeps());
        const mixed = await aTask(new World(inMemory), hosted, containers);
        for (const moment of order) await handleTask(mixed.event(moment), mixed.world.taskDeps());

        const [wanted, got] = [
          await straight.world.record(taskArn(straight.n)),
          await mixed.world.record(taskArn(mixed.n)),
        ];
        expect(essence(got)).toEqual(essence(wanted));
        expect(got.version).toBe(Math.max(...life.map(({ version }) => version)));
        // Which live queries were queued may differ, but both have queries or both have none.
        expect(verdictOf(got, LATE)).toEqual(verdictOf(wanted, LATE));
        if (got.stopped) {
          const [one, other] = [
            await straight.world.ports.queue.read(straight.host),
            await mixed.world.ports.queue.read(mixed.host),
          ];
          expect(asked(other.pending)).toEqual(asked(one.pending));
        }
      }),
      { numRuns: scaled(16) },
    );
  });

  it('ends in the same state when two functions handle two events concurrently, in any interleaving', async () => {
    const order = fc.array(fc.nat({ max: 1 }), { minLength: 25, maxLength: 25 });
    const pair = aLife
      .filter((life) => life.length > 1)
      .chain((life) => fc.shuffledSubarray(life, { minLength: 2, maxLength: 2 }));
    await fc.assert(
      fc.asyncProperty(pair, order, fc.integer({ min: 1, max: 3 }), async (moments, turns, containers) => {
        const { n, world, host, event } = await aTask(new TableWorld(onTable.table), true, containers);
        await interleave(
          world.table,
          turns,
          moments.map((moment) => (table) => handleTask(event(moment), world.taskDeps(portsOn(table, world.now)))),
        );
        const newest = moments.reduce((a, b) => (b.version > a.version ? b : a));
        const record = await world.record(taskArn(n));
        expect(record).toMatchObject({ version: newest.version, handledVersion: newest.version });
        // The end withdraws the queries of the start, in either order.
        const { pending } = await world.ports.queue.read(host);
        if (newest.phase === 7) expect(asked(pending)).toEqual(['post-mortem container']);
      }),
      { numRuns: scaled(8) },
    );
  });

  /** Phase of a task's last event → queries that must be pending then. */
  const WANTED_AFTER: Readonly<Record<number, string[]>> = {
    3: ['live container', 'live processes'],
    7: ['post-mortem container'],
  };

  it('ends in the same state when functions die before or after any write and their events are retried', async () => {
    const deaths = fc.array(
      fc.record({
        at: fc.oneof({ weight: 3, arbitrary: fc.integer({ min: 1, max: 3 }) }, fc.integer({ min: 4, max: 7 })),
        when: fc.constantFrom('before' as const, 'after' as const),
      }),
      { minLength: 1, maxLength: 4 },
    );
    let died = 0;
    await fc.assert(
      fc.asyncProperty(aLife, deaths, async (life, fates) => {
        const { n, world, host, event } = await aTask(new TableWorld(onTable.table), true, 2);
        const survives = async (moment: TaskMoment, fate: Fate): Promise<boolean> => {
          const mortal = new Mortal(fate.at, fate.when);
          await untilDeath(() =>
            handleTask(event(moment), world.taskDeps(portsOn(mortalTable(mortal, world.table), world.now))),
          );
          return !mortal.died;
        };
        const again: TaskMoment[] = [];
        for (const [index, moment] of life.entries())
          if (!(await survives(moment, fates[index] ?? { at: 0, when: 'before' }))) again.push(moment);
        died += again.length;
        for (const moment of again) await handleTask(event(moment), world.taskDeps());
        const newest = life.at(-1);
        expect(await world.record(taskArn(n))).toMatchObject({
          version: newest?.version,
          handledVersion: newest?.version,
        });
        const { pending } = await world.ports.queue.read(host);
        expect(asked(pending)).toEqual(expect.arrayContaining(WANTED_AFTER[newest?.phase ?? 0] ?? []));
      }),
      { numRuns: scaled(8) },
    );
    expect(died).toBeGreaterThan(0);
  });
});

describe('verdicts', () => {
  const RANK = { pending: 0, missed: 1, ignored: 1, 'never-started': 2, 'post-mortem': 2, seen: 3 };

  it('never get worse with another event or answer after the last answer is due', async () => {
    const proof = fc.record({ container: fc.nat({ max: 2 }), alive: fc.boolean(), trouble: fc.boolean() });
    const step = (life: TaskMoment[]) => fc.oneof(fc.constantFrom(...life), proof);
    const steps = aLife.chain((life) => fc.tuple(fc.constant(life), fc.array(step(life), { maxLength: 6 })));
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 3 }), async ([life, list], containers) => {
        const { n, world, event, subjects } = await aTask(new World(inMemory), true, containers);
        const { ledger } = world.ports;
        const answer = async ({
          container,
          alive,
          trouble,
        }: {
          container: number;
          alive: boolean;
          trouble: boolean;
        }) => {
          const ids = subjects.slice(container, container + 1);
          if (trouble) await ledger.recordTrouble(taskArn(n), 'no-row');
          else await recordSighting(ledger, taskArn(n), aSighting(alive ? ids : [], alive ? [] : ids, world.nowMs));
        };
        let best = 0;
        for (const one of [...life, ...list]) {
          if ('phase' in one) await handleTask(event(one), world.taskDeps());
          else await answer(one);
          const { verdict } = verdictOf(await world.record(taskArn(n)), LATE);
          expect(RANK[verdict]).toBeGreaterThanOrEqual(best);
          best = RANK[verdict];
        }
      }),
      { numRuns: scaled(16) },
    );
  });

  it('are exactly one for each task, for any of its events', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(history, { minLength: 1, maxLength: 4 }), async (histories) => {
        const workloads: string[] = [];
        for (const [, order, containers, hosted] of histories) {
          const { n, world, event } = await aTask(new World(inMemory), hosted, containers);
          for (const moment of order) await handleTask(event(moment), world.taskDeps());
          workloads.push(taskArn(n));
        }
        const records = await inMemory.ports.ledger.read(workloads);
        expect(records.map((record) => record.workload).toSorted()).toEqual(workloads.toSorted());
        for (const record of records) expect(Object.keys(RANK)).toContain(verdictOf(record, LATE).verdict);
      }),
      { numRuns: scaled(8) },
    );
  });
});
