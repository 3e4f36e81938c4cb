import type { SimulatedHost } from '../host/host.ts';
import type { Task } from './task.ts';
import type { TaskLife } from './task-life.ts';

/** A started task, with its current state. */
export class TaskHandle {
  /** @param done resolves when the task is STOPPED, or when the simulation ends */
  constructor(
    private readonly task: Task,
    private readonly life: TaskLife,
    readonly done: Promise<void>,
  ) {}

  get arn(): string {
    return this.task.arn;
  }
  /** 32 hexadecimal digits. */
  get id(): string {
    return this.task.id;
  }
  get family(): string {
    return this.task.request.family;
  }
  get host(): SimulatedHost {
    return this.task.host;
  }
  get lastStatus(): string {
    return this.task.lastStatus;
  }
  get desiredStatus(): string {
    return this.task.desiredStatus;
  }
  /** Each container with its Docker id and its real start and end, once known. */
  get containers(): Task['containers'] {
    return this.task.containers;
  }

  /** Stops the task, like a user's StopTask unless `code` says otherwise. */
  stop(reason = 'Task stopped by user', code = 'UserInitiated'): void {
    this.life.stop({ code, reason });
  }
}
