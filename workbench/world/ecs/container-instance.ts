import type { SimulatedHost } from '../host/host.ts';
import { ecsTime } from './ecs-time.ts';

/** The resources a task takes from an instance. */
export interface Reservation {
  /** CPU units; 1024 are one processor. */
  readonly cpu: number;
  /** MiB. */
  readonly memory: number;
  readonly hostPorts: readonly number[];
}

/** The ports that the ECS agent reserves on every instance. */
const RESERVED_PORTS = ['22', '2375', '2376', '51678', '51679', '51680'];

/** A host as a member of a cluster. */
export class ContainerInstance {
  private readonly tasks = new Map<string, Reservation>();
  private readonly pending = new Set<string>();
  /** Changes before the end of registration count too: the first event has version 3. */
  private version = 2;
  private agentConnected = true;
  private status: 'ACTIVE' | 'INACTIVE' = 'ACTIVE';

  constructor(
    readonly arn: string,
    readonly clusterArn: string,
    readonly host: SimulatedHost,
    readonly registeredAtMs: number,
  ) {}

  /** Whether a task of this size fits on the instance now. */
  fits(asked: Reservation): boolean {
    if (!this.agentConnected || this.host.down) return false;
    const left = this.remaining();
    const free = asked.hostPorts.every((port) => !left.ports.includes(String(port)));
    return left.cpu >= asked.cpu && left.memory >= asked.memory && free;
  }

  /** Whether it still is in its cluster. */
  get isMember(): boolean {
    return this.status === 'ACTIVE';
  }

  get taskCount(): number {
    return this.tasks.size;
  }

  place(taskArn: string, reservation: Reservation): void {
    this.tasks.set(taskArn, reservation);
    this.pending.add(taskArn);
  }

  running(taskArn: string): void {
    this.pending.delete(taskArn);
  }

  release(taskArn: string): void {
    this.tasks.delete(taskArn);
    this.pending.delete(taskArn);
  }

  /** Marks the instance's ECS agent as disconnected. */
  disconnect(): void {
    this.agentConnected = false;
  }

  /** Removes all tasks from the instance. A terminated instance leaves the cluster; a stopped one stays a member. */
  abandon(instance: 'terminated' | 'stopped'): void {
    this.tasks.clear();
    this.pending.clear();
    if (instance === 'terminated') this.status = 'INACTIVE';
  }

  /** The detail of its next state-change event. */
  nextDetail(nowMs: number): object {
    this.version++;
    return {
      ...this.description(),
      registeredAt: ecsTime(this.registeredAtMs),
      updatedAt: ecsTime(nowMs),
    };
  }

  /** The instance as DescribeContainerInstances returns it; the API's times are epoch seconds. */
  describe(): object {
    return { ...this.description(), registeredAt: this.registeredAtMs / 1000, tags: [] };
  }

  private description(): object {
    const left = this.remaining();
    return {
      agentConnected: this.agentConnected,
      attachments: [],
      attributes: attributesOf(this.host),
      clusterArn: this.clusterArn,
      containerInstanceArn: this.arn,
      ec2InstanceId: this.host.instanceId,
      registeredResources: resources(this.capacity(), RESERVED_PORTS),
      remainingResources: resources(left, left.ports),
      runningTasksCount: this.tasks.size - this.pending.size,
      pendingTasksCount: this.pending.size,
      status: this.status,
      version: this.version,
      versionInfo: { agentHash: '8dfceca6', agentVersion: '1.105.1', dockerVersion: 'DockerVersion: 25.0.14' },
    };
  }

  private capacity(): { cpu: number; memory: number } {
    // The agent registers the memory that the kernel sees, which is a little less than the instance has.
    return { cpu: this.host.cpus * 1024, memory: Math.floor((this.host.memoryBytes / 1_048_576) * 0.98) };
  }

  private remaining(): { cpu: number; memory: number; ports: string[] } {
    const taken = [...this.tasks.values()];
    const { cpu, memory } = this.capacity();
    return {
      cpu: cpu - taken.reduce((sum, one) => sum + one.cpu, 0),
      memory: memory - taken.reduce((sum, one) => sum + one.memory, 0),
      ports: [...RESERVED_PORTS, ...taken.flatMap((one) => one.hostPorts.map(String))],
    };
  }
}

function resources({ cpu, memory }: { cpu: number; memory: number }, ports: readonly string[]): object[] {
  return [
    { name: 'CPU', type: 'INTEGER', integerValue: cpu },
    { name: 'MEMORY', type: 'INTEGER', integerValue: memory },
    { name: 'PORTS', type: 'STRINGSET', stringSetValue: [...ports] },
    { name: 'PORTS_UDP', type: 'STRINGSET', stringSetValue: [] },
  ];
}

function attributesOf(host: SimulatedHost): object[] {
  return [
    { name: 'ecs.ami-id', value: host.amiId },
    { name: 'ecs.availability-zone', value: host.availabilityZone },
    { name: 'ecs.capability.docker-plugin.local' },
    { name: 'ecs.cpu-architecture', value: host.architecture === 'aarch64' ? 'arm64' : 'x86_64' },
    { name: 'ecs.instance-type', value: host.instanceType },
    { name: 'ecs.os-family', value: 'LINUX' },
    { name: 'ecs.os-type', value: 'linux' },
    { name: 'ecs.subnet-id', value: 'subnet-0aa11bb22cc33dd44' },
    { name: 'ecs.vpc-id', value: 'vpc-0123abcd4567ef890' },
    { name: 'com.amazonaws.ecs.capability.task-eni' },
  ];
}
