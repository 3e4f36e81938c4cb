import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { coverageOf } from '../../../../lib/core/ledger/coverage.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { handleTask } from '../../../../lib/core/triggers/handle-task.ts';
import { aSighting, recordSighting } from '../../../support/a-record.ts';
import { aTaskEvent } from '../../../support/a-task-event.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE } from '../../../support/times.ts';
import { type BaseWorld, World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const TASK = String(fixture(5).detail.taskArn);
const REVISION = String(fixture(5).detail.taskDefinitionArn);
const ENVOY = '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9';
const API = 'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f';

let world: BaseWorld;
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
  it('is seen when its essential containers are, and shows which one was not', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(5));
    await answers(API);
    expect(await essentials()).toEqual({ api: true, envoy: false });
    expect((await world.record(TASK)).seenLive).toEqual([API]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('is not seen while an essential container is not', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(5));
    await answers(ENVOY);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
    world.nowMs += 60 * MINUTE;
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
  });

  it('does not require containers that AWS added', async () => {
    world.ecs.definitions.set(REVISION, { api: true });
    const containers = (fixture(5).detail.containers as Record<string, unknown>[]).map((container, index) =>
      index === 0 ? { ...container, name: 'aws-guardduty-agent-a1B2c3', cpu: 'null', image: undefined } : container,
    );
    await arrives(fixture(5, { containers }));
    await answers(API);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it.each(['ThrottlingException', 'AccessDeniedException', 'ClientException'])(
    'needs them all while ECS answers %s, and its event is handled',
    async (name) => {
      world.ecs.fail(name);
      await arrives(fixture(5));
      expect(world.outcomes().at(-1)).toBe('queued');
      await answers(API);
      expect(await essentials()).toEqual({ api: true, envoy: true });
      expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
      expect(world.reports.filter(({ event }) => event === 'task_definition_unknown')).toHaveLength(1);
    },
  );

  it('is seen after all when a later event reveals that the others are not essential', async () => {
    await arrives(fixture(5));
    await answers(API);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-row' });
    world.ecs.definitions.set(REVISION, { api: true, envoy: false });
    await arrives(fixture(7));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('is seen without an init container that ended while it ran, even if ECS describes no definition (S16)', async () => {
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

  it('requires a container that stopped after the task began to stop', async () => {
    world.ecs.fail('ThrottlingException');
    const containers = (fixture(5).detail.containers as Record<string, unknown>[]).map((container) =>
      container.runtimeId === ENVOY ? { ...container, lastStatus: 'STOPPED', exitCode: 1 } : container,
    );
    await arrives(fixture(5, { containers, desiredStatus: 'STOPPED' }));
    await answers(API);
    expect((await world.record(TASK)).seenLive).toEqual([API]);
    expect(await world.verdict(TASK)).not.toEqual({ verdict: 'seen' });
  });

  it('is looked up once, for any number of events and functions', async () => {
    world.ecs.definitions.set(REVISION, { api: true, envoy: true });
    await arrives(fixture(3), fixture(4), fixture(5));
    world.coldStart();
    await arrives(fixture(8), fixture(6), fixture(7));
    expect(world.ecs.described).toEqual([REVISION]);
  });

  it('fails its event when the table cannot be read', async () => {
    const deps = world.taskDeps();
    const definitions = { essentialContainers: () => Promise.reject(new Error('table')) };
    await expect(handleTask(aTaskEvent(1, running, 2), { ...deps, definitions })).rejects.toThrow('table');
    expect(await world.ports.ledger.read([taskArn(1)])).toEqual([]);
  });
});

const running = { version: 5, phase: 3, stopping: false };

it('the definition of a task with one container is not looked up', async () => {
  await arrives(fixture(9));
  expect(world.ecs.described).toEqual([]);
});

/** A task of three containers: which are essential, whether ECS describes that, and its events and answers. */
interface Life {
  readonly essential: readonly number[];
  readonly known: boolean;
  readonly steps: readonly (
    | { readonly phase: number; readonly listed: readonly number[] }
    | { readonly seen: readonly number[]; readonly alive: boolean }
  )[];
}
type Begun = Pick<Life, 'essential' | 'known'> & { readonly n: number };

/** Takes a task through its steps. @returns whether it had any event */
async function lived(n: number, { essential, known, steps }: Life): Promise<boolean> {
  const revision = `arn:aws:ecs:us-east-1:111122223333:task-definition/f:${n}`;
  const names = Object.fromEntries([0, 1, 2].map((c) => [`c${c}`, essential.includes(c)]));
  if (known) world.ecs.definitions.set(revision, names);
  const container = `arn:aws:ecs:us-east-1:111122223333:container-instance/c/${n}`;
  await world.ports.aliases.learn(container, `i-${n}`, world.nowMs);
  let version = 0;
  for (const step of steps) {
    if ('listed' in step) {
      const event = aTaskEvent(n, { version: ++version, phase: step.phase, stopping: false }, 3, container);
      const containers = event.task.containers.filter((_, index) => step.listed.includes(index));
      const task = { ...event.task, taskDefinitionArn: revision, containers };
      await handleTask({ ...event, task, raw: { ...Object(event.raw), detail: task } }, world.taskDeps());
    } else {
      const ids = step.seen.map((c) => dockerId(10 * n + c));
      const sighting = step.alive ? aSighting(ids, [], world.nowMs) : aSighting([], ids, world.nowMs);
      await recordSighting(world.ports.ledger, taskArn(n), sighting);
    }
  }
  return version > 0;
}

/** Checks that a covered task has a sighting of every essential container in its record. */
async function expectNoneSkipped({ n, essential, known }: Begun, records: readonly WorkloadRecord[]): Promise<void> {
  const record = records.find(({ workload }) => workload === taskArn(n));
  if (!record || record.subjects.length === 0) return;
  const { all } = await coverageOf([record], world.nowMs);
  if (all.verdicts.seen + all.verdicts['post-mortem'] === 0) return;
  const needed = (known ? essential : [0, 1, 2])
    .map((c) => dockerId(10 * n + c))
    .filter((id) => record.subjects.includes(id));
  const isSeen = new Set([...record.seenLive, ...record.seenPostMortem]);
  expect(needed.filter((id) => !isSeen.has(id))).toEqual([]);
}

describe('the verdicts on tasks whose events and answers name any of their containers', () => {
  const subset = fc.subarray([0, 1, 2], { minLength: 0 });
  const aLife = fc.record({
    essential: fc.subarray([0, 1, 2], { minLength: 1 }),
    known: fc.boolean(),
    steps: fc.array(
      fc.oneof(
        fc.record({ phase: fc.integer({ min: 0, max: 7 }), listed: subset }),
        fc.record({ seen: subset, alive: fc.boolean() }),
      ),
      { minLength: 1, maxLength: 6 },
    ),
  });
  let lives = 0;
  beforeEach(() => {
    world = new World();
  });

  it('add up to the number of tasks, and never skip an essential container of the record', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(aLife, { minLength: 1, maxLength: 3 }), async (tasks) => {
        const begun: Begun[] = [];
        for (const life of tasks) {
          const n = ++lives;
          if (await lived(n, life)) begun.push({ n, ...life });
        }
        const records = await world.ports.ledger.read(begun.map(({ n }) => taskArn(n)));
        const { all } = await coverageOf(records, world.nowMs + 24 * 60 * MINUTE);
        expect(all.workloads).toBe(begun.length);
        expect(Object.values(all.verdicts).reduce((sum, count) => sum + count, 0)).toBe(begun.length);
        for (const one of begun) await expectNoneSkipped(one, records);
      }),
      { numRuns: scaled(20) },
    );
  });
});
