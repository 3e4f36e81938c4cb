import {
  DescribeInstancesCommand,
  type DescribeInstancesCommandOutput,
  type EC2Client,
  type Instance as Ec2Instance,
} from '@aws-sdk/client-ec2';
import type { Instance, InstanceInventory } from '../core/reconcile/inventory.ts';
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

/** One instance, or none where EC2 left out what makes it one. */
function instanceOf(described: Ec2Instance): Instance[] {
  const { InstanceId, State, LaunchTime, ImageId, InstanceType, Placement, NetworkInterfaces = [] } = described;
  if (!InstanceId || !State?.Name || !LaunchTime) return [];
  const tags = Object.fromEntries((described.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value]));
  const group = tags['aws:autoscaling:groupName'];
  const addresses = [
    described.PrivateIpAddress,
    ...NetworkInterfaces.flatMap(({ PrivateIpAddresses = [], Ipv6Addresses = [] }) => [
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
      macs: present(NetworkInterfaces.map(({ MacAddress }) => MacAddress)),
      ...(ImageId ? { imageId: ImageId } : {}),
      ...(InstanceType ? { instanceType: InstanceType } : {}),
      ...(Placement?.AvailabilityZone ? { availabilityZone: Placement.AvailabilityZone } : {}),
      ...(group ? { autoScalingGroup: group } : {}),
    },
  ];
}

/** Each once, in their order. */
const present = (texts: readonly (string | undefined)[]): string[] => [...new Set(texts.flatMap((text) => text || []))];
