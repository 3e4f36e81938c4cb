import { cut } from '../text.ts';

/** An EC2 instance from DescribeInstances. */
export interface Instance {
  readonly instanceId: string;
  readonly state: string; // pending, running, shutting-down, terminated
  readonly launchedAtMs: number; // of its latest start
  readonly imageId?: string;
  readonly instanceType?: string;
  readonly availabilityZone?: string;
  readonly subnetId?: string;
  readonly vpcId?: string;
  readonly autoScalingGroup?: string;
  /** The AWS service that manages it, such as `ecs.amazonaws.com`. */
  readonly managedBy?: string;
  /** False if the operator expects no agent on it: see `ExpectedInstances`. */
  readonly agentExpected?: boolean;
  readonly tags: Readonly<Record<string, string>>;
  /** Private and public addresses of its own network interfaces, without those of tasks. */
  readonly addresses: readonly string[];
  readonly macs: readonly string[];
}

/** EC2's limit on the number of tags, and ours on the length of a value in a record. */
const MAX_TAGS = 50;
const MAX_TAG_VALUE = 256;

/** Attributes of an instance that its events lack, under the names of the ledger's identity. */
export function identityOf(instance: Instance): Record<string, string> {
  const { imageId, instanceType, availabilityZone, subnetId, vpcId, autoScalingGroup, managedBy, agentExpected } =
    instance;
  const { launchedAtMs, addresses, macs, tags } = instance;
  const entries = [
    ['image_id', imageId],
    ['instance_type', instanceType],
    ['availability_zone', availabilityZone],
    ['subnet', subnetId],
    ['vpc', vpcId],
    ['auto_scaling_group', autoScalingGroup],
    ['managed_by', managedBy],
    ['agent_expected', agentExpected === false ? 'no' : undefined],
    ['launched_at', new Date(launchedAtMs).toISOString()],
    ['ip', addresses.join(' ')],
    ['mac', macs.join(' ')],
    ...Object.entries(tags)
      .slice(0, MAX_TAGS)
      .map(([key, value]) => [`tag:${key}`, cut(value, MAX_TAG_VALUE)]),
  ];
  return Object.fromEntries(entries.filter(([, value]) => value));
}
