import { type Clock, Stopped, stopper } from '../simulation/clock.ts';
import { type Delays, draw, STOP_TIMEOUT_MS } from '../simulation/delays.ts';
import type { Random } from '../simulation/random.ts';
import { pauseSpec, specOf } from './container-specs.ts';
import type { Task, TaskContainer } from './task.ts';

export interface LifeContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly delays: Delays;
  /** Aborts when the simulation ends. */
  readonly signal: AbortSignal;
  /** Announces a change of the task that ECS publishes. */
  announce(task: Task): void;
  /** Announces the change of the task's instance: the task now runs, or has ended. */
  announceInstance(task: Task): void;
}

/** Why a task has to end. */
export interface StopCause {
  readonly code: string;
  readonly reason: string;
}

/**
 * Runs a task's life: what happens on the host and, after a delay, what ECS learns of it. A container exists from its
 * start to its end, whenever the events about it arrive.
 */
export class TaskLife {
  private cause: StopCause | undefined;
  /** Aborts every wait of this life: at the end of the simulation or of the host, or when the task is STOPPED. */
  private readonly over = stopper();
  /** How ECS learns that the host has gone, once it has. */
  private lost: { readonly cause: StopCause; readonly afterMs: number } | undefined;
  private wake: () => void = () => {};
  private fail: (error: unknown) => void = () => {};
  /** Resolves when the task is asked to end; rejects when its simulation ends or fails. */
  private readonly stopRequest = new Promise<void>((resolve, reject) => {
    this.wake = resolve;
    this.fail = reject;
  });

  constructor(
    private readonly task: Task,
    private readonly context: LifeContext,
  ) {
    this.stopRequest.catch(() => {}); // the waiters handle the rejection
  }

  /** Asks for the task's end, like StopTask or a service's scheduler. Only the first cause counts. */
  stop(cause: StopCause): void {
    this.cause ??= cause;
    this.wake();
  }

  /**
   * Ends the task because its host is off: its containers are gone and no agent reports their end.
   *
   * @param afterMs when ECS stops the task without a report, in milliseconds from now
   */
  lose(cause: StopCause, afterMs: number): void {
    this.lost = { cause, afterMs };
    for (const container of this.task.containers) {
      if (container.runtimeId) container.stoppedAtMs ??= this.context.clock.now();
    }
    this.cut();
  }

  /** Runs the task from its acceptance to STOPPED. @throws {Stopped} when the simulation ends first */
  async run(): Promise<void> {
    const { signal } = this.context;
    const cut = () => this.cut();
    signal.addEventListener('abort', cut);
    try {
      await this.live();
    } catch (error) {
      if (!(error instanceof Stopped && this.lost)) throw error;
      await this.giveUp(this.lost);
    } finally {
      signal.removeEventListener('abort', cut);
      this.over.abort();
    }
  }

  private cut(): void {
    this.over.abort();
    this.fail(new Stopped());
  }

  private async live(): Promise<void> {
    await this.provision();
    await this.wait('accept');
    await this.pull();
    if (!this.cause) await this.start();
    await this.stopRequest;
    await this.windDown();
  }

  /** ECS stops the task with the state it last knew: containers keep their last status and have no exit code. */
  private async giveUp({ cause, afterMs }: { cause: StopCause; afterMs: number }): Promise<void> {
    const { task, context } = this;
    await context.clock.sleep(afterMs, context.signal);
    task.desiredStatus = 'STOPPED';
    task.lastStatus = 'STOPPED';
    task.stopCode ??= cause.code;
    task.stoppedReason ??= cause.reason;
    task.moments.stopping ??= context.clock.now();
    task.moments.stopped = context.clock.now();
    if (task.eni) task.eni.status = 'DELETED';
    context.announce(task);
  }

  private async provision(): Promise<void> {
    const { task, context } = this;
    if (task.eni) {
      context.announce(task); // PROVISIONING
      await this.wait('attach');
      task.eni.status = 'ATTACHED';
      task.lastStatus = 'PENDING';
    }
    context.announce(task);
  }

  private async pull(): Promise<void> {
    const { task, context } = this;
    task.moments.pullStarted = context.clock.now();
    for (const container of task.containers) {
      const { image, pullFails } = container.definition;
      await this.wait(task.host.hasImage(image) ? 'cached' : 'pull');
      if (pullFails) {
        container.reason = `CannotPullContainerError: pull image manifest has been retried 1 time(s): failed to resolve ref ${image}: ${image}: not found`;
        for (const one of task.containers) one.status = 'STOPPED';
        return this.stop({ code: 'TaskFailedToStart', reason: container.reason });
      }
      container.imageDigest = `sha256:${task.host.pullImage(image)}`;
    }
    task.moments.pullStopped = context.clock.now();
    context.announce(task); // still PENDING, now with image digests
  }

  private async start(): Promise<void> {
    const { task, context } = this;
    if (task.eni && task.instance) task.host.startContainer(pauseSpec(task, context.random));
    for (const container of task.containers) {
      await this.wait('start');
      container.runtimeId = task.host.startContainer(specOf(task, container, context.random)).id;
      container.startedAtMs = context.clock.now();
      this.liveOut(container).catch(this.fail);
    }
    this.reportRunning().catch(this.fail);
  }

  /** The agent reports RUNNING shortly after the last start. A task that ends before the report never shows RUNNING. */
  private async reportRunning(): Promise<void> {
    const { task, context } = this;
    await this.wait('report');
    if (this.cause || task.containers.every(({ stoppedAtMs }) => stoppedAtMs !== undefined)) return;
    for (const container of task.containers) {
      container.status = container.stoppedAtMs === undefined ? 'RUNNING' : 'STOPPED';
    }
    task.lastStatus = 'RUNNING';
    task.moments.started = context.clock.now();
    context.announce(task);
    context.announceInstance(task);
  }

  private async liveOut(container: TaskContainer): Promise<void> {
    const { lifetimeMs, exitCode = 0, essential = true } = container.definition;
    if (lifetimeMs === null) return;
    await this.context.clock.sleep(lifetimeMs, this.over.signal);
    this.end(container, exitCode);
    if (!essential) return;
    await this.wait('report');
    this.stop({ code: 'EssentialContainerExited', reason: 'Essential container in task exited' });
  }

  private end(container: TaskContainer, exitCode: number): void {
    if (!container.runtimeId || container.stoppedAtMs !== undefined) return;
    this.task.host.stopContainer(container.runtimeId, exitCode);
    container.stoppedAtMs = this.context.clock.now();
    container.exitCode = exitCode;
  }

  /** Desired STOPPED, SIGTERM, DEPROVISIONING, STOPPED. */
  private async windDown(): Promise<void> {
    const { task, context } = this;
    task.desiredStatus = 'STOPPED';
    task.stopCode = this.cause?.code;
    task.stoppedReason = this.cause?.reason;
    task.moments.stopping = context.clock.now();
    this.reportStopped();
    context.announce(task);
    await Promise.all(task.containers.map((container) => this.terminate(container)));
    const ends = task.containers.flatMap(({ stoppedAtMs }) => stoppedAtMs ?? []);
    if (ends.length > 0) task.moments.executionStopped = Math.max(...ends);
    await this.wait('report');
    this.reportStopped();
    task.lastStatus = 'DEPROVISIONING';
    if (task.eni) task.eni.status = 'DETACHING';
    context.announce(task);
    if (task.instance) this.stopPause();
    else task.host.powerOff(); // its agent ends with its containers
    await this.wait('deprovision');
    task.lastStatus = 'STOPPED';
    if (task.eni) task.eni.status = 'DELETED';
    task.moments.stopped = context.clock.now();
    context.announce(task);
    context.announceInstance(task);
  }

  private async terminate(container: TaskContainer): Promise<void> {
    if (!container.runtimeId || container.stoppedAtMs !== undefined) return;
    const { ignoresSigterm = false } = container.definition;
    if (ignoresSigterm) await this.context.clock.sleep(STOP_TIMEOUT_MS, this.over.signal);
    else await this.wait('terminate');
    this.end(container, ignoresSigterm ? 137 : 143);
  }

  /** ECS learns which containers have ended, and that the others will never start. */
  private reportStopped(): void {
    for (const container of this.task.containers) {
      if (container.stoppedAtMs !== undefined || !container.runtimeId) container.status = 'STOPPED';
    }
  }

  private stopPause(): void {
    const { host, arn } = this.task;
    for (const { id, spec } of host.running()) {
      if (spec.labels?.['com.amazonaws.ecs.task-arn'] === arn) host.stopContainer(id, 137);
    }
  }

  private async wait(step: keyof Delays): Promise<void> {
    const { clock, delays, random } = this.context;
    await clock.sleep(draw(random, delays[step]), this.over.signal);
  }
}
