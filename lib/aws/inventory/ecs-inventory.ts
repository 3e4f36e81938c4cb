import {
  DescribeTasksCommand,
  type ECSClient,
  ECSServiceException,
  ListClustersCommand,
  type ListClustersCommandOutput,
  ListTasksCommand,
  type ListTasksCommandOutput,
  type Task,
} from '@aws-sdk/client-ecs';
import type { TaskInventory, TaskList, TaskPage } from '../../core/inventory/inventory.ts';
import type { Call } from '../calls/metered.ts';

/** The clusters and tasks in ECS. Its client needs few retries: the next sweep tries again. */
export class EcsInventory implements TaskInventory {
  readonly #client: ECSClient;
  readonly #call: Call;

  constructor(client: ECSClient, call: Call) {
    this.#client = client;
    this.#call = call;
  }

  async *clusters(): AsyncGenerator<string> {
    let nextToken: string | undefined;
    do {
      const command = new ListClustersCommand({ maxResults: 100, nextToken });
      const page: ListClustersCommandOutput = await this.#call('ListClusters', () => this.#client.send(command));
      yield* page.clusterArns ?? [];
      nextToken = page.nextToken;
    } while (nextToken);
  }

  async *tasks(cluster: string, desiredStatus: TaskList, from?: string): AsyncGenerator<TaskPage> {
    let nextToken = from;
    do {
      const page = await this.#tasks(cluster, desiredStatus, nextToken);
      if (!page) return;
      nextToken = page.nextToken;
      yield { arns: page.taskArns ?? [], next: nextToken };
    } while (nextToken);
  }

  async describe(cluster: string, tasks: readonly string[]): Promise<readonly unknown[]> {
    const command = new DescribeTasksCommand({ cluster, tasks: [...tasks], include: ['TAGS'] });
    try {
      const output = await this.#call('DescribeTasks', () => this.#client.send(command));
      return (output.tasks ?? []).map(detailOf);
    } catch (error) {
      if (is(error, 'ClusterNotFoundException')) return [];
      throw error;
    }
  }

  /** One page; undefined if the cluster no longer exists. */
  async #tasks(
    cluster: string,
    desiredStatus: TaskList,
    nextToken: string | undefined,
  ): Promise<ListTasksCommandOutput | undefined> {
    const command = new ListTasksCommand({ cluster, desiredStatus, maxResults: 100, nextToken });
    try {
      return await this.#call('ListTasks', () => this.#client.send(command));
    } catch (error) {
      if (is(error, 'ClusterNotFoundException')) return undefined;
      // The token of an earlier sweep has expired: start over.
      if (nextToken && is(error, 'InvalidParameterException')) return this.#tasks(cluster, desiredStatus, undefined);
      throw error;
    }
  }
}

const is = (error: unknown, name: string): boolean => error instanceof ECSServiceException && error.name === name;

/**
 * A described task in the shape of its event: times are text there, and a network interface is an `eni`.
 *
 * @see Amazon ECS Developer Guide, "Amazon ECS task state change events"
 */
function detailOf({ attachments, ...task }: Task): unknown {
  const renamed = attachments?.map((attachment) =>
    attachment.type === 'ElasticNetworkInterface' ? { ...attachment, type: 'eni' } : attachment,
  );
  return JSON.parse(JSON.stringify({ ...task, attachments: renamed })); // a Date becomes its ISO text
}
