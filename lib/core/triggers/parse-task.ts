import type { DetectedBy } from '../ledger/clocks.ts';
import { type Fields, fieldsOf, instantOf, listOf, nameOf, textOf, wholeOf } from './fields.ts';
import type { Envelope, Malformed, ParsedEvent } from './parsed-event.ts';
import type { TaskEvent } from './task.ts';

const MAX_LIST = 50; // a task has at most ten containers and a few that AWS adds
const MAX_ID = 256; // of a container id: one more than SAFE_ID allows, so a longer id stays unsafe after the cut
/** The largest plausible version, which counts state changes. A larger number would make all later events stale. */
const MAX_VERSION = 1e9;

/**
 * Reads an "ECS Task State Change". Required are the task's ARN, its status, and the version that orders events; other fields
 * may be missing. @see docs/spec/aws-events.md §A.2
 */
export function readTask(envelope: Envelope, raw: unknown, detectedBy: DetectedBy): ParsedEvent {
  const { id, account, region, occurredAtMs, detail } = envelope;
  const taskArn = nameOf(detail.taskArn) ?? envelope.resources.find(isTaskArn);
  if (taskArn === undefined) return malformed('taskArn: names no task');
  const lastStatus = nameOf(detail.lastStatus);
  if (lastStatus === undefined) return malformed('lastStatus: names no state', taskArn);
  const version = wholeOf(detail.version);
  if (version === undefined || version < 0 || version > MAX_VERSION)
    return malformed('version: no whole number from 0 to 1e9', taskArn);
  const containers = listOf(detail.containers);
  if (containers.length > MAX_LIST) return malformed(`containers: more than ${MAX_LIST}`, taskArn);
  const containerInstanceArn = nameOf(detail.containerInstanceArn);
  const attached = attachedTo(detail);
  const task: TaskEvent['task'] = {
    taskArn,
    clusterArn: nameOf(detail.clusterArn) ?? clusterIn(containerInstanceArn) ?? clusterIn(taskArn) ?? '',
    taskDefinitionArn: nameOf(detail.taskDefinitionArn) ?? '',
    containerInstanceArn,
    launchType: textOf(detail.launchType),
    group: textOf(detail.group),
    startedBy: textOf(detail.startedBy),
    availabilityZone: textOf(detail.availabilityZone),
    lastStatus,
    desiredStatus: nameOf(detail.desiredStatus) ?? (ENDING.has(lastStatus) ? 'STOPPED' : 'RUNNING'),
    version,
    createdAt: instantOf(detail.createdAt),
    pullStartedAt: instantOf(detail.pullStartedAt),
    startedAt: instantOf(detail.startedAt),
    executionStoppedAt: instantOf(detail.executionStoppedAt),
    stoppedAt: instantOf(detail.stoppedAt),
    stopCode: textOf(detail.stopCode),
    stoppedReason: textOf(detail.stoppedReason),
    macs: attached('macAddress'),
    enis: attached('networkInterfaceId'),
    subnets: attached('subnetId'),
    addresses: attached('privateIPv4Address'),
    tags: tagsOf(detail),
    containers: containers.flatMap((container) => readContainer(container, lastStatus)),
  };
  return { kind: 'task', event: { id, account, region, raw, occurredAtMs, detectedBy, task } };
}

/** Statuses after RUNNING, which imply a requested stop (docs/spec/aws-events.md §1.2). */
const ENDING: ReadonlySet<string> = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING', 'STOPPED', 'DELETED']);

function malformed(what: string, taskArn?: string): Malformed {
  return { kind: 'malformed', why: `detail.${what}${taskArn === undefined ? '' : ` (of ${taskArn.slice(0, 256)})`}` };
}

const isTaskArn = (name: string): boolean => /^arn:[^:]*:ecs:[^:]*:[^:]*:task\//.test(name);

/** The cluster ARN in the long-format ARN of a task or a container instance. */
function clusterIn(arn: string | undefined): string | undefined {
  const [, prefix, cluster] = /^(arn:[^:]*:ecs:[^:]*:[^:]*):[^:/]+\/([^/]+)\/[^/]+$/.exec(arn ?? '') ?? [];
  return prefix && cluster ? `${prefix}:cluster/${cluster}` : undefined;
}

/** Reads one container; empty if it has no name, ARN or id. */
function readContainer(container: Fields, taskStatus: string): TaskEvent['task']['containers'] {
  const runtimeId =
    typeof container.runtimeId === 'string' && container.runtimeId !== ''
      ? textOf(container.runtimeId.slice(0, MAX_ID))
      : undefined;
  const name = nameOf(container.name) ?? nameOf(container.containerArn) ?? runtimeId;
  if (name === undefined) return [];
  const exitCode = wholeOf(container.exitCode);
  const hasStopped = exitCode !== undefined || taskStatus === 'STOPPED';
  return [
    {
      name,
      lastStatus: nameOf(container.lastStatus) ?? (hasStopped ? 'STOPPED' : 'PENDING'),
      runtimeId,
      image: textOf(container.image),
      imageDigest: textOf(container.imageDigest),
      exitCode,
      reason: textOf(container.reason),
      addresses: listOf(container.networkInterfaces)
        .slice(0, MAX_LIST)
        .flatMap((card) => [textOf(card.privateIpv4Address) || [], textOf(card.ipv6Address) || []].flat()),
    },
  ];
}

/** Returns a function from a name to its values in the task's attachments. */
function attachedTo(detail: Fields): (wanted: string) => string[] {
  const details = listOf(detail.attachments)
    .slice(0, MAX_LIST)
    .flatMap((attachment) => listOf(attachment.details).slice(0, MAX_LIST));
  return (wanted) => details.flatMap(({ name, value }) => (name === wanted ? textOf(value) || [] : []));
}

const tagsOf = (detail: Fields): Record<string, string> =>
  Object.fromEntries(
    listOf(detail.tags)
      .slice(0, MAX_LIST)
      .map(fieldsOf)
      .flatMap(({ key, value }) => {
        const name = textOf(key);
        return name ? [[name, textOf(value) ?? '']] : [];
      }),
  );
