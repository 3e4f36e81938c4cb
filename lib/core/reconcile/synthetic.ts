import { createHash } from 'node:crypto';
import type { AwsScope } from '../arn.ts';

/** Builds the event that would have reported a task, for the policy's patterns. @param detail as DescribeTasks returns it */
export function taskEvent(taskArn: string, detail: unknown, occurredAtMs: number, scope: AwsScope): object {
  return envelope(
    { source: 'aws.ecs', detailType: 'ECS Task State Change', resource: taskArn, detail },
    occurredAtMs,
    scope,
  );
}

/** Builds the event that would have reported an instance. @see Amazon EC2 User Guide, "State change events for your instances" */
export function instanceEvent(instanceId: string, state: string, occurredAtMs: number, scope: AwsScope): object {
  const { partition, region, account } = scope;
  const resource = `arn:${partition}:ec2:${region}:${account}:instance/${instanceId}`;
  const detail = { 'instance-id': instanceId, state };
  const detailType = 'EC2 Instance State-change Notification';
  return envelope({ source: 'aws.ec2', detailType, resource, detail }, occurredAtMs, scope);
}

interface Content {
  readonly source: string;
  readonly detailType: string;
  readonly resource: string;
  readonly detail: unknown;
}

function envelope(
  { source, detailType, resource, detail }: Content,
  occurredAtMs: number,
  { account, region }: AwsScope,
): object {
  return {
    version: '0',
    id: `sweep-${createHash('sha256')
      .update(JSON.stringify([resource, detail]))
      .digest('hex')
      .slice(0, 32)}`,
    'detail-type': detailType,
    source,
    account,
    time: new Date(occurredAtMs).toISOString(), // with milliseconds, unlike a real event
    region,
    resources: [resource],
    detail,
  };
}

/** Fields of a task with the time of a change, the latest first. */
const CHANGED = ['stoppedAt', 'stoppingAt', 'startedAt', 'createdAt'] as const;

/**
 * When a described task last changed, by its own fields, epoch ms; undefined if it has none.
 *
 * @example changedAtMs({ createdAt: '2025-03-01T11:00:00Z', stoppedAt: '2025-03-01T12:00:00Z' }) // that of `stoppedAt`
 */
export function changedAtMs(detail: unknown): number | undefined {
  const task = Object(detail) as Readonly<Record<string, unknown>>;
  const text = CHANGED.map((field) => task[field]).find((value) => typeof value === 'string');
  const atMs = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isFinite(atMs) ? atMs : undefined;
}

/** Since when sweeps have run, epoch ms. */
export interface SweptSince {
  /** When the last complete sweep began. */
  readonly completeMs: number | undefined;
  /** When the first sweep began. */
  readonly beganMs: number | undefined;
}

/**
 * The time at which a change without an event counts as occurred. It is not before the last complete sweep began, because that
 * sweep would have found the change. Before the first complete sweep, a change older than the first sweep counts as new, because
 * no answer about it was due before Mayfly was installed.
 *
 * @param ownMs the time of the change by AWS, if known
 */
export function occurredAtMs(ownMs: number | undefined, { completeMs, beganMs }: SweptSince, nowMs: number): number {
  if (ownMs === undefined) return nowMs;
  const isNew = completeMs === undefined && ownMs < (beganMs ?? nowMs);
  return isNew ? nowMs : Math.min(nowMs, Math.max(ownMs, completeMs ?? ownMs));
}
