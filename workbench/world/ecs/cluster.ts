import type { AwsApi } from '../aws/api.ts';
import { SimulatedAutoScaling } from '../aws/auto-scaling.ts';
import { SimulatedEc2 } from '../aws/ec2.ts';
import { type EventBridgeEvent, EventFeed } from '../aws/event-feed.ts';
import { Registry } from '../aws/registry.ts';
import { SimulatedHost } from '../host/host.ts';
import type { ContainerSpec } from '../host/state/container.ts';
import { type Clock, stopper, unlessStopped } from '../simulation/clock.ts';
import { DELAYS, type Delays, draw } from '../simulation/delays.ts';
import type { Random } from '../simulation/random.ts';
import { ContainerInstance } from './container-instance.ts';
import * as api from './ecs-api.ts';
import { endHost, type HostEnd } from './host-end.ts';
import { isAwsvpc, type RunTask, reservationOf, Task } from './task.ts';
import { TaskHandle } from './task-handle.ts';
import { TaskLife } from './task-life.ts';
import { TaskRecord } from './task-record.ts';

/** Share of task changes that ECS merges into the next event: their version never appears. */
const COALESCED = 0.05;

/** The ECS agent, which registers a host in a cluster, runs in a container itself. */
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
  /** Receives each event when it arrives. */
  readonly emit: (event: EventBridgeEvent) => Promise<void> | void;
  readonly delays?: Partial<Delays>;
  /** Probability that an event arrives twice, from 0 to 1. Default 0. */
  readonly duplicates?: number;
  /** Whether the ECS and EC2 APIs refuse calls beyond AWS's rates (docs/spec/aws-events.md §1.7, §4). Default false. */
  readonly throttling?: boolean;
  /** Called whenever a task's state changed, before ECS announces it. */
  readonly onTask?: (task: TaskHandle) => void;
}

/**
 * An ECS cluster whose tasks run on simulated hosts, with the account's EC2 and Auto Scaling. It publishes the
 * EventBridge events of all three.
 */
export class SimulatedCluster {
  readonly arn: string;
  readonly name: string;
  readonly ec2: SimulatedEc2;
  readonly autoScaling: SimulatedAutoScaling;
  private readonly options: ClusterOptions;
  private readonly account: string;
  private readonly region: string;
  private readonly ids: Random;
  private readonly delays: Delays;
  private readonly end = stopper();
  private readonly feed: EventFeed;
  private readonly ecs: api.EcsApi;
  private readonly instances: Registry<ContainerInstance>;
  private readonly records: Registry<TaskRecord>;
  private readonly definitions = new Map<string, RunTask>();
  private readonly lives = new Map<TaskHandle, TaskLife>();
  private readonly ends = new Map<SimulatedHost, Promise<void>>();

  constructor(options: ClusterOptions) {
    const { account = '111122223333', clock, region = 'us-east-1', random, throttling = false } = options;
    this.options = options;
    this.name = options.name ?? 'mayfly';
    this.account = account;
    this.region = region;
    this.arn = this.arnOf('cluster', this.name);
    this.ids = random.fork('ids');
    this.delays = { ...DELAYS, ...options.delays };
    this.instances = new Registry(clock);
    this.records = new Registry(clock);
    const { definitions, end, instances, name, arn, records: tasks } = this;
    this.ecs = new api.EcsApi({ name, arn, clock, instances, tasks, definitions, throttling });
    const aws = { account, region, clock, signal: end.signal };
    const { emit, duplicates = 0 } = options;
    this.feed = new EventFeed({ ...aws, random: this.ids, emit, delay: this.delays.deliver, duplicates });
    this.ec2 = new SimulatedEc2({ ...aws, feed: this.feed, throttling });
    this.autoScaling = new SimulatedAutoScaling({ ...aws, random: random.fork('auto scaling'), feed: this.feed });
  }

  /** The tasks that are not STOPPED yet, oldest first. */
  get tasks(): readonly TaskHandle[] {
    return [...this.lives.keys()];
  }

  /** Launches each host as an instance and registers it in the cluster; resolves when all are registered. */
  async registerHosts(): Promise<void> {
    await Promise.all(this.options.hosts.map((host) => this.registerHost(host)));
  }

  /** Launches one host and registers it, unless it ends before the registration. */
  async registerHost(host: SimulatedHost): Promise<void> {
    const { clock, random } = this.options;
    this.ec2.launch(host);
    await clock.sleep(draw(random.fork(`register ${host.instanceId}`), this.delays.register), this.end.signal);
    if (host.down) return;
    host.startContainer(ECS_AGENT);
    const arn = this.arnOf('container-instance', `${this.name}/${this.ids.hex(32)}`);
    const instance = new ContainerInstance(arn, this.arn, host, clock.now());
    this.instances.add(arn, instance);
    this.announceInstance(instance);
  }

  /**
   * Ends a host: sends the requested warnings, waits at its hook, enters `shutting-down` and `terminated`, and ends its
   * tasks. Resolves when ECS has given up the host too.
   *
   * @throws if the host was never launched or is already ending
   */
  async terminateHost(host: SimulatedHost, how: HostEnd = {}): Promise<void> {
    const { clock, random } = this.options;
    if (this.ends.has(host)) throw new Error(`${host.instanceId} is ending already`);
    if (!this.ec2.stateOf(host)) throw new Error(`${host.instanceId} was never launched`);
    const end = endHost(host, how, {
      ec2: this.ec2,
      autoScaling: this.autoScaling,
      clock,
      random: random.fork(`end of ${host.instanceId}`),
      delays: this.delays,
      signal: this.end.signal,
      loseTasks: (_, cause, afterMs) => {
        for (const [handle, life] of this.lives) if (handle.host === host) life.lose(cause, afterMs);
      },
      disconnect: () => this.changeInstance(host, (instance) => instance.disconnect()),
      abandon: (_, state) =>
        this.changeInstance(host, (instance) => {
          instance.abandon(state);
          if (state === 'terminated') this.instances.end(instance.arn);
        }),
    });
    this.ends.set(host, unlessStopped(end, this.end.signal));
    await this.ends.get(host);
  }

  /** The container-instance ARN of a registered host. */
  instanceArnOf(host: SimulatedHost): string | undefined {
    return this.instances.values().find((instance) => instance.host === host)?.arn;
  }

  /** Starts a task. @throws if no registered host has room, as RunTask fails with `RESOURCE:…` */
  runTask(request: RunTask): TaskHandle {
    const { clock, onTask, random } = this.options;
    const instance = request.launchType === 'FARGATE' ? undefined : this.placementOf(request);
    const id = this.ids.hex(32);
    const task = this.newTask(id, request, instance);
    const record = new TaskRecord(task);
    this.records.add(task.arn, record);
    this.definitions.set(task.definitionArn, request);
    instance?.place(task.arn, task.reservation);
    const life = new TaskLife(task, {
      clock,
      random: random.fork(`task ${id}`),
      delays: { ...this.delays, ...request.delays },
      signal: this.end.signal,
      announce: () => {
        onTask?.(handle);
        const folded = this.ids.chance(COALESCED) ? 1 : 0;
        const detail = record.change(clock.now(), 1 + folded);
        if (task.lastStatus === 'STOPPED') this.records.end(task.arn);
        this.feed.publish('aws.ecs', 'ECS Task State Change', task.arn, detail);
      },
      announceInstance: () => {
        if (!instance) return;
        if (task.lastStatus === 'STOPPED') instance.release(task.arn);
        else instance.running(task.arn);
        this.announceInstance(instance);
      },
    });
    if (instance) this.announceInstance(instance);
    const done = unlessStopped(
      Promise.resolve().then(() => life.run()), // only once the caller has its handle
      this.end.signal,
    );
    const handle = new TaskHandle(task, life, done);
    this.lives.set(handle, life);
    done.finally(() => this.lives.delete(handle));
    return handle;
  }

  /** The APIs of the cluster's AWS account, by service. */
  get aws(): Readonly<Record<'ecs' | 'ec2' | 'autoScaling', AwsApi>> {
    return { ecs: this.api, ec2: this.ec2.api, autoScaling: this.autoScaling.api };
  }

  /** Answers the ECS operations below; any other throws an error that names it. */
  readonly api = (operation: string, input: unknown): Promise<unknown> => this.ecs.answer(operation, input);

  /** Number of calls per operation of the ECS API, including refused calls. */
  get calls(): ReadonlyMap<string, number> {
    return this.ecs.meter.calls;
  }

  /** Refuses the next `times` calls of an ECS operation with `ThrottlingException`. */
  throttleNext(operation: string, times = 1): void {
    this.ecs.meter.throttleNext(operation, times);
  }

  listClusters(input: unknown = {}): api.ListClustersOutput {
    return this.ecs.listClusters(input);
  }

  listTasks(input: unknown): api.ListTasksOutput {
    return this.ecs.listTasks(input);
  }

  describeTasks(input: unknown): api.DescribeTasksOutput {
    return this.ecs.describeTasks(input);
  }

  describeTaskDefinition(input: unknown): api.DescribeTaskDefinitionOutput {
    return this.ecs.describeTaskDefinition(input);
  }

  describeContainerInstances(input: unknown): api.DescribeContainerInstancesOutput {
    return this.ecs.describeContainerInstances(input);
  }

  /** Ends the simulation: no task advances and no event arrives. Resolves when all work has ended. */
  async stop(): Promise<void> {
    this.end.abort();
    await Promise.all([this.feed.idle(), ...this.ends.values(), ...this.tasks.map(({ done }) => done)]);
  }

  private newTask(id: string, request: RunTask, instance: ContainerInstance | undefined): Task {
    const { clock, random } = this.options;
    const arn = this.arnOf('task', `${this.name}/${id}`);
    const containers = request.containers.map((definition) => ({
      definition,
      arn: this.arnOf('container', `${this.name}/${id}/${this.ids.uuid()}`),
      status: 'PENDING' as const,
    }));
    const definitionArn = this.arnOf('task-definition', `${request.family}:${request.revision ?? 1}`);
    const task = new Task({
      id,
      arn,
      clusterArn: this.arn,
      definitionArn,
      request,
      host: instance?.host ?? new SimulatedHost({ clock, random: random.fork(`fargate ${id}`), launchType: 'FARGATE' }),
      instance,
      containers,
      createdAtMs: clock.now(),
    });
    if (isAwsvpc(request)) {
      task.lastStatus = 'PROVISIONING';
      task.eni = {
        id: this.ids.uuid(),
        status: 'PRECREATED',
        address: instance ? `10.0.${this.ids.integer(64, 127)}.${this.ids.integer(4, 250)}` : task.host.privateIp,
        mac: `0a:${(this.ids.hex(10).match(/../g) ?? []).join(':')}`,
        networkInterfaceId: `eni-0${this.ids.hex(16)}`,
      };
    }
    return task;
  }

  private placementOf(request: RunTask): ContainerInstance {
    const size = reservationOf(request);
    const candidates = this.instances
      .values()
      .filter(({ host }) => !request.host || host === request.host)
      .filter((instance) => instance.fits(size))
      .sort((a, b) => a.taskCount - b.taskCount);
    const [chosen] = candidates;
    if (!chosen) throw new Error(`RESOURCE: no registered host has room for a task of ${request.family}`);
    return chosen;
  }

  private changeInstance(host: SimulatedHost, change: (instance: ContainerInstance) => void): void {
    const instance = this.instances.values().find((one) => one.host === host);
    if (!instance) return; // it ended before its registration
    change(instance);
    this.announceInstance(instance);
  }

  private announceInstance(instance: ContainerInstance): void {
    const detail = instance.nextDetail(this.options.clock.now());
    this.feed.publish('aws.ecs', 'ECS Container Instance State Change', instance.arn, detail);
  }

  private arnOf(kind: string, name: string): string {
    return `arn:aws:ecs:${this.region}:${this.account}:${kind}/${name}`;
  }
}
