import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  type EC2Client,
  type Instance as Ec2Instance,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../../core/inventory/instance.ts';
import type { InstanceInventory } from '../../core/inventory/inventory.ts';
import type { Call } from '../calls/metered.ts';

/** Stopped instances are left out: their next start is a launch again. */
const STATES = ['pending', 'running', 'shutting-down', 'terminated'];

/** The instances in EC2, a thousand at a time. */
export class Ec2Inventory implements InstanceInventory {
  readonly #client: EC2Client;
  readonly #call: Call;

  constructor(client: EC2Client, call: Call) {
    this.#client = client;
    this.#call = call;
  }

  async *instances(): AsyncGenerator<readonly Instance[]> {
    let token: string | undefined;
    do {
      const command = new DescribeInstancesCommand({
        Filters: [{ Name: 'instance-state-name', Values: STATES }],
        MaxResults: 1000,
        // By default EC2 leaves out the instances that ECS Managed Instances and similar services run.
        IncludeManagedResources: true,
        NextToken: token,
      });
      const page: DescribeInstancesCommandOutput = await this.#call('DescribeInstances', () =>
        this.#client.send(command),
      );
      yield (page.Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).flatMap(instanceOf));
      token = page.NextToken;
    } while (token);
  }
}

/**
 * Matches the description of an `awsvpc` task's network interface, which is an ARN of ECS. The interface is attached to the
 * task's host while the task runs.
 */
const OF_A_TASK = /^arn:aws[a-z-]*:ecs:/;

/** One instance as EC2 describes it now; undefined if EC2 does not know it (yet). */
export const describeInstance =
  (client: EC2Client) =>
  async (instanceId: string): Promise<Instance | undefined> => {
    // A filter finds nothing for an unknown id; `InstanceIds` would be an error.
    const Filters = [{ Name: 'instance-id', Values: [instanceId] }];
    const { Reservations = [] } = await client.send(
      new DescribeInstancesCommand({ Filters, IncludeManagedResources: true }),
    );
    return Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(instanceOf))[0];
  };

/** One instance, or none if EC2 left out a required property. */
function instanceOf(described: Ec2Instance): Instance[] {
  const { InstanceId, State, LaunchTime, ImageId, InstanceType, Placement, SubnetId, VpcId } = described;
  if (!InstanceId || !State?.Name || !LaunchTime) return [];
  const tags = Object.fromEntries((described.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  const interfaces = (described.NetworkInterfaces ?? []).filter(({ Description = '' }) => !OF_A_TASK.test(Description));
  const addresses = [
    described.PrivateIpAddress,
    ...interfaces.flatMap(({ PrivateIpAddresses = [], Ipv6Addresses = [] }) => [
      ...PrivateIpAddresses.map(({ PrivateIpAddress }) => PrivateIpAddress),
      ...Ipv6Addresses.map(({ Ipv6Address }) => Ipv6Address),
    ]),
    described.PublicIpAddress,
  ];
  return [
    {
      instanceId: InstanceId,
      state: State.Name,
      launchedAtMs: LaunchTime.getTime(),
      tags,
      addresses: present(addresses),
      macs: present(interfaces.map(({ MacAddress }) => MacAddress)),
      imageId: ImageId,
      instanceType: InstanceType,
      availabilityZone: Placement?.AvailabilityZone,
      subnetId: SubnetId,
      vpcId: VpcId,
      autoScalingGroup: tags['aws:autoscaling:groupName'],
      managedBy: described.Operator?.Principal,
    },
  ];
}

/** The texts that are not empty, without duplicates, in order. */
const present = (texts: readonly (string | undefined)[]): string[] => [...new Set(texts.flatMap((text) => text || []))];
