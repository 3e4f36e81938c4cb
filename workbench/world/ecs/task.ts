import type { SimulatedHost } from '../host/host.ts';
import type { ContainerMount, ContainerPort } from '../host/state/container.ts';
import type { Delays } from '../simulation/delays.ts';
import type { ContainerInstance, Reservation } from './container-instance.ts';

/** A container of a task definition, and how it behaves. */
export interface ContainerDefinition {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  /** How long it runs, in milliseconds; `null` means until the task is stopped. */
  readonly lifetimeMs: number | null;
  /** Its exit code at the end of its lifetime. Default 0. */
  readonly exitCode?: number;
  /** The task ends when this container ends. Default true. */
  readonly essential?: boolean;
  /** The image pull fails, so the task never runs. */
  readonly pullFails?: boolean;
  /** The agent has to kill it when the task is stopped. */
  readonly ignoresSigterm?: boolean;
  /** CPU units, 1024 per processor. Default 64. */
  readonly cpu?: number;
  /** MiB. Default 64. */
  readonly memory?: number;
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly ContainerPort[];
  readonly mounts?: readonly ContainerMount[];
  readonly connections?: readonly { readonly remoteAddress: string; readonly remotePort: number }[];
  readonly children?: readonly (readonly string[])[];
}

export interface RunTask {
  readonly family: string;
  readonly revision?: number;
  readonly containers: readonly [ContainerDefinition, ...ContainerDefinition[]];
  /** Default EC2. On Fargate the task has a host of its own, and its network mode is `awsvpc`. */
  readonly launchType?: 'EC2' | 'FARGATE';
  /** Default `bridge`. With `awsvpc` the task starts in PROVISIONING and has its own network interface. */
  readonly networkMode?: 'bridge' | 'host' | 'awsvpc';
  /** Default `family:<family>`. */
  readonly group?: string;
  readonly startedBy?: string;
  /** The host to run it on. Default: the host with the fewest tasks that has room. */
  readonly host?: SimulatedHost;
  readonly delays?: Partial<Delays>;
}

/** A container of a task, as ECS knows it. */
export interface TaskContainer {
  readonly definition: ContainerDefinition;
  readonly arn: string;
  status: 'PENDING' | 'RUNNING' | 'STOPPED';
  /** The Docker id; absent if the container never existed. */
  runtimeId?: string;
  imageDigest?: string;
  /** The start on the host in epoch milliseconds, even if ECS does not know it yet. */
  startedAtMs?: number;
  stoppedAtMs?: number;
  exitCode?: number;
  reason?: string;
}

/** The instants of a task's life that ECS reports. */
export const MOMENTS = ['pullStarted', 'pullStopped', 'started', 'stopping', 'executionStopped', 'stopped'] as const;

/** The properties that are fixed once ECS has placed a task. */
type PlacedTask = Pick<
  Task,
  'id' | 'arn' | 'clusterArn' | 'definitionArn' | 'request' | 'host' | 'instance' | 'containers' | 'createdAtMs'
>;

/** A task's real state, independent of what ECS knows of it. */
export class Task {
  lastStatus = 'PENDING';
  desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING';
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  eni: { id: string; status: string; address: string; mac: string; networkInterfaceId: string } | undefined;
  /** Epoch milliseconds. */
  readonly moments: Partial<Record<(typeof MOMENTS)[number], number>> = {};

  readonly id: string;
  readonly arn: string;
  readonly clusterArn: string;
  readonly definitionArn: string;
  readonly request: RunTask;
  readonly host: SimulatedHost;
  /** Undefined on Fargate. */
  readonly instance: ContainerInstance | undefined;
  readonly containers: readonly TaskContainer[];
  readonly createdAtMs: number;

  constructor(placed: PlacedTask) {
    this.id = placed.id;
    this.arn = placed.arn;
    this.clusterArn = placed.clusterArn;
    this.definitionArn = placed.definitionArn;
    this.request = placed.request;
    this.host = placed.host;
    this.instance = placed.instance;
    this.containers = placed.containers;
    this.createdAtMs = placed.createdAtMs;
  }

  get reservation(): Reservation {
    return reservationOf(this.request);
  }
}

/** The resources a container takes from a host. The defaults are 64 CPU units and 64 MiB. */
export function sizeOf({ cpu = 64, memory = 64 }: ContainerDefinition): { cpu: number; memory: number } {
  return { cpu, memory };
}

/** The resources a task takes from a host: the sum of its containers. */
export function reservationOf(request: RunTask): Reservation {
  const { containers } = request;
  const sizes = containers.map(sizeOf);
  return {
    cpu: sizes.reduce((sum, { cpu }) => sum + cpu, 0),
    memory: sizes.reduce((sum, { memory }) => sum + memory, 0),
    hostPorts: isAwsvpc(request) ? [] : containers.flatMap(({ ports = [] }) => ports.flatMap(hostPortOf)),
  };
}

/** Whether a task has a network interface of its own. */
export const isAwsvpc = ({ launchType, networkMode }: RunTask): boolean =>
  launchType === 'FARGATE' || networkMode === 'awsvpc';

function hostPortOf({ hostPort }: ContainerPort): number[] {
  return hostPort ? [hostPort] : [];
}
