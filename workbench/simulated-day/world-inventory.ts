import type { Instance } from '../../lib/core/inventory/instance.ts';
import type { InstanceInventory, TaskInventory, TaskList, TaskPage } from '../../lib/core/inventory/inventory.ts';
import type { Spend } from '../../lib/core/reconcile/spend.ts';
import type { SimulatedCluster } from '../world/index.ts';

/** Lists the resources of a simulated world through the same interfaces as the AWS adapters. */
export class WorldInventory implements TaskInventory, InstanceInventory {
  readonly #cluster: SimulatedCluster;
  readonly #spend: Spend;

  constructor(cluster: SimulatedCluster, spend: Spend) {
    this.#cluster = cluster;
    this.#spend = spend;
  }

  async *clusters(): AsyncGenerator<string> {
    await this.#take('ListClusters');
    yield* this.#cluster.listClusters().clusterArns;
  }

  async *tasks(cluster: string, desiredStatus: TaskList, from?: string): AsyncGenerator<TaskPage> {
    let next = from;
    do {
      await this.#take('ListTasks');
      const page = this.#cluster.listTasks({ cluster, desiredStatus, nextToken: next });
      next = page.nextToken;
      yield { arns: page.taskArns, next };
    } while (next);
  }

  async describe(cluster: string, tasks: readonly string[]): Promise<readonly unknown[]> {
    await this.#take('DescribeTasks');
    return JSON.parse(JSON.stringify(this.#cluster.describeTasks({ cluster, tasks }).tasks)); // instants to text
  }

  async *instances(): AsyncGenerator<readonly Instance[]> {
    const { Reservations } = this.#cluster.ec2.describeInstances();
    yield Reservations.flatMap(({ Instances }) =>
      Instances.map(({ InstanceId, State, LaunchTime, ImageId, PrivateIpAddress }) => ({
        instanceId: InstanceId,
        state: State.Name,
        launchedAtMs: LaunchTime.getTime(),
        imageId: ImageId,
        tags: {},
        addresses: PrivateIpAddress ? [PrivateIpAddress] : [],
        macs: [],
      })),
    );
  }

  async #take(api: string): Promise<void> {
    await this.#spend.take('tasks');
    this.#spend.count(api, 1, 'tasks');
  }
}
