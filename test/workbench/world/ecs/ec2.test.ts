import { describe, expect, it } from '@jest/globals';
import { type DescribeInstancesOutput, Random, SimulatedHost } from '../../../../workbench/world/index.ts';
import { HOUR, T0 } from '../world.ts';
import { aCluster } from './a-cluster.ts';

const idsOf = ({ Reservations }: DescribeInstancesOutput) =>
  Reservations.flatMap(({ Instances }) => Instances.map(({ InstanceId }) => InstanceId));

const inState = (...Values: string[]) => ({ Filters: [{ Name: 'instance-state-name', Values }] });

describe('DescribeInstances of the simulated hosts', () => {
  it('shows each one as the SDK does', async () => {
    const { clock, cluster } = await aCluster({ hosts: 0 });
    const host = new SimulatedHost({ clock, random: new Random('one'), tags: { Name: 'one', team: 'blue' } });
    const registered = cluster.registerHost(host);
    await clock.advance(HOUR);
    await registered;
    expect(cluster.ec2.describeInstances()).toEqual({
      Reservations: [
        {
          ReservationId: host.reservationId,
          OwnerId: '111122223333',
          Instances: [
            {
              InstanceId: host.instanceId,
              ImageId: host.amiId,
              InstanceType: 'm8g.xlarge',
              LaunchTime: new Date(T0 + 10_000),
              State: { Name: 'running', Code: 16 },
              PrivateIpAddress: host.privateIp,
              NetworkInterfaces: [{ MacAddress: host.macAddress, PrivateIpAddress: host.privateIp }],
              Tags: [
                { Key: 'Name', Value: 'one' },
                { Key: 'team', Value: 'blue' },
              ],
              Placement: { AvailabilityZone: host.availabilityZone },
            },
          ],
        },
      ],
    });
  });

  it('shows a terminated one for an hour, without an address', async () => {
    const { clock, cluster, hosts } = await aCluster({ delays: { shutDown: [30_000, 30_000] } });
    const [gone, kept] = hosts.map(({ instanceId }) => instanceId);
    const ended = cluster.terminateHost(hosts[0] as SimulatedHost);
    await clock.settle();
    expect(idsOf(cluster.ec2.describeInstances(inState('shutting-down')))).toEqual([gone]);
    await clock.advance(30_000 + HOUR - 1);
    await ended;
    expect(idsOf(cluster.ec2.describeInstances(inState('pending', 'running')))).toEqual([kept]);
    const [terminated] = cluster.ec2.describeInstances(inState('terminated')).Reservations;
    expect(terminated?.Instances).toMatchObject([
      { InstanceId: gone, State: { Name: 'terminated', Code: 48 }, NetworkInterfaces: [] },
    ]);
    expect(terminated?.Instances[0]).not.toHaveProperty('PrivateIpAddress');
    await clock.advance(1);
    expect(idsOf(cluster.ec2.describeInstances())).toEqual([kept]);
  });

  it('has pages', async () => {
    const { cluster, hosts } = await aCluster({ hosts: 12 });
    const ids: string[] = [];
    const sizes: number[] = [];
    let NextToken: string | undefined;
    do {
      const page = cluster.ec2.describeInstances({ ...inState('running'), MaxResults: 5, NextToken });
      ids.push(...idsOf(page));
      sizes.push(page.Reservations.length);
      NextToken = page.NextToken;
    } while (NextToken !== undefined);
    expect(sizes).toEqual([5, 5, 2]);
    expect(ids).toEqual(hosts.map(({ instanceId }) => instanceId));
  });

  it('finds instances by id: an unknown one fails the call, but not the filter', async () => {
    const { cluster, hosts } = await aCluster();
    const id = hosts[1]?.instanceId ?? '';
    expect(idsOf(cluster.ec2.describeInstances({ InstanceIds: [id] }))).toEqual([id]);
    const unknown = 'i-00000000000000000';
    expect(() => cluster.ec2.describeInstances({ InstanceIds: [id, unknown] })).toThrow(
      expect.objectContaining({ name: 'InvalidInstanceID.NotFound', message: expect.stringContaining(unknown) }),
    );
    const Filters = [{ Name: 'instance-id', Values: [id, unknown] }];
    expect(idsOf(cluster.ec2.describeInstances({ Filters }))).toEqual([id]);
  });

  it.each([
    [{ MaxResults: 4 }, 'InvalidParameterValue'],
    [{ MaxResults: 1001 }, 'InvalidParameterValue'],
    [{ MaxResults: 5, NextToken: 'x' }, 'InvalidParameterValue'],
    [{ MaxResults: 5, InstanceIds: ['x'] }, 'InvalidParameterCombination'],
  ])('is refused for %j', async (input, name) => {
    const { cluster } = await aCluster();
    expect(() => cluster.ec2.describeInstances(input)).toThrow(expect.objectContaining({ name }));
  });

  it('answers only operations it has, counts them, and rejects unknown filters', async () => {
    const { cluster } = await aCluster({ hosts: 1 });
    const Filters = [{ Name: 'vpc-id', Values: ['vpc-1'] }];
    await expect(cluster.ec2.api('DescribeInstances', {})).resolves.toHaveProperty('Reservations');
    await expect(cluster.ec2.api('RunInstances', {})).rejects.toThrow('the simulated EC2 does not answer RunInstances');
    await expect(cluster.ec2.api('DescribeInstances', { Filters })).rejects.toThrow('the filter vpc-id');
    expect(cluster.ec2.calls.get('DescribeInstances')).toBe(2);
  });
});
