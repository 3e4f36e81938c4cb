import { createHash } from 'node:crypto';
import type { Decorations } from '../queue/pending-query.ts';
import { lookUp, nameAt } from './binding.ts';

/*
 * GuardDuty findings, as far as we read them. Nothing here throws for what a finding holds: any part may be missing, of
 * another type, or new (aws-events.md §6).
 */

/** How the envelope of a finding looks. */
export const GUARDDUTY_FINDINGS = { source: 'aws.guardduty', detailType: 'GuardDuty Finding' } as const;

/** What a finding is about, by the name that leads to a host. */
export interface FindingSubject {
  readonly kind: 'instance' | 'task';
  readonly name: string; // EC2 instance id, or ECS task ARN
  /** The account that owns it, '' where the finding does not say: an administrator hears of those of others. */
  readonly account: string;
}

/**
 * Whom a finding names, each once: the instance it happened on; else the ECS task, whose host the ledger knows. An attack
 * sequence names several. An EKS finding without an instance names a workload, which may run anywhere.
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

/** A finding as rules remember it. */
export interface GuardDutyFinding {
  /**
   * The same for every copy that says the same: GuardDuty publishes a finding again every 15 minutes to 6 hours with new
   * counts and times, and to the administrator's account as well as to the owner's.
   */
  readonly key: string;
  readonly decorations: Decorations;
}

/** The finding that an event brings, or undefined where it brings none that can be told from others. */
export function findingOf(event: unknown): GuardDutyFinding | undefined {
  if (lookUp('source', event) !== GUARDDUTY_FINDINGS.source) return undefined;
  if (lookUp('"detail-type"', event) !== GUARDDUTY_FINDINGS.detailType) return undefined;
  const id = nameAt('detail.id', event);
  if (!id) return undefined;
  const type = nameAt('detail.type', event);
  const lasting = JSON.stringify(lastingPart(lookUp('detail', event)));
  const digest = createHash('sha256').update(lasting).digest('hex').slice(0, 32);
  return {
    key: `finding ${id} ${digest}`,
    decorations: { finding_id: id, ...(type ? { finding_type: type } : {}) },
  };
}

/** What differs from one publication to the next, wherever it stands: of a signal, a cluster, the finding itself. */
const PASSING = /^(updatedAt|lastSeenAt|eventLastSeen|count|[a-z]\w*Count)$/;
/** What differs between the copies of two accounts, is somebody's mark on it, or says in prose what other members say. */
const PASSING_OF_FINDING = new Set(['arn', 'schemaVersion', 'title', 'description']);
const PASSING_OF_SERVICE = new Set(['detectorId', 'archived', 'userFeedback', 'additionalInfo']);

/** The finding without what passes. */
function lastingPart(detail: unknown): unknown {
  const additional = lookUp('service.additionalInfo.value', detail);
  const { service, ...rest } = Object(detail) as { service?: object };
  return [
    lasting(without(rest, PASSING_OF_FINDING)),
    lasting(without(Object(service), PASSING_OF_SERVICE)),
    lasting(withoutNumbers(parsed(additional), 0)),
  ];
}

const without = (members: object, names: ReadonlySet<string>): object =>
  Object.fromEntries(Object.entries(members).filter(([name]) => !names.has(name)));

// Findings nest about ten levels; what hides deeper than this changes nothing.
const MAX_DEPTH = 32;

/** The same for members and elements in any order: lists of a finding are sets to us. */
function lasting(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth > MAX_DEPTH) return null;
  if (Array.isArray(value)) return value.map((element) => lasting(element, depth + 1)).sort(byText);
  const kept = Object.entries(value).filter(([name]) => !PASSING.test(name));
  return Object.fromEntries(
    kept.sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, member]) => [name, lasting(member, depth + 1)]),
  );
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

/** `additionalInfo` counts bytes, packets and calls under names of its own. */
function withoutNumbers(value: unknown, depth: number): unknown {
  if (typeof value === 'number' || (typeof value === 'string' && /^-?\d+([.,]\d+)?$/.test(value))) return null;
  if (typeof value !== 'object' || value === null || depth > MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((element) => withoutNumbers(element, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, withoutNumbers(member, depth + 1)]));
}

/** `additionalInfo.value` is JSON within a text. */
function parsed(text: unknown): unknown {
  try {
    return typeof text === 'string' ? JSON.parse(text) : text;
  } catch {
    return text;
  }
}

const lastPart = (arn: string): string => arn.slice(arn.lastIndexOf('/') + 1);
