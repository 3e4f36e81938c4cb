import { ecsTime } from './ecs-time.ts';
import { type ContainerDefinition, isAwsvpc, MOMENTS, sizeOf, type Task, type TaskContainer } from './task.ts';

/** The detail of a task's state-change event. */
export interface TaskDetail extends Readonly<Record<string, unknown>> {
  readonly desiredStatus: string;
  readonly version: number;
  readonly attachments: readonly object[];
  readonly containers: readonly object[];
  readonly overrides: object;
}

/**
 * What ECS knows of a task: its state at its last change. Events and answers are made from this record alone, so two
 * with the same version have the same content.
 */
export class TaskRecord {
  private version = 0;
  private known: TaskDetail | undefined;

  constructor(readonly task: Task) {}

  /** The acceptance is the first change: the version is 1 before any event. */
  get detail(): TaskDetail {
    return this.known ?? detailOf(this.task, 1, this.task.createdAtMs);
  }

  /**
   * Updates the record to the task's current state.
   *
   * @param changes number of changes that led to it; only the last one appears in an event or an answer
   */
  change(nowMs: number, changes = 1): TaskDetail {
    this.version += changes;
    this.known = detailOf(this.task, this.version, nowMs);
    return this.known;
  }

  /** The task as DescribeTasks returns it: instants are Dates, and some members differ from those of an event. */
  describe(): Readonly<Record<string, unknown>> {
    const { updatedAt, ...detail } = this.detail;
    const instants = Object.entries(detail).filter(([name]) => name.endsWith('At'));
    return {
      ...detail,
      ...Object.fromEntries(instants.map(([name, text]) => [name, new Date(String(text))])),
      attachments: this.detail.attachments.map((one) => ({ ...one, type: 'ElasticNetworkInterface' })),
      containers: this.detail.containers.map((one) => ({ ...one, healthStatus: 'UNKNOWN' })),
      healthStatus: 'UNKNOWN',
      inferenceAccelerators: [],
      overrides: { ...this.detail.overrides, inferenceAcceleratorOverrides: [] },
      tags: [],
    };
  }
}

function detailOf(task: Task, version: number, nowMs: number): TaskDetail {
  const { instance, request } = task;
  const { cpu, memory } = task.reservation;
  const moments = MOMENTS.flatMap((moment) => {
    const atMs = task.moments[moment];
    return atMs === undefined ? [] : [[`${moment}At`, ecsTime(atMs)]];
  });
  return {
    attachments: attachmentsOf(task),
    attributes: [{ name: 'ecs.cpu-architecture', value: task.host.architecture === 'aarch64' ? 'arm64' : 'x86_64' }],
    availabilityZone: task.host.availabilityZone,
    clusterArn: task.clusterArn,
    connectivity: 'CONNECTED',
    connectivityAt: ecsTime(task.createdAtMs),
    containers: task.containers.map((container) => containerDetail(task, container)),
    cpu: String(cpu),
    createdAt: ecsTime(task.createdAtMs),
    desiredStatus: task.desiredStatus,
    enableExecuteCommand: false,
    group: request.group ?? `family:${request.family}`,
    launchType: request.launchType ?? 'EC2',
    lastStatus: task.lastStatus,
    memory: String(memory),
    overrides: { containerOverrides: request.containers.map(({ name }) => ({ name })) },
    ...Object.fromEntries(moments),
    // ECS leaves out what a task does not have.
    ...(instance ? { containerInstanceArn: instance.arn } : ON_FARGATE),
    ...(request.startedBy ? { startedBy: request.startedBy } : {}),
    ...(task.stoppedReason ? { stoppedReason: task.stoppedReason } : {}),
    ...(task.stopCode ? { stopCode: task.stopCode } : {}),
    taskArn: task.arn,
    taskDefinitionArn: task.definitionArn,
    updatedAt: ecsTime(nowMs),
    version,
  };
}

/** What only tasks on Fargate have (docs/spec/aws-events.md, Appendix B). */
const ON_FARGATE = { ephemeralStorage: { sizeInGiB: 20 }, platformFamily: 'Linux', platformVersion: '1.4.0' };

function containerDetail({ arn, eni, request }: Task, container: TaskContainer): object {
  const { definition } = container;
  const { cpu, memory } = sizeOf(definition);
  const attached = eni && eni.status !== 'PRECREATED' ? eni : undefined;
  // Changes on the host appear once the agent has reported them.
  const runtimeId = container.status === 'PENDING' ? undefined : container.runtimeId;
  const exitCode = container.status === 'STOPPED' ? container.exitCode : undefined;
  const bridged = !isAwsvpc(request) && runtimeId !== undefined;
  // As of a task, ECS leaves out what a container does not have.
  return {
    containerArn: container.arn,
    ...(exitCode === undefined ? {} : { exitCode }),
    lastStatus: container.status,
    name: definition.name,
    image: definition.image,
    ...(container.imageDigest ? { imageDigest: container.imageDigest } : {}),
    ...(runtimeId ? { runtimeId } : {}),
    ...(container.reason ? { reason: container.reason } : {}),
    taskArn: arn,
    networkInterfaces: attached ? [{ attachmentId: attached.id, privateIpv4Address: attached.address }] : [],
    ...(bridged ? { networkBindings: bindingsOf(definition) } : {}),
    cpu: String(cpu),
    memory: String(memory),
  };
}

function attachmentsOf({ eni }: Task): object[] {
  if (!eni) return [];
  const { id, status, address, mac, networkInterfaceId } = eni;
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

function bindingsOf({ ports = [] }: ContainerDefinition): object[] {
  return ports.map(({ containerPort, hostPort, protocol = 'tcp' }) => ({
    bindIP: '0.0.0.0',
    containerPort,
    hostPort: hostPort ?? containerPort,
    protocol,
  }));
}
