import type { Instance } from './instance.ts';
/** Which tasks ListTasks is asked for, by desired status: `STOPPED` also lists those that are still stopping. */
export type TaskList = 'RUNNING' | 'STOPPED';

/** Some tasks of a list, and where it goes on. */
export interface TaskPage {
  readonly arns: readonly string[]; // at most 100
  /** What the next page is asked for with; none on the last. */
  readonly next?: string;
}

/**
 * What exists in ECS, as it tells itself.
 *
 * @throws {OutOfBudget} from any of these, when what the sweep may spend is spent
 */
export interface TaskInventory {
  /** ARNs of all clusters. */
  clusters(): AsyncIterable<string>;
  /**
   * The tasks of one list; ECS keeps a stopped one for at least an hour. None where the cluster is gone.
   *
   * @param from where an earlier listing was left; one that is no longer known starts the list anew
   */
  tasks(cluster: string, list: TaskList, from?: string): AsyncIterable<TaskPage>;
  /** At most 100 tasks, each in the shape of the `detail` of its event; those that are gone are left out. */
  describe(cluster: string, arns: readonly string[]): Promise<readonly unknown[]>;
}

/** What exists in EC2. @throws {OutOfBudget} */
export interface InstanceInventory {
  /** Instances that start, run or end, in pages; EC2 tells of a terminated one for about an hour. */
  instances(): AsyncIterable<readonly Instance[]>;
}

/** Where a sweep was left: at this page of this list of this cluster. */
export interface Position {
  readonly cluster: string;
  readonly list: TaskList;
  readonly from?: string;
}

/** How far sweeping has come. */
export interface SweepState {
  /** When the first sweep of all began. */
  readonly beganMs?: number;
  /** When the last look at all tasks began that came to its end; none before the first. */
  readonly tasksSinceMs?: number;
  /** The same of the instances. */
  readonly instancesSinceMs?: number;
  /** The look at all tasks that is under way: when it began, and where it goes on. */
  readonly unfinished?: { readonly startedAtMs: number; readonly at: Position };
  /** How often the reconciler sweeps; unknown before its first sweep. */
  readonly everyMs?: number;
}

/** How far sweeping has come, and whose turn it is: sweeps that overlap would take more of the shared buckets than a share. */
export interface SweepProgress {
  /**
   * Begins a sweep, and holds off others until `untilMs`.
   *
   * @returns how far the ones before came, nothing before the first; undefined while another sweep is under way
   */
  begin(nowMs: number, untilMs: number): Promise<SweepState | undefined>;
  /** Ends the sweep that was begun until then, unless another has begun since. */
  end(untilMs: number, state: SweepState): Promise<void>;
}
