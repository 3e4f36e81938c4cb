import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { EcsApiError } from '../../../../workbench/world/index.ts';
import { MINUTE } from '../world.ts';
import { aCluster, SLEEPY } from './a-cluster.ts';

describe('the hosts of the simulated cluster', () => {
  it('are announced as running instances, then as container instances that name them', async () => {
    const { cluster, events, hosts } = await aCluster({ hosts: 1 });
    const [host] = hosts;
    expect(events.map((event) => [event.source, event['detail-type']])).toEqual([
      ['aws.ec2', 'EC2 Instance State-change Notification'],
      ['aws.ecs', 'ECS Container Instance State Change'],
    ]);
    expect(events[0]?.detail).toEqual({ 'instance-id': host?.instanceId, state: 'running' });
    const fixture = JSON.parse(readFileSync('test/fixtures/events/15-ecs-container-instance-registered.json', 'utf8'));
    expect(Object.keys(events[1]?.detail ?? {}).sort()).toEqual(Object.keys(fixture.detail).sort());
    expect(events[1]?.detail).toMatchObject({
      ec2InstanceId: host?.instanceId,
      containerInstanceArn: host && cluster.instanceArnOf(host),
      agentConnected: true,
      status: 'ACTIVE',
      version: 3,
    });
  });

  it('emit an event whenever their resources change', async () => {
    const { clock, cluster, events } = await aCluster({ hosts: 1 });
    cluster.runTask(SLEEPY);
    await clock.advance(MINUTE);
    const details = events
      .filter((event) => event['detail-type'] === 'ECS Container Instance State Change')
      .map((event) => event.detail as { version: number; pendingTasksCount: number; runningTasksCount: number });
    details.sort((a, b) => a.version - b.version);
    expect(details.map((detail) => [detail.version, detail.pendingTasksCount, detail.runningTasksCount])).toEqual([
      [3, 0, 0],
      [4, 1, 0],
      [5, 0, 1],
      [6, 0, 0],
    ]);
  });

  it('are described; unknown ones are failures with the reason MISSING', async () => {
    const { cluster, hosts } = await aCluster();
    const arns = hosts.map((host) => cluster.instanceArnOf(host) ?? '');
    const missing = `${arns[0]}0`;
    const answer = cluster.describeContainerInstances({ cluster: cluster.arn, containerInstances: [...arns, missing] });
    expect(answer.containerInstances).toMatchObject(hosts.map(({ instanceId }) => ({ ec2InstanceId: instanceId })));
    expect(answer.failures).toEqual([{ arn: missing, reason: 'MISSING' }]);
    const byId = cluster.describeContainerInstances({
      cluster: 'demo',
      containerInstances: [arns[0]?.split('/').at(-1)],
    });
    expect(byId.containerInstances).toHaveLength(1);
  });

  it.each([
    [{ containerInstances: ['x'] }, 'ClusterNotFoundException'],
    [{ cluster: 'demo' }, 'InvalidParameterException'],
    [{ cluster: 'demo', containerInstances: Array(101).fill('x') }, 'InvalidParameterException'],
    ['an unknown value', 'ClusterNotFoundException'],
  ])('are not described to a request that ECS refuses', async (input, name) => {
    const { cluster } = await aCluster();
    expect(() => cluster.describeContainerInstances(input)).toThrow(EcsApiError);
    expect(() => cluster.describeContainerInstances(input)).toThrow(expect.objectContaining({ name }));
  });
});
