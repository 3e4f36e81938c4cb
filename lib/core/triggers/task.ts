import type { Decorations } from '../decorations.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { tagText } from '../ledger/instance-decorations.ts';
import type { TaskContainer, TaskTimes, WorkloadSnapshot } from '../ledger/workload.ts';
import { SAFE_ID } from '../policy/binding.ts';

/** The fields of an "ECS Task State Change" event that Mayfly reads. */
export interface TaskEvent {
  readonly id: string;
  readonly account: string;
  readonly region: string;
  /** The whole event, for the policy's patterns and expressions. */
  readonly raw: unknown;
  readonly occurredAtMs: number; // the envelope's time, whole seconds
  readonly detectedBy: DetectedBy;
  readonly task: {
    readonly taskArn: string;
    readonly clusterArn: string; // '' if missing, as for the task definition
    readonly taskDefinitionArn: string;
    readonly containerInstanceArn?: string;
    readonly launchType?: string;
    readonly group?: string;
    readonly startedBy?: string;
    readonly availabilityZone?: string;
    readonly lastStatus: string;
    readonly desiredStatus: string;
    readonly version: number;
    /** By the clock of ECS, epoch ms; undefined for states it has not reached. */
    readonly createdAt?: number | undefined;
    readonly pullStartedAt?: number | undefined;
    readonly startedAt?: number | undefined;
    readonly executionStoppedAt?: number | undefined;
    readonly stoppedAt?: number | undefined;
    readonly stopCode?: string;
    readonly stoppedReason?: string;
    readonly containers: readonly {
      readonly name: string;
      readonly lastStatus: string;
      readonly runtimeId?: string;
      readonly image?: string;
      readonly imageDigest?: string;
      readonly exitCode?: number;
      readonly reason?: string;
      readonly addresses: readonly string[];
    }[];
    /** Of its network interfaces: MAC and private address, id, subnet. */
    readonly macs: readonly string[];
    readonly addresses: readonly string[];
    readonly enis: readonly string[];
    readonly subnets: readonly string[];
    readonly tags: Readonly<Record<string, string>>;
  };
}

/**
 * The snapshot of a task according to this event. A container that stopped while its task keeps running is not essential,
 * because the end of an essential container ends its task (ECS Developer Guide, "essential"). A container whose runtime id is
 * outside the allowed alphabet is recorded without the id, because no query can name it.
 *
 * @param essential names of the essential containers, which mark the others as not essential; undefined if unknown
 */
export function taskSnapshot(
  { task, occurredAtMs, detectedBy }: TaskEvent,
  receivedAtMs: number,
  essential?: ReadonlySet<string>,
): WorkloadSnapshot {
  const goesOn = task.lastStatus === 'RUNNING' && task.desiredStatus === 'RUNNING';
  const containers = task.containers.map(({ addresses: _, runtimeId, ...container }): TaskContainer => {
    const isSafe = runtimeId !== undefined && SAFE_ID.test(runtimeId);
    return {
      ...container,
      runtimeId: isSafe ? runtimeId : undefined,
      unsafeId: runtimeId !== undefined && !isSafe ? true : undefined,
      essential: essential && !essential.has(container.name) ? false : undefined,
      endedFirst: goesOn && container.lastStatus === 'STOPPED' ? true : undefined,
    };
  });
  return {
    workload: task.taskArn,
    kind: 'ecs-task',
    version: task.version,
    versionStep: 1,
    lastStatus: task.lastStatus,
    desiredStatus: task.desiredStatus,
    stopped: task.lastStatus === 'STOPPED' || task.lastStatus === 'DELETED',
    subjects: containers.flatMap(({ runtimeId }) => runtimeId ?? []),
    containers,
    identity: taskDecorations(task),
    times: timesOf(task),
    occurredAtMs,
    receivedAtMs,
    detectedBy,
  };
}

// An awsvpc task has one network interface, with an address of each family.
const MAX_ADDRESSES = 50;

/** Decorations of the task's rows, also used as the identity in the ledger. */
function taskDecorations(task: TaskEvent['task']): Decorations {
  const { family, revision } = taskDefinition(task.taskDefinitionArn);
  const addresses = [...task.addresses, ...task.containers.flatMap((container) => container.addresses)];
  return defined({
    task_arn: task.taskArn,
    cluster: lastPart(task.clusterArn) || undefined,
    task_family: family || undefined,
    task_revision: revision,
    container_instance: task.containerInstanceArn,
    launch_type: task.launchType,
    group: task.group,
    started_by: task.startedBy,
    availability_zone: task.availabilityZone,
    ip: listed(addresses),
    mac: listed(task.macs),
    eni: listed(task.enis),
    subnet: listed(task.subnets),
    created_at: task.createdAt === undefined ? undefined : new Date(task.createdAt).toISOString(),
    stop_code: task.stopCode,
    stopped_reason: task.stoppedReason,
    task_tags: tagText(task.tags),
  });
}

const timesOf = (task: TaskEvent['task']): TaskTimes =>
  defined({
    createdAtMs: task.createdAt,
    pullStartedAtMs: task.pullStartedAt,
    startedAtMs: task.startedAt,
    executionStoppedAtMs: task.executionStoppedAt,
    stoppedAtMs: task.stoppedAt,
  });

const listed = (texts: readonly string[]): string | undefined =>
  [...new Set(texts)].slice(0, MAX_ADDRESSES).join(' ') || undefined;

/** Runtime id → decorations of the rows about that container. */
export function containerDecorations(snapshot: WorkloadSnapshot): Record<string, Decorations> {
  return Object.fromEntries(
    snapshot.containers.flatMap(({ runtimeId, name, image, imageDigest }) =>
      runtimeId ? [[runtimeId, defined({ container_name: name, image, image_digest: imageDigest })]] : [],
    ),
  );
}

const defined = <T>(entries: Record<string, T | undefined>): Record<string, T> =>
  Object.fromEntries(Object.entries(entries).filter((entry): entry is [string, T] => entry[1] !== undefined));

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);

function taskDefinition(arn: string): { family: string; revision: string } {
  const name = lastPart(arn);
  const colon = name.lastIndexOf(':');
  return colon < 0 ? { family: name, revision: '' } : { family: name.slice(0, colon), revision: name.slice(colon + 1) };
}
