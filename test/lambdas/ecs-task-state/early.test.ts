import { beforeEach, describe, expect, it } from '@jest/globals';
import { fixture } from '../../support/fixtures.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE } from '../../support/times.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const ARN = 'arn:aws:ecs:us-east-1:111122223333:container-instance/ephemeral-prod/96b5981bbb253fdb27dcb5f56e14edf8';

describe('a task whose event overtakes that of its container instance', () => {
  let world: TableWorld;
  beforeEach(async () => {
    world = await TableWorld.begin();
  });

  it('is queried on the right host as soon as that is known', async () => {
    await world.send(fixture(5));
    expect(await world.waiting(INSTANCE)).toEqual([]);
    await world.send(fixture(15));
    expect((await world.waiting(INSTANCE)).map(({ query }) => query)).toEqual(['container', 'processes']);
    expect(await world.waiting(ARN)).toEqual([]);
  });

  it('is queried there even if another function learns the host between look-up and queueing', async () => {
    const other = new TableWorld(world.table);
    const { queue } = world.ports;
    const enqueueSpaced = queue.enqueueSpaced.bind(queue);
    queue.enqueueSpaced = async (...args) => {
      await other.take(fixture(15));
      return enqueueSpaced(...args);
    };
    await world.send(fixture(5));
    expect((await world.waiting(INSTANCE)).map(({ query }) => query)).toEqual(['container', 'processes']);
  });

  it('withdraws pending queries under either name when it stops', async () => {
    await world.send(fixture(5));
    await world.send(fixture(15));
    await world.send(fixture(7));
    expect((await world.waiting(INSTANCE)).map(({ query }) => query)).toEqual(['container']);
  });

  it('is missed with no-host if its instance stays unknown until its queries expire', async () => {
    await world.send(fixture(5));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'pending' });
    world.nowMs += 20 * MINUTE;
    expect(await world.verdict(TASK)).toEqual({ verdict: 'missed', reason: 'no-host' });
  });
});
