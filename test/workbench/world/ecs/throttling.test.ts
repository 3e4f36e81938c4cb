import { describe, expect, it } from '@jest/globals';
import type { SimulatedCluster } from '../../../../workbench/world/index.ts';
import { HOUR, SECOND } from '../world.ts';
import { aCluster } from './a-cluster.ts';

/** Makes `count` calls at once and returns how many succeeded. All others must fail with `refusal`. */
async function answered(count: number, call: (n: number) => Promise<unknown>, refusal: string): Promise<number> {
  const outcomes = await Promise.allSettled(Array.from({ length: count }, (_, n) => call(n)));
  const refused = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.name] : []));
  expect(refused.every((name) => name === refusal)).toBe(true);
  return count - refused.length;
}

/** Reads of a cluster's resources, alternating between two operations. */
const reads = (cluster: SimulatedCluster, count: number) =>
  answered(
    count,
    (n) =>
      n % 2 === 0
        ? cluster.api('ListTasks', { cluster: 'demo' })
        : cluster.api('DescribeTasks', { cluster: 'demo', tasks: ['x'] }),
    'ThrottlingException',
  );

describe('the throttling of the simulated APIs', () => {
  it('allows 100 reads of cluster resources at once, of any operation, and 20 more a second', async () => {
    const { clock, cluster } = await aCluster({ throttling: true });
    expect(await reads(cluster, 130)).toBe(100);
    await clock.advance(SECOND);
    expect(await reads(cluster, 130)).toBe(20);
    await clock.advance(HOUR);
    expect(await reads(cluster, 130)).toBe(100);
    expect([...cluster.calls.values()]).toEqual([195, 195]); // refused calls count too
  });

  it('has a separate bucket for each category', async () => {
    const { cluster } = await aCluster({ throttling: true });
    await reads(cluster, 100);
    expect(await answered(60, () => cluster.api('ListClusters', {}), 'ThrottlingException')).toBe(50);
  });

  it('allows fewer EC2 calls for all instances than for some of them', async () => {
    const { cluster } = await aCluster({ throttling: true });
    const part = { MaxResults: 5 };
    const ask = (input: object) => () => cluster.ec2.api('DescribeInstances', input);
    expect(await answered(120, ask({}), 'RequestLimitExceeded')).toBe(50);
    expect(await answered(120, ask(part), 'RequestLimitExceeded')).toBe(100);
  });

  it('is off by default, but single calls can be refused', async () => {
    const { cluster } = await aCluster();
    expect(await reads(cluster, 1000)).toBe(1000);
    cluster.throttleNext('ListTasks', 2);
    const ask = () => cluster.api('ListTasks', { cluster: 'demo' });
    await expect(ask()).rejects.toMatchObject({ name: 'ThrottlingException', statusCode: 400 });
    expect(() => cluster.listTasks({ cluster: 'demo' })).toThrow('Rate exceeded');
    await expect(ask()).resolves.toEqual({ taskArns: [] });
    cluster.ec2.throttleNext('DescribeInstances');
    cluster.autoScaling.throttleNext('DescribeLifecycleHooks');
    expect(() => cluster.ec2.describeInstances()).toThrow(expect.objectContaining({ name: 'RequestLimitExceeded' }));
    expect(() => cluster.autoScaling.describeLifecycleHooks({ AutoScalingGroupName: 'x' })).toThrow(
      expect.objectContaining({ name: 'Throttling' }),
    );
  });
});
