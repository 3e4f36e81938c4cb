import type { Instance } from '../../lib/core/inventory/instance.ts';
import type { InstanceInventory, TaskInventory, TaskList, TaskPage } from '../../lib/core/inventory/inventory.ts';
import { MINUTE } from './times.ts';

/** What DescribeTasks says of a task, as far as tests need it. */
export interface TaskDetail {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly stoppedAt?: string;
}

const KEPT_MS = 60 * MINUTE; // a stopped task, at least

/** An account as ECS and EC2 tell of it: what a test puts there, and nothing by itself. */
export class FakeAccount implements TaskInventory, InstanceInventory {
  readonly #now: () => number;
  readonly #tasks = new Map<string, TaskDetail>();
  readonly #instances = new Map<string, Instance>();
  /** Clusters that are listed without having a task. */
  readonly others: string[] = [];
  /** Tasks of a page; ECS's own limit is 100. */
  pageSize = 100;
  /** ARNs of each call of DescribeTasks. */
  readonly described: (readonly string[])[] = [];
  /** Every other call: `cluster RUNNING 100`, the latter where the page begins. */
  readonly listed: string[] = [];
  /** Does something before a call is answered, such as throwing; `what` is as in `listed`. */
  before: (what: string) => Promise<void> | void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  /** A task is now as this says. */
  put(detail: TaskDetail): void {
    this.#tasks.set(detail.taskArn, detail);
  }

  /** An instance is now as this says. */
  putInstance(instance: Instance): void {
    this.#instances.set(instance.instanceId, instance);
  }

  async *clusters(): AsyncGenerator<string> {
    await this.before('clusters');
    yield* new Set([...this.others, ...[...this.#tasks.values()].map(({ clusterArn }) => clusterArn)]);
  }

  async *tasks(cluster: string, list: TaskList, from = '0'): AsyncGenerator<TaskPage> {
    const listed = [...this.#tasks.values()].filter(
      (task) => task.clusterArn === cluster && task.desiredStatus === list && this.#isKept(task),
    );
    for (let start = Number(from); start === 0 || start < listed.length; start += this.pageSize) {
      const what = `${cluster.slice(cluster.lastIndexOf('/') + 1)} ${list} ${start}`;
      await this.before(what);
      this.listed.push(what);
      const end = start + this.pageSize;
      const arns = listed.slice(start, end).map(({ taskArn }) => taskArn);
      yield { arns, ...(end < listed.length ? { next: String(end) } : {}) };
    }
  }

  async describe(cluster: string, arns: readonly string[]): Promise<readonly unknown[]> {
    await this.before('describe');
    this.described.push(arns);
    if (arns.length > 100) throw new Error(`${arns.length} tasks in one call`);
    return arns.flatMap((arn) => {
      const task = this.#tasks.get(arn);
      return task && task.clusterArn === cluster && this.#isKept(task) ? [task] : [];
    });
  }

  async *instances(): AsyncGenerator<readonly Instance[]> {
    await this.before('instances');
    yield [...this.#instances.values()];
  }

  #isKept({ stoppedAt }: TaskDetail): boolean {
    return stoppedAt === undefined || this.#now() < Date.parse(stoppedAt) + KEPT_MS;
  }
}
