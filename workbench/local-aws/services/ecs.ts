import { AwsError, type Service, unknownOperation } from '../protocol/aws-error.ts';
import { type AwsApi, ask } from './aws-world.ts';

/**
 * The members with ids, and ECS's limit on their number. @see ECS API reference, DescribeContainerInstances,
 * DescribeTasks
 */
const IDS: Readonly<Record<string, string>> = {
  DescribeContainerInstances: 'containerInstances',
  DescribeTasks: 'tasks',
};
const MAX_IDS = 100;

/** ECS. Forwards calls to `api`; without one there is no cluster, and every id is missing. */
export function ecsService(api: AwsApi = noCluster): Service {
  return async (operation, input) => {
    if (Object.hasOwn(IDS, operation)) checkIds(input, IDS[operation] ?? '');
    return ask(api, operation, input);
  };
}

function checkIds(input: unknown, member: string): void {
  const ids: unknown = Object(input)[member];
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= MAX_IDS) return;
  throw new AwsError('InvalidParameterException', `${member} must have 1 to ${MAX_IDS} ids`);
}

const noCluster: AwsApi = async (operation, input) => {
  switch (operation) {
    case 'ListClusters':
      return { clusterArns: [] };
    case 'ListContainerInstances':
      return { containerInstanceArns: [] };
    case 'ListTasks':
      return { taskArns: [] };
    case 'DescribeContainerInstances':
      return { containerInstances: [], failures: missing(Object(input).containerInstances) };
    case 'DescribeTasks':
      return { tasks: [], failures: missing(Object(input).tasks) };
    case 'DescribeTaskDefinition':
      throw new AwsError('ClientException', 'Unable to describe task definition.');
    default:
      throw unknownOperation('ecs', operation);
  }
};

const missing = (ids: readonly unknown[]) => ids.map((arn) => ({ arn, reason: 'MISSING' }));
