import type { Instance } from './instance.ts';

/** The desired status passed to ListTasks; `STOPPED` includes tasks that are still stopping. */
export type TaskList = 'RUNNING' | 'STOPPED';

/** One page of a list of tasks. */
export interface TaskPage {
  readonly arns: readonly string[]; // at most 100
  /** Token of the next page; undefined on the last page. */
  readonly next?: string;
}

/**
 * Lists and describes what exists in ECS.
 *
 * @throws {OutOfBudget} from every method, if the budget of the sweep is used up
 */
export interface TaskInventory {
  /** ARNs of all clusters. */
  clusters(): AsyncIterable<string>;
  /**
   * The tasks of one list; ECS keeps a stopped task for at least an hour. Empty if the cluster is gone.
   *
   * @param from token at which an earlier listing ended; an expired token restarts the list
   */
  tasks(cluster: string, list: TaskList, from?: string): AsyncIterable<TaskPage>;
  /** Describes at most 100 tasks, each like the `detail` of its event; tasks that are gone are left out. */
  describe(cluster: string, arns: readonly string[]): Promise<readonly unknown[]>;
}

/** Lists what exists in EC2. @throws {OutOfBudget} if the budget of the sweep is used up */
export interface InstanceInventory {
  /** Instances that start, run or end, in pages; EC2 lists a terminated one for about an hour. */
  instances(): AsyncIterable<readonly Instance[]>;
}

/** Where a sweep ended: a page of a list of a cluster. */
export interface SweepPosition {
  readonly cluster: string;
  readonly list: TaskList;
  readonly from?: string;
}

/** Progress of sweeping. */
export interface SweepState {
  /** When the first sweep began, epoch ms. */
  readonly beganMs?: number;
  /** When the last complete sweep of tasks began; undefined before the first. */
  readonly tasksSinceMs?: number;
  /** The same for instances. */
  readonly instancesSinceMs?: number;
  /** The unfinished sweep of tasks: when it began, and where to continue. */
  readonly unfinished?: { readonly startedAtMs: number; readonly at: SweepPosition };
  /** Where agents are expected, in the form of the construct's property; undefined if everywhere. */
  readonly expectAgents?: string;
  /** The interval between sweeps; unknown before the first sweep. */
  readonly everyMs?: number;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

/** Stores the progress of sweeping, and prevents overlapping sweeps, which would exceed their share of ECS's buckets. */
export interface SweepProgress {
  /**
   * Begins a sweep, and locks out others until `untilMs`.
   *
   * @returns the progress of earlier sweeps, empty before the first; undefined while another sweep is under way
   */
  begin(nowMs: number, untilMs: number): Promise<SweepState | undefined>;
  /** Ends the sweep begun with this `untilMs`, unless another has begun since. */
  end(untilMs: number, state: SweepState): Promise<void>;
}
