import type { Instance } from '../../lib/core/inventory/instance.ts';
import type { InstanceInventory, TaskInventory, TaskList, TaskPage } from '../../lib/core/inventory/inventory.ts';
import { MINUTE } from './times.ts';

/** The parts of a DescribeTasks answer that tests need. */
export interface TaskDetail {
  readonly taskArn: string;
  readonly clusterArn: string;
  readonly lastStatus: string;
  readonly desiredStatus: string;
  readonly stoppedAt?: string;
}

const KEPT_MS = 60 * MINUTE; // minimum time that ECS lists a stopped task

/** An account as ECS and EC2 describe it. It contains only what a test adds. */
export class FakeAccount implements TaskInventory, InstanceInventory {
  readonly #now: () => number;
  readonly #tasks = new Map<string, TaskDetail>();
  readonly #instances = new Map<string, Instance>();
  /** Additional clusters that are listed although they have no task. */
  readonly others: string[] = [];
  /** Tasks per page; ECS's own limit is 100. */
  pageSize = 100;
  /** The ARNs of each DescribeTasks call. */
  readonly described: (readonly string[])[] = [];
  /** Every other call, such as `cluster RUNNING 100`; the number is the start of the page. */
  readonly listed: string[] = [];
  /** Runs before a call is answered, for example to throw; `what` has the format of `listed`. */
  before: (what: string) => Promise<void> | void = () => {};

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Sets the current state of a task. */
  put(detail: TaskDetail): void {
    this.#tasks.set(detail.taskArn, detail);
  }

  /** Sets the current state of an instance. */
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
      yield { arns, next: end < listed.length ? String(end) : undefined };
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
