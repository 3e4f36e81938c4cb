import type { ContainerMount, ContainerPort } from '../host/container.ts';
import type { SimulatedHost } from '../host/host.ts';
import type { ContainerInstance, Reservation } from './container-instance.ts';
import type { Delays } from './delays.ts';
import { ecsTime } from './events.ts';

/** A container of a task definition, and what will become of it. */
export interface ContainerDefinition {
  readonly name: string;
  readonly image: string;
  readonly command?: readonly string[];
  /** How long it runs, in milliseconds; `null` until the task is stopped. */
  readonly lifetimeMs: number | null;
  /** What it exits with at the end of its lifetime. Default 0. */
  readonly exitCode?: number;
  /** Its end ends the task. Default true. */
  readonly essential?: boolean;
  /** The image cannot be pulled: the task never runs. */
  readonly pullFails?: boolean;
  /** It has to be killed when the task is stopped. */
  readonly ignoresSigterm?: boolean;
  /** CPU units, 1024 a processor. Default 64. */
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
  /** Default `bridge`. With `awsvpc` the task starts in PROVISIONING and has its own interface. */
  readonly networkMode?: 'bridge' | 'host' | 'awsvpc';
  /** Default `family:<family>`. */
  readonly group?: string;
  readonly startedBy?: string;
  /** Where to run it. Default: the host with the fewest tasks that has room. */
  readonly host?: SimulatedHost;
  readonly delays?: Partial<Delays>;
}

/** A container of a task, as ECS knows it. */
export interface TaskContainer {
  readonly definition: ContainerDefinition;
  readonly arn: string;
  status: 'PENDING' | 'RUNNING' | 'STOPPED';
  /** The Docker id; stays absent if the container never existed. */
  runtimeId?: string;
  imageDigest?: string;
  /** Epoch milliseconds on the host, whatever ECS has heard of it. */
  startedAtMs?: number;
  stoppedAtMs?: number;
  exitCode?: number;
  reason?: string;
}

/** Instants of a task's life, in epoch milliseconds. */
type Moment = 'pullStarted' | 'pullStopped' | 'started' | 'stopping' | 'executionStopped' | 'stopped';

const MOMENTS: readonly Moment[] = ['pullStarted', 'pullStopped', 'started', 'stopping', 'executionStopped', 'stopped'];

/** A task as ECS knows it. */
export class Task {
  lastStatus = 'PENDING';
  desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING';
  stopCode: string | undefined;
  stoppedReason: string | undefined;
  eni: { id: string; status: string; address: string; mac: string; networkInterfaceId: string } | undefined;
  readonly moments: Partial<Record<Moment, number>> = {};
  private version = 0;

  constructor(
    readonly id: string,
    readonly arn: string,
    readonly clusterArn: string,
    readonly definitionArn: string,
    readonly request: RunTask,
    readonly instance: ContainerInstance,
    readonly containers: readonly TaskContainer[],
    readonly createdAtMs: number,
  ) {}

  get host(): SimulatedHost {
    return this.instance.host;
  }

  get reservation(): Reservation {
    return reservationOf(this.request);
  }

  /** The detail of its next event. `skip` counts changes that were folded into it: gaps are normal. */
  nextDetail(nowMs: number, skip = 0): object {
    this.version += 1 + skip;
    const { request, instance } = this;
    const { cpu, memory } = this.reservation;
    const moments = MOMENTS.flatMap((moment) => {
      const atMs = this.moments[moment];
      return atMs === undefined ? [] : [[momentField(moment), ecsTime(atMs)]];
    });
    return {
      attachments: this.attachments(),
      attributes: [
        { name: 'ecs.cpu-architecture', value: instance.host.architecture === 'aarch64' ? 'arm64' : 'x86_64' },
      ],
      availabilityZone: instance.host.availabilityZone,
      clusterArn: this.clusterArn,
      connectivity: 'CONNECTED',
      connectivityAt: ecsTime(this.createdAtMs),
      containerInstanceArn: instance.arn,
      containers: this.containers.map((container) => this.containerDetail(container)),
      cpu: String(cpu),
      createdAt: ecsTime(this.createdAtMs),
      desiredStatus: this.desiredStatus,
      enableExecuteCommand: false,
      group: request.group ?? `family:${request.family}`,
      launchType: 'EC2',
      lastStatus: this.lastStatus,
      memory: String(memory),
      overrides: { containerOverrides: request.containers.map(({ name }) => ({ name })) },
      ...Object.fromEntries(moments),
      ...(request.startedBy ? { startedBy: request.startedBy } : {}),
      ...(this.stoppedReason ? { stoppedReason: this.stoppedReason } : {}),
      ...(this.stopCode ? { stopCode: this.stopCode } : {}),
      taskArn: this.arn,
      taskDefinitionArn: this.definitionArn,
      updatedAt: ecsTime(nowMs),
      version: this.version,
    };
  }

  private containerDetail(container: TaskContainer): object {
    const { definition } = container;
    const attached = this.eni && this.eni.status !== 'PRECREATED' ? this.eni : undefined;
    const bridged = this.request.networkMode !== 'awsvpc' && container.runtimeId !== undefined;
    return {
      containerArn: container.arn,
      ...(container.exitCode === undefined ? {} : { exitCode: container.exitCode }),
      lastStatus: container.status,
      name: definition.name,
      image: definition.image,
      ...(container.imageDigest ? { imageDigest: container.imageDigest } : {}),
      ...(container.runtimeId ? { runtimeId: container.runtimeId } : {}),
      ...(container.reason ? { reason: container.reason } : {}),
      taskArn: this.arn,
      networkInterfaces: attached ? [{ attachmentId: attached.id, privateIpv4Address: attached.address }] : [],
      ...(bridged ? { networkBindings: bindingsOf(definition) } : {}),
      cpu: String(definition.cpu ?? DEFAULT_CPU),
      memory: String(definition.memory ?? DEFAULT_MEMORY),
    };
  }

  private attachments(): object[] {
    if (!this.eni) return [];
    const { id, status, address, mac, networkInterfaceId } = this.eni;
    const subnet = { name: 'subnetId', value: 'subnet-0aa11bb22cc33dd44' };
    const details =
      status === 'PRECREATED'
        ? [subnet]
        : [
            subnet,
            { name: 'networkInterfaceId', value: networkInterfaceId },
            { name: 'macAddress', value: mac },
            { name: 'privateDnsName', value: `ip-${address.replaceAll('.', '-')}.ec2.internal` },
            { name: 'privateIPv4Address', value: address },
          ];
    return [{ id, type: 'eni', status, details }];
  }
}

const DEFAULT_CPU = 64;
const DEFAULT_MEMORY = 64;

/** What a task takes of a host: the sum of its containers. */
export function reservationOf({ containers, networkMode }: RunTask): Reservation {
  return {
    cpu: containers.reduce((sum, { cpu }) => sum + (cpu ?? DEFAULT_CPU), 0),
    memory: containers.reduce((sum, { memory }) => sum + (memory ?? DEFAULT_MEMORY), 0),
    hostPorts: networkMode === 'awsvpc' ? [] : containers.flatMap(({ ports = [] }) => ports.flatMap(hostPortOf)),
  };
}

function hostPortOf({ hostPort }: ContainerPort): number[] {
  return hostPort ? [hostPort] : [];
}

function bindingsOf({ ports = [] }: ContainerDefinition): object[] {
  return ports.map(({ containerPort, hostPort, protocol = 'tcp' }) => ({
    bindIP: '0.0.0.0',
    containerPort,
    hostPort: hostPort ?? containerPort,
    protocol,
  }));
}

/** ECS calls the start and end of a pull `…At` like every other instant. */
function momentField(moment: Moment): string {
  return `${moment}At`;
}
