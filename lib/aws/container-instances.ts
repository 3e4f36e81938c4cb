import { DescribeContainerInstancesCommand, ECSClient, ECSServiceException } from '@aws-sdk/client-ecs';
import type { ContainerInstanceLookup } from '../core/triggers/container-hosts.ts';
import { type Call, unmetered } from './metered.ts';

const BATCH = 100; // DescribeContainerInstances' own limit

// What ECS says of a cluster or an ARN that does not exist: the answer is "nobody", and asking again will not help.
const UNKNOWN = new Set(['ClusterNotFoundException', 'InvalidParameterException', 'ClientException']);

/** Container instances as ECS knows them. Throttling is thrown, so the event comes back later. */
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
