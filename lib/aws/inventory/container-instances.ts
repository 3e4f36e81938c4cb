import { DescribeContainerInstancesCommand, ECSClient, ECSServiceException } from '@aws-sdk/client-ecs';
import type { ContainerInstanceLookup } from '../../core/triggers/container-hosts.ts';
import { type Call, unmetered } from '../calls/metered.ts';

const BATCH = 100; // DescribeContainerInstances' own limit

// ECS's errors for a cluster or an ARN that does not exist. A retry would not help.
const UNKNOWN = new Set(['ClusterNotFoundException', 'InvalidParameterException', 'ClientException']);

/** Container instances in ECS. @throws when ECS throttles, so that the event returns later */
export class EcsContainerInstances implements ContainerInstanceLookup {
  readonly #client: ECSClient;
  readonly #call: Call;

  constructor(client: ECSClient = new ECSClient({}), call: Call = unmetered) {
    this.#client = client;
    this.#call = call;
  }

  async instancesOf(cluster: string, arns: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const found = new Map<string, string>();
    for (let from = 0; from < arns.length; from += BATCH) {
      const containerInstances = arns.slice(from, from + BATCH);
      try {
        const command = new DescribeContainerInstancesCommand({ cluster, containerInstances });
        const output = await this.#call('DescribeContainerInstances', () => this.#client.send(command));
        for (const { containerInstanceArn, ec2InstanceId } of output.containerInstances ?? []) {
          if (containerInstanceArn && ec2InstanceId) found.set(containerInstanceArn, ec2InstanceId);
        }
      } catch (error) {
        if (!(error instanceof ECSServiceException && UNKNOWN.has(error.name))) throw error;
      }
    }
    return found;
  }
}
