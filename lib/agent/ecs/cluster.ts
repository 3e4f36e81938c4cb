import { type Clock, Stopped, stopper } from '../clock.ts';
import type { ContainerSpec } from '../host/container.ts';
import type { SimulatedHost } from '../host/host.ts';
import type { Random } from '../random.ts';
import { ContainerInstance } from './container-instance.ts';
import { DELAYS, type Delays, draw } from './delays.ts';
import { type DescribeContainerInstancesOutput, describeContainerInstances } from './ecs-api.ts';
import { type EventBridgeEvent, envelopeTime } from './events.ts';
import { type RunTask, reservationOf, Task } from './task.ts';
import { TaskLife } from './task-life.ts';

/** Of all task changes this share is folded into the next event: a version that never shows. */
const COALESCED = 0.05;

/** What makes a host a member of a cluster runs in a container itself. */
const ECS_AGENT: ContainerSpec = {
  name: 'ecs-agent',
  image: 'amazon/amazon-ecs-agent:latest',
  command: ['/agent'],
  network: 'host',
};

export interface ClusterOptions {
  readonly name?: string;
  /** 12 digits. */
  readonly account?: string;
  readonly region?: string;
  readonly hosts: readonly SimulatedHost[];
  readonly clock: Clock;
  readonly random: Random;
  /** Takes an event at the moment it arrives. */
  readonly emit: (event: EventBridgeEvent) => Promise<void> | void;
  readonly delays?: Partial<Delays>;
  /** How often an event arrives twice, from 0 to 1. Default 0. */
  readonly duplicates?: number;
  /** Told whenever a task's state changed, before ECS announces it. */
  readonly onTask?: (task: TaskHandle) => void;
}

/** A task that was started: its state as it changes. */
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
  /** Each with its Docker id and true start and end, as far as they have come. */
  get containers(): Task['containers'] {
    return this.task.containers;
  }

  /** Stops the task, as a user's StopTask does unless `code` says otherwise. */
  stop(reason = 'Task stopped by user', code = 'UserInitiated'): void {
    this.life.stop({ code, reason });
  }
}

/** An ECS cluster whose tasks run on simulated hosts; it tells of them in EventBridge events. */
export class SimulatedCluster {
  readonly arn: string;
  readonly name: string;
  private readonly options: ClusterOptions;
  private readonly account: string;
  private readonly region: string;
  private readonly ids: Random;
  private readonly delays: Delays;
  private readonly end = stopper();
  private readonly instances = new Map<string, ContainerInstance>();
  private readonly handles = new Set<TaskHandle>();
  private readonly background = new Set<Promise<void>>();

  constructor(options: ClusterOptions) {
    this.options = options;
    this.name = options.name ?? 'mayfly';
    this.account = options.account ?? '111122223333';
    this.region = options.region ?? 'us-east-1';
    this.arn = this.arnOf('cluster', this.name);
    this.ids = options.random.fork('ids');
    this.delays = { ...DELAYS, ...options.delays };
  }

  /** The tasks that are not STOPPED yet, oldest first. */
  get tasks(): readonly TaskHandle[] {
    return [...this.handles];
  }

  /** Announces each host as a running instance and then as a member of the cluster; resolves when all are. */
  async registerHosts(): Promise<void> {
    await Promise.all(this.options.hosts.map((host) => this.registerHost(host)));
  }

  /** Adds one host: its launch, then its registration. */
  async registerHost(host: SimulatedHost): Promise<void> {
    const { clock, random } = this.options;
    const instanceArn = `arn:aws:ec2:${this.region}:${this.account}:instance/${host.instanceId}`;
    const launched = { 'instance-id': host.instanceId, state: 'running' };
    this.deliver('aws.ec2', 'EC2 Instance State-change Notification', instanceArn, launched);
    await clock.sleep(draw(random.fork(`register ${host.instanceId}`), this.delays.register), this.end.signal);
    host.startContainer(ECS_AGENT);
    const arn = this.arnOf('container-instance', `${this.name}/${this.ids.hex(32)}`);
    const instance = new ContainerInstance(arn, this.arn, host, clock.now());
    this.instances.set(arn, instance);
    this.announceInstance(instance);
  }

  /** The container-instance ARN of a registered host. */
  instanceArnOf(host: SimulatedHost): string | undefined {
    return [...this.instances.values()].find((instance) => instance.host === host)?.arn;
  }

  /** Starts a task. @throws if no registered host has room, as RunTask fails with `RESOURCE:…` */
  runTask(request: RunTask): TaskHandle {
    const { clock, onTask, random } = this.options;
    const instance = this.placementOf(request);
    const id = this.ids.hex(32);
    const task = this.newTask(id, request, instance);
    instance.place(task.arn, task.reservation);
    const life = new TaskLife(task, {
      clock,
      random: random.fork(`task ${id}`),
      delays: { ...this.delays, ...request.delays },
      signal: this.end.signal,
      announce: () => {
        onTask?.(handle);
        const skipped = this.ids.chance(COALESCED) ? 1 : 0;
        this.deliver('aws.ecs', 'ECS Task State Change', task.arn, task.nextDetail(clock.now(), skipped));
      },
      announceInstance: () => {
        if (task.lastStatus === 'STOPPED') instance.release(task.arn);
        else instance.running(task.arn);
        this.announceInstance(instance);
      },
    });
    this.announceInstance(instance);
    const done = this.unlessStopped(Promise.resolve().then(() => life.run())); // not before there is a handle
    const handle = new TaskHandle(task, life, done);
    this.handles.add(handle);
    done.finally(() => this.handles.delete(handle));
    return handle;
  }

  /** What ECS answers to DescribeContainerInstances. @throws {EcsApiError} for what ECS refuses */
  describeContainerInstances(input: unknown): DescribeContainerInstancesOutput {
    return describeContainerInstances(input, { name: this.name, arn: this.arn, instances: this.instances });
  }

  /** Ends the simulation: no task moves on and no event arrives any more. Resolves when all is quiet. */
  async stop(): Promise<void> {
    this.end.abort();
    await Promise.all([...this.background, ...this.tasks.map(({ done }) => done)]);
  }

  private newTask(id: string, request: RunTask, instance: ContainerInstance): Task {
    const arn = this.arnOf('task', `${this.name}/${id}`);
    const containers = request.containers.map((definition) => ({
      definition,
      arn: this.arnOf('container', `${this.name}/${id}/${this.ids.uuid()}`),
      status: 'PENDING' as const,
    }));
    const definitionArn = this.arnOf('task-definition', `${request.family}:${request.revision ?? 1}`);
    const task = new Task(id, arn, this.arn, definitionArn, request, instance, containers, this.options.clock.now());
    if (request.networkMode === 'awsvpc') {
      task.eni = {
        id: this.ids.uuid(),
        status: 'PRECREATED',
        address: `10.0.${this.ids.integer(64, 127)}.${this.ids.integer(4, 250)}`,
        mac: `0a:${(this.ids.hex(10).match(/../g) ?? []).join(':')}`,
        networkInterfaceId: `eni-0${this.ids.hex(16)}`,
      };
    }
    return task;
  }

  private placementOf(request: RunTask): ContainerInstance {
    const size = reservationOf(request);
    const candidates = [...this.instances.values()]
      .filter(({ host }) => !request.host || host === request.host)
      .filter((instance) => instance.fits(size))
      .sort((a, b) => a.taskCount - b.taskCount);
    const [chosen] = candidates;
    if (!chosen) throw new Error(`RESOURCE: no registered host has room for a task of ${request.family}`);
    return chosen;
  }

  private announceInstance(instance: ContainerInstance): void {
    const detail = instance.nextDetail(this.options.clock.now());
    this.deliver('aws.ecs', 'ECS Container Instance State Change', instance.arn, detail);
  }

  /** Sends an event on its way: it arrives a little later, and rarely twice. */
  private deliver(source: string, detailType: string, resource: string, detail: object): void {
    const { clock, duplicates = 0 } = this.options;
    const event: EventBridgeEvent = {
      version: '0',
      id: this.ids.uuid(),
      'detail-type': detailType,
      source,
      account: this.account,
      time: envelopeTime(clock.now()),
      region: this.region,
      resources: [resource],
      detail,
    };
    this.send(event);
    if (this.ids.chance(duplicates)) this.send(event);
  }

  private send(event: EventBridgeEvent): void {
    const { clock, emit } = this.options;
    const delayMs = draw(this.ids, this.delays.deliver);
    const delivery = this.unlessStopped(clock.sleep(delayMs, this.end.signal).then(() => emit(event)));
    this.background.add(delivery);
    delivery.finally(() => this.background.delete(delivery));
  }

  /** Whatever fails for another reason than the end of the simulation is an error of the simulation. */
  private unlessStopped(work: Promise<void>): Promise<void> {
    return work.catch((error: unknown) => {
      if (!(error instanceof Stopped && this.end.signal.aborted)) throw error;
    });
  }

  private arnOf(kind: string, name: string): string {
    return `arn:aws:ecs:${this.region}:${this.account}:${kind}/${name}`;
  }
}
