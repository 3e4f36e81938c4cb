import type { ContainerInstance } from './container-instance.ts';

const MOST_INSTANCES = 100;

/** An error as the ECS API answers it: HTTP 400 with `__type` and `message`. */
export class EcsApiError extends Error {
  readonly statusCode = 400;
  /** @param name the API's exception name, the `__type` of the answer */
  constructor(
    override readonly name: 'ClusterNotFoundException' | 'InvalidParameterException',
    message: string,
  ) {
    super(message);
  }
}

export interface DescribeContainerInstancesOutput {
  readonly containerInstances: readonly object[];
  readonly failures: readonly { readonly arn: string; readonly reason: 'MISSING' }[];
}

interface ClusterView {
  readonly name: string;
  readonly arn: string;
  /** By ARN. */
  readonly instances: ReadonlyMap<string, ContainerInstance>;
}

/**
 * DescribeContainerInstances for a single cluster: at most 100 ids or ARNs; what is not there is a
 * failure of reason MISSING in an answer that succeeds.
 */
export function describeContainerInstances(input: unknown, cluster: ClusterView): DescribeContainerInstancesOutput {
  const request = typeof input === 'object' && input !== null ? input : {};
  const asked = 'cluster' in request && request.cluster !== undefined ? String(request.cluster) : 'default';
  if (asked !== cluster.name && asked !== cluster.arn) {
    throw new EcsApiError('ClusterNotFoundException', 'Cluster not found.');
  }
  const ids = 'containerInstances' in request ? request.containerInstances : undefined;
  if (!Array.isArray(ids) || ids.length === 0) {
    throw new EcsApiError('InvalidParameterException', 'Container instance ids must be specified.');
  }
  if (ids.length > MOST_INSTANCES) {
    throw new EcsApiError('InvalidParameterException', `containerInstances can have at most ${MOST_INSTANCES} items.`);
  }
  const containerInstances: object[] = [];
  const failures: { arn: string; reason: 'MISSING' }[] = [];
  for (const id of ids.map(String)) {
    const arn = id.startsWith('arn:') ? id : `${cluster.arn.replace(':cluster/', ':container-instance/')}/${id}`;
    const instance = cluster.instances.get(arn);
    if (instance) containerInstances.push(instance.describe());
    else failures.push({ arn, reason: 'MISSING' });
  }
  return { containerInstances, failures };
}
