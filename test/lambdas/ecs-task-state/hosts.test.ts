import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { type AnyEvent, fixture } from '../../support/fixtures.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

const CLUSTER = 'arn:aws:ecs:us-east-1:111122223333:cluster/ephemeral-prod';
const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ON_INSTANCE = String(fixture(5).detail.containerInstanceArn);
const task = (n: number): string => `arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/${n}`;
const instanceArn = (n: number): string => `arn:aws:ecs:us-east-1:111122223333:container-instance/ephemeral-prod/${n}`;
const start = (n: number, detail: Record<string, unknown> = {}): AnyEvent =>
  fixture(5, { taskArn: task(n), ...detail });

let world: TableWorld;
beforeEach(async () => {
  world = await TableWorld.begin();
});

describe('finding the host of a task', () => {
  it('asks ECS once per cluster and batch, however many tasks start', async () => {
    const elsewhere = 'arn:aws:ecs:us-east-1:111122223333:cluster/other';
    const events = [0, 1, 2, 3, 4].map((n) => start(n, { containerInstanceArn: instanceArn(n % 3) }));
    events.push(start(5, { clusterArn: elsewhere, containerInstanceArn: instanceArn(9) }));
    for (const n of [0, 1, 2]) world.ecs.known.set(instanceArn(n), `i-${n}`);
    expect(await world.send(...events)).toEqual([]);
    expect(world.ecs.calls).toEqual([
      { cluster: CLUSTER, arns: [instanceArn(0), instanceArn(1), instanceArn(2)] },
      { cluster: elsewhere, arns: [instanceArn(9)] },
    ]);
    expect(await world.waiting('i-1')).toHaveLength(4);
  });

  it('asks ECS once for an instance it knows, whichever instance of the function comes next', async () => {
    world.ecs.known.set(ON_INSTANCE, INSTANCE);
    await world.send(start(1));
    world.coldStart();
    await world.send(start(2));
    expect(world.ecs.calls).toHaveLength(1);
    expect(await world.waiting(INSTANCE)).toHaveLength(4);
  });

  it('does not ask again about an unknown one for 15 seconds', async () => {
    await world.send(start(1));
    world.nowMs += 15 * SECOND - 1;
    await world.send(start(2));
    expect(world.ecs.calls).toHaveLength(1);
    world.nowMs += 1;
    world.ecs.known.set(ON_INSTANCE, INSTANCE);
    await world.send(start(3));
    expect(world.ecs.calls).toHaveLength(2);
    expect((await world.record(task(3))).handling?.host).toBe(INSTANCE);
  });

  it('uses a container-instance event at once, even if ECS did not know the instance before', async () => {
    await world.send(start(1));
    await world.send(fixture(15));
    await world.send(start(2));
    expect(world.ecs.calls).toHaveLength(1);
    expect((await world.record(task(2))).handling?.host).toBe(INSTANCE);
  });

  it('finds the host of a task that arrives in one batch with its container instance, in any order', async () => {
    await world.send(start(1), fixture(15));
    expect(world.ecs.calls).toEqual([]);
    expect((await world.record(task(1))).handling?.host).toBe(INSTANCE);
  });

  it('treats a cluster that ECS does not know as one without hosts', async () => {
    world.ecs.fail('ClusterNotFoundException');
    expect(await world.send(start(1))).toEqual([]);
    world.nowMs += 20 * MINUTE;
    expect(await world.verdict(task(1))).toEqual({ verdict: 'missed', reason: 'no-host' });
  });

  it('uses the name its agent enrolled under as soon as that is known', async () => {
    world.ecs.known.set(ON_INSTANCE, INSTANCE);
    await world.send(start(1));
    expect(await world.waiting(INSTANCE)).toHaveLength(2);
    await world.ports.aliases.learn(INSTANCE, 'web-7', world.nowMs);
    world.nowMs += SECOND;
    await world.send(start(2));
    expect(await world.waiting('web-7')).toHaveLength(2);
    expect((await world.record(task(2))).handling?.host).toBe('web-7');
  });

  it('finds the host at the end of a task even if its container instance is gone from ECS by then', async () => {
    world.ecs.known.set(ON_INSTANCE, INSTANCE);
    await world.send(start(1));
    world.ecs.known.clear();
    const alias = { TableName: world.table.name, Key: { pk: `ALIAS#${ON_INSTANCE}`, sk: '#host' } };
    await world.table.db.send(new DeleteCommand(alias));
    world.coldStart();
    await world.send(fixture(7, { taskArn: task(1) }));
    expect(await world.waiting(INSTANCE)).toMatchObject([{ query: 'container', rule: 'ecs-task-running' }]);
    expect(await world.verdict(task(1))).toEqual({ verdict: 'pending' });
  });
});

describe('while ECS throttles', () => {
  it('only the tasks that need the answer are retried, after one call, and succeed when ECS answers', async () => {
    world.ecs.throttle();
    const fargate = fixture(11);
    const failed = await world.send(fargate, start(1), start(2, { containerInstanceArn: instanceArn(2) }), fixture(16));
    // 16 names the instance of task 1; only the second task is unknown.
    expect(failed).toEqual(['m2']);
    expect(world.ecs.calls).toHaveLength(1);
    expect(world.outcomes().sort()).toEqual(['learned', 'no-host', 'queued']);

    world.ecs.failure = undefined;
    world.ecs.known.set(instanceArn(2), 'i-2');
    world.nowMs += MINUTE;
    expect(await world.send(start(2, { containerInstanceArn: instanceArn(2) }))).toEqual([]);
    expect(await world.waiting('i-2')).toHaveLength(2);
  });

  it('no task is missed', async () => {
    world.ecs.throttle();
    expect(await world.send(start(1))).toEqual(['m0']);
    world.nowMs += 19 * MINUTE;
    expect(await world.verdict(task(1))).toEqual({ verdict: 'pending' });
    world.nowMs += 2 * MINUTE; // no attempt is left: its event is in the dead-letter queue
    expect(await world.verdict(task(1))).toEqual({ verdict: 'missed', reason: 'lost-track' });
  });
});
