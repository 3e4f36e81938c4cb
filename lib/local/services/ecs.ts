import { AwsError, type Service } from './aws-error.ts';

/** Answers the ECS API, such as a simulated cluster does. */
export type EcsApi = (operation: string, input: unknown) => Promise<unknown>;

/** ECS's limit on ids in one call. @see ECS API reference, DescribeContainerInstances */
const MAX_IDS = 100;

/**
 * ECS: passed on to `api`. Without one there is no cluster, and every id is missing.
 * What `api` throws reaches the caller under its own name if that is an exception's (`…Exception`).
 */
export function ecsService(api: EcsApi = noCluster): Service {
  return async (operation, input) => {
    const ids: unknown = Object(input).containerInstances ?? [];
    if (
      operation === 'DescribeContainerInstances' &&
      !(Array.isArray(ids) && ids.length > 0 && ids.length <= MAX_IDS)
    ) {
      throw new AwsError('InvalidParameterException', `containerInstances must have 1 to ${MAX_IDS} ids`);
    }
    try {
      return await api(operation, input);
    } catch (error) {
      if (error instanceof Error && error.name.endsWith('Exception')) throw new AwsError(error.name, error.message);
      throw error;
    }
  };
}

const noCluster: EcsApi = async (operation, input) => {
  if (operation !== 'DescribeContainerInstances')
    throw new AwsError('UnknownOperationException', `ecs ${operation} is not implemented locally`);
  const ids: unknown[] = Object(input).containerInstances;
  return { containerInstances: [], failures: ids.map((arn) => ({ arn, reason: 'MISSING' })) };
};
