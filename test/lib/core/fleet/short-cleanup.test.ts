import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Answer } from '../../../../lib/core/results/answer.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const STOPPED = 7; // the fixture of a task's end
const ids = (fixture(STOPPED).detail.containers as { runtimeId: string }[]).map(({ runtimeId }) => runtimeId);
const rows = ids.map((id) => ({ id, state: 'exited' }));

let world: World;
beforeEach(async () => {
  world = await World.begin();
  world.ecs.known.set(String(fixture(STOPPED).detail.containerInstanceArn), INSTANCE);
  world.nowMs = Date.parse(fixture(STOPPED).time) + 2000;
  await world.aNode(INSTANCE);
});
const open = () => world.ports.fleetIssues.open(world.nowMs);

/** The agent answers the post-mortem query this many minutes after the task's end. */
async function answered(minutes: number, rows: Answer['rows'], answer: Partial<Answer> = {}): Promise<void> {
  await world.take(fixture(STOPPED));
  world.nowMs += minutes * MINUTE;
  const taken = await world.poll(INSTANCE);
  expect(taken.map(({ set }) => set)).toEqual(['post-mortem']);
  await world.answer(
    INSTANCE,
    taken.map(({ wireId }) => anAnswer(wireId, rows, answer)),
  );
}

describe('a container that is gone when its post-mortem query runs', () => {
  it('is a fleet issue of its host, opened once', async () => {
    await answered(1, []);
    expect(await open()).toMatchObject([{ kind: 'cleanup-too-short', host: INSTANCE }]);
    expect(world.reports.filter(({ event }) => event === 'fleet_issue_opened')).toHaveLength(1);
  });

  it('is an issue even if another container of the task still exists', async () => {
    expect(ids.length).toBeGreaterThan(1);
    await answered(1, rows.slice(1));
    expect(await open()).toMatchObject([{ detail: 'a container was gone 62 s after its task had stopped' }]);
  });

  it('may be invisible to osquery, if the answer named no container at all', async () => {
    await answered(1, []);
    expect(await open()).toMatchObject([
      {
        detail:
          'a container was gone 62 s after its task had stopped, unless osquery cannot reach the Docker socket: it named no container at all',
      },
    ]);
  });

  it.each([
    ['every container still exists', 1, rows, {}],
    ['osquery rejected the query', 1, [], { status: 1, message: 'no such table' }],
    ['three hours have passed, after which the ECS agent removes it anyway', 179.99, [], {}],
  ])('is not an issue if %s', async (_, minutes, rows, answer) => {
    await answered(minutes, rows, answer);
    expect(await open()).toEqual([]);
  });
});
