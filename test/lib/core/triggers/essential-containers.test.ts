import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import { handleTask } from '../../../../lib/core/triggers/handle-task.ts';
import { aSighting } from '../../../support/a-record.ts';
import { aTaskEvent } from '../../../support/a-task-event.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE } from '../../../support/times.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const TASK = String(fixture(5).detail.taskArn);
const REVISION = String(fixture(5).detail.taskDefinitionArn);
const ENVOY = '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9';
const API = 'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f';

let world: TableWorld;
beforeEach(async () => {
  world = await TableWorld.begin();
  await world.aNode(INSTANCE);
  await arrives(fixture(15));
});
const arrives = async (...events: AnyEvent[]) => {
  for (const event of events) {
    world.nowMs = Math.max(world.nowMs, Date.parse(event.time));
    await world.take(event);
  }
};
/** The host's agent answers with a row about each of these containers, and no other. */
async function answers(...ids: string[]): Promise<void> {
  const delivered = await world.poll(INSTANCE);
  const rows = ids.map((id) => ({ id, state: 'running' }));
  await world.answer(
    INSTANCE,
    delivered.map(({ wireId }) => anAnswer(wireId, rows)),
  );
}
const essentials = async () =>
  Object.fromEntries((await world.record(TASK)).containers.map(({ name, essential }) => [name, essential ?? true]));

describe('a task of several containers', () => {
  it('is seen when its essential ones are, and shows which was not', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(5));
    await answers(API);
    expect(await essentials()).toEqual({ api: true, envoy: false });
    expect((await world.record(TASK)).seenLive).toEqual([API]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('is not seen while an essential one is not', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(5));
    await answers(ENVOY);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
    world.nowMs += 60 * MINUTE;
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
  });

  it('can do without what AWS put into it', async () => {
    world.ecs.definitions.set(REVISION, { api: true });
    const containers = (fixture(5).detail.containers as Record<string, unknown>[]).map((container, index) =>
      index === 0 ? { ...container, name: 'aws-guardduty-agent-a1B2c3', cpu: 'null', image: undefined } : container,
    );
    await arrives(fixture(5, { containers }));
    await answers(API);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it.each(['ThrottlingException', 'AccessDeniedException', 'ClientException'])(
    'needs them all while ECS says %s, and its event is handled',
    async (name) => {
      world.ecs.fail(name);
      await arrives(fixture(5));
      expect(world.outcomes().at(-1)).toBe('asked');
      await answers(API);
      expect(await essentials()).toEqual({ api: true, envoy: true });
      expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
      expect(world.reports.filter(({ event }) => event === 'task_definition_unknown')).toHaveLength(1);
    },
  );

  it('is seen after all when a later event learns that the rest was not essential', async () => {
    await arrives(fixture(5));
    await answers(API);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(7));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('is seen without the init container that ended while it ran, also where ECS describes no definition (S16)', async () => {
    world.ecs.fail('ThrottlingException');
    const containers = (fixture(5).detail.containers as Record<string, unknown>[]).map((container) =>
      container.runtimeId === ENVOY ? { ...container, lastStatus: 'STOPPED', exitCode: 0 } : container,
    );
    await arrives(fixture(5, { containers }));
    const delivered = await world.poll(INSTANCE);
    const rows = [
      { id: API, state: 'running' },
      { id: ENVOY, state: 'exited' },
    ];
    await world.answer(
      INSTANCE,
      delivered.map(({ wireId }) => anAnswer(wireId, rows)),
    );
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    await arrives(fixture(7));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('needs a container that stopped when its end had begun', async () => {
    world.ecs.fail('ThrottlingException');
    const containers = (fixture(5).detail.containers as Record<string, unknown>[]).map((container) =>
      container.runtimeId === ENVOY ? { ...container, lastStatus: 'STOPPED', exitCode: 1 } : container,
    );
    await arrives(fixture(5, { containers, desiredStatus: 'STOPPED' }));
    await answers(API);
    expect((await world.record(TASK)).seenLive).toEqual([API]);
    expect(await world.verdict(TASK)).not.toEqual({ verdict: 'seen' });
  });

  it('is looked up once, however many events and functions there are', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: true });
    await arrives(fixture(3), fixture(4), fixture(5));
    world.coldStart();
    await arrives(fixture(8), fixture(6), fixture(7));
    expect(world.ecs.described).toEqual([REVISION]);
  });

  it('sends its event back when the table cannot be read, as ever', async () => {
    const deps = world.taskDeps();
    const definitions = { essentialContainers: () => Promise.reject(new Error('table')) };
    await expect(handleTask(aTaskEvent(1, running, 2), { ...deps, definitions })).rejects.toThrow('table');
    expect(await world.ports.ledger.read([taskArn(1)])).toEqual([]);
  });
});

const running = { version: 5, phase: 3, stopping: false };

it('a task of one container is looked up nowhere', async () => {
  await arrives(fixture(9));
  expect(world.ecs.described).toEqual([]);
});

describe('the verdicts on tasks whose events and answers name any of their containers', () => {
  const subset = fc.subarray([0, 1, 2], { minLength: 0 });
  const aLife = fc.record({
    essential: fc.subarray([0, 1, 2], { minLength: 1 }),
    known: fc.boolean(),
    steps: fc.array(
      fc.oneof(
        fc.record({ phase: fc.integer({ min: 0, max: 7 }), told: subset }),
        fc.record({ seen: subset, alive: fc.boolean() }),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  });
  let lives = 0;

  it('add up to the tasks, and an essential container that is in the record is never passed over', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aLife, { minLength: 1, maxLength: 3 }), async (tasks) => {
        const begun: { n: number; essential: number[]; known: boolean }[] = [];
        for (const { essential, known, steps } of tasks) {
          const n = ++lives;
          const revision = `arn:aws:ecs:us-east-1:111122223333:task-definition/f:${n}`;
          const names = Object.fromEntries([0, 1, 2].map((c) => [`c${c}`, essential.includes(c)]));
          if (known) world.ecs.definitions.set(revision, names);
          const container = `arn:aws:ecs:us-east-1:111122223333:container-instance/c/${n}`;
          await world.ports.aliases.learn(container, `i-${n}`, world.nowMs);
          let version = 0;
          for (const step of steps) {
            if ('told' in step) {
              const event = aTaskEvent(n, { version: ++version, phase: step.phase, stopping: false }, 3, container);
              const containers = event.task.containers.filter((_, index) => step.told.includes(index));
              const task = { ...event.task, taskDefinitionArn: revision, containers };
              await handleTask({ ...event, task, raw: { ...Object(event.raw), detail: task } }, world.taskDeps());
            } else {
              const ids = step.seen.map((c) => dockerId(10 * n + c));
              await world.ports.ledger.recordSighting(
                taskArn(n),
                step.alive ? aSighting(ids, [], world.nowMs) : aSighting([], ids, world.nowMs),
              );
            }
          }
          if (version > 0) begun.push({ n, essential, known });
        }
        const records = await world.ports.ledger.read(begun.map(({ n }) => taskArn(n)));
        const { all } = await coverageOf(records, world.nowMs + 24 * 60 * MINUTE);
        expect(all.workloads).toBe(begun.length);
        expect(Object.values(all.verdicts).reduce((sum, count) => sum + count, 0)).toBe(begun.length);
        for (const { n, essential, known } of begun) {
          const record = records.find(({ workload }) => workload === taskArn(n));
          const needed = (known ? essential : [0, 1, 2])
            .map((c) => dockerId(10 * n + c))
            .filter((id) => record?.subjects.includes(id));
          const isSeen = new Set([...(record?.seenLive ?? []), ...(record?.seenPostMortem ?? [])]);
          const { all: one } = await coverageOf(record ? [record] : [], world.nowMs);
          if (one.verdicts.seen + one.verdicts['post-mortem'] > 0 && (record?.subjects.length ?? 0) > 0)
            expect(needed.filter((id) => !isSeen.has(id))).toEqual([]);
        }
      }),
      { numRuns: 40 },
    );
  });
});
