import type { LongPoll } from '../../lib/core/osquery/deps.ts';
import type { TlsApi } from '../../lib/core/osquery/tls-api.ts';
import type { Spend } from '../../lib/core/reconcile/spend.ts';
import type { SweepDeps } from '../../lib/core/reconcile/sweep-run.ts';
import type { ContainerInstanceLookup } from '../../lib/core/triggers/container-hosts.ts';
import { type CompositionOptions, type Ports, sweepDeps, tlsApi } from '../../lib/memory/composition.ts';
import type { SimulatedCluster } from '../world/index.ts';

export const ENROLL_SECRET = 'a day is a life';

/** The objects that one Lambda environment keeps for its lifetime, including caches. */
export interface Functions {
  readonly api: TlsApi;
  readonly events: SweepDeps;
}

/** Builds the core's functions over these ports, as each Lambda function does once per cold start. */
export const functionsOver = (
  ports: Ports,
  around: CompositionOptions & { readonly spend: Spend },
  longPoll?: LongPoll,
): Functions => ({
  events: sweepDeps(ports, { ...around, heldEverySeconds: longPoll?.intervalSeconds }),
  api: tlsApi(ports, around, ENROLL_SECRET, longPoll),
});

/** Looks up the EC2 instances of a simulated cluster's container instances. */
export const lookupIn = (cluster: SimulatedCluster): ContainerInstanceLookup => ({
  instancesOf: async (clusterArn, arns) => {
    const { containerInstances } = cluster.describeContainerInstances({
      cluster: clusterArn,
      containerInstances: arns,
    });
    return new Map(containerInstances.map(instanceOf));
  },
});

function instanceOf(described: object): [arn: string, instance: string] {
  const { containerInstanceArn, ec2InstanceId } = described as Record<string, unknown>;
  return [String(containerInstanceArn), String(ec2InstanceId)];
}
