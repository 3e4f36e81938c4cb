import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  type EC2Client,
  type Instance as Ec2Instance,
} from '@aws-sdk/client-ec2';
import type { Instance } from '../core/inventory/instance.ts';
import type { InstanceInventory } from '../core/inventory/inventory.ts';
import type { Call } from './metered.ts';

/** A stopped instance has nothing to tell; its next start is a launch again. */
const STATES = ['pending', 'running', 'shutting-down', 'terminated'];

/** What exists in EC2, a thousand at a time. */
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
        // Otherwise those that ECS Managed Instances and their like run are left out, without a word.
        IncludeManagedResources: true,
        ...(token ? { NextToken: token } : {}),
      });
      const page: DescribeInstancesCommandOutput = await this.#call('DescribeInstances', () =>
        this.#client.send(command),
      );
      yield (page.Reservations ?? []).flatMap(({ Instances }) => (Instances ?? []).flatMap(instanceOf));
      token = page.NextToken;
    } while (token);
  }
}

/** ECS describes the interface of an `awsvpc` task, which its host has for as long, by the ARN of the attachment. */
const OF_A_TASK = /^arn:aws[a-z-]*:ecs:/;

/** One instance as EC2 describes it now; undefined where EC2 does not know it, or not yet. */
export const describeInstance =
  (client: EC2Client) =>
  async (instanceId: string): Promise<Instance | undefined> => {
    // A filter finds nothing where an id that is unknown would be an error.
    const Filters = [{ Name: 'instance-id', Values: [instanceId] }];
    const { Reservations = [] } = await client.send(
      new DescribeInstancesCommand({ Filters, IncludeManagedResources: true }),
    );
    return Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(instanceOf))[0];
  };

/** One instance, or none where EC2 left out what makes it one. */
function instanceOf(described: Ec2Instance): Instance[] {
  const { InstanceId, State, LaunchTime, ImageId, InstanceType, Placement, SubnetId } = described;
  if (!InstanceId || !State?.Name || !LaunchTime) return [];
  const tags = Object.fromEntries((described.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  const group = tags['aws:autoscaling:groupName'];
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
      ...(ImageId ? { imageId: ImageId } : {}),
      ...(InstanceType ? { instanceType: InstanceType } : {}),
      ...(Placement?.AvailabilityZone ? { availabilityZone: Placement.AvailabilityZone } : {}),
      ...(SubnetId ? { subnetId: SubnetId } : {}),
      ...(group ? { autoScalingGroup: group } : {}),
      ...(described.Operator?.Principal ? { managedBy: described.Operator.Principal } : {}),
    },
  ];
}

/** Each once, in their order. */
const present = (texts: readonly (string | undefined)[]): string[] => [...new Set(texts.flatMap((text) => text || []))];
