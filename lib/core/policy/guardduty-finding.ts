import { createHash } from 'node:crypto';
import type { Decorations } from '../decorations.ts';

import { lookUp, nameAt } from './binding.ts';

/*
 * The parts of GuardDuty findings that Mayfly reads. Nothing here throws, whatever a finding holds: any part may be missing,
 * of another type, or new (docs/spec/aws-events.md §6).
 */

/** Source and detail type of a finding's event. */
export const GUARDDUTY_FINDINGS = { source: 'aws.guardduty', detailType: 'GuardDuty Finding' } as const;

/** A resource that a finding is about, by a name that resolves to a host. */
export interface FindingSubject {
  readonly kind: 'instance' | 'task';
  readonly name: string; // EC2 instance id, or ECS task ARN
  /** The account that owns it, '' if the finding names none: an administrator account also receives those of members. */
  readonly account: string;
}

/**
 * The subjects of a finding, without duplicates: the instance it is about, or else the ECS task, whose host is in the
 * ledger. An attack sequence has several. An EKS finding without an instance has none: its workload may run on any host.
 *
 * @see GuardDuty User Guide, "Finding details", "Attack sequence finding types"
 */
export function findingSubjects(event: unknown): FindingSubject[] {
  const account = nameAt('detail.accountId', event) ?? '';
  const instance = nameAt('detail.resource.instanceDetails.instanceId', event);
  const task = nameAt('detail.resource.ecsClusterDetails.taskDetails.arn', event);
  const own: FindingSubject[] = instance
    ? [{ kind: 'instance', name: instance, account }]
    : task
      ? [{ kind: 'task', name: task, account }]
      : [];
  const all = [...own, ...sequenceSubjects(event, account)];
  return [...new Map(all.map((subject) => [subject.name, subject])).values()];
}

function sequenceSubjects(event: unknown, account: string): FindingSubject[] {
  const resources = lookUp('detail.service.detection.sequence.resources', event);
  return (Array.isArray(resources) ? resources : []).flatMap((resource: unknown): FindingSubject[] => {
    const name = nameAt('uid', resource);
    const of = { account: nameAt('accountId', resource) ?? account };
    const type = lookUp('resourceType', resource);
    if (name && type === 'EC2_INSTANCE') return [{ kind: 'instance', name: lastPart(name), ...of }];
    return name && type === 'ECS_TASK' ? [{ kind: 'task', name, ...of }] : [];
  });
}

/** The identity of a finding, for deduplication and decorations. */
export interface GuardDutyFinding {
  /**
   * The same for every copy with the same content: GuardDuty republishes a finding every 15 minutes to 6 hours with new
   * counts and times, and to the administrator's account as well as to the owner's.
   */
  readonly key: string;
  readonly decorations: Decorations;
}

/** The finding in an event; undefined if there is none, or if it has no id. */
export function findingOf(event: unknown): GuardDutyFinding | undefined {
  if (lookUp('source', event) !== GUARDDUTY_FINDINGS.source) return undefined;
  if (lookUp('"detail-type"', event) !== GUARDDUTY_FINDINGS.detailType) return undefined;
  const id = nameAt('detail.id', event);
  if (!id) return undefined;
  const type = nameAt('detail.type', event);
  const digest = createHash('sha256')
    .update(JSON.stringify(lastingPart(event)))
    .digest('hex')
    .slice(0, 32);
  return {
    key: `finding ${id} ${digest}`,
    decorations: type ? { finding_id: id, finding_type: type } : { finding_id: id },
  };
}

/**
 * Paths that define the content of a finding: type and severity, resource, remote end, and program. Everything else changes
 * between publications (counts, times, states, sample calls, process ids, ephemeral ports) or describes these fields in prose.
 *
 * @see GuardDuty User Guide, "Finding details", "Attack sequence finding details"
 */
const LASTING = [
  'type',
  'severity',
  'resource.containerDetails.[id, image]',
  'resource.ecsClusterDetails.taskDetails.containers[].[id, image]',
  'resource.kubernetesDetails.kubernetesWorkloadDetails.[namespace, type, name]',
  'service.action.actionType',
  'service.action.*[].remoteIpDetails.[ipAddressV4, ipAddressV6]',
  'service.action.dnsRequestAction.domain',
  // The remote port of an inbound connection is ephemeral.
  "service.action.networkConnectionAction.[connectionDirection == 'OUTBOUND' && remotePortDetails.port]",
  "service.action.networkConnectionAction.[connectionDirection == 'INBOUND' && localPortDetails.port]",
  // Only the probed port: the addresses of scanners change all the time.
  'service.action.portProbeAction.portProbeDetails[].localPortDetails.port',
  'service.runtimeDetails.process.[executablePath, executableSha256]',
  'service.runtimeDetails.context.[modifyingProcess, targetProcess][].[executablePath, executableSha256]',
  'service.runtimeDetails.context.[scriptPath, libraryPath, ldPreloadValue, socketPath, runcBinaryPath, releaseAgentPath]',
  'service.runtimeDetails.context.[mountSource, mountTarget, moduleFilePath, moduleSha256, shellHistoryFilePath]',
  'service.runtimeDetails.context.[toolName, serviceName, threatFilePath]',
  'service.evidence.threatIntelligenceDetails[].[threatListName, threatNames, threatFileSha256]',
  'service.ebsVolumeScanDetails.scanDetections.threatDetectedByName.threatNames[].[name, filePaths[].hash]',
  'service.malwareScanDetails.threats[].[name, itemPaths[].hash]',
  'service.detection.sequence.signals[].[type, name]',
  'service.detection.sequence.endpoints[].[ip, domain]',
  'service.detection.sequence.actors[].process.[path, sha256]',
];
/** Relevant members of `additionalInfo.value`, or of `additionalInfo` itself. */
const LASTING_INFO = '[threatListName, threatName, domain]';

function lastingPart(event: unknown): unknown {
  const detail = lookUp('detail', event);
  const info = lookUp('service.additionalInfo', detail);
  return [
    findingSubjects(event).map(({ name }) => name),
    ...LASTING.map((path) => lookUp(path, detail)),
    ...[info, parsed(lookUp('value', info))].map((each) => lookUp(LASTING_INFO, each)),
  ].map((part) => unordered(part) ?? null);
}

// The paths above nest a few levels; anything deeper than this is ignored.
const MAX_DEPTH = 32;

/** Sorts members and list elements, so that order does not matter: the lists of a finding are treated as sets. */
function unordered(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((element) => unordered(element, depth + 1)).sort(byText);
  const members = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(members.map(([name, member]) => [name, unordered(member, depth + 1)]));
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** `additionalInfo.value` is JSON in a string. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
