import { createHash } from 'node:crypto';
import type { AwsScope } from '../arn.ts';

/** What a task's event would have said, so that the policy's patterns match it. @param detail as DescribeTasks gives it */
export function taskEvent(taskArn: string, detail: unknown, occurredAtMs: number, place: AwsScope): object {
  return envelope('aws.ecs', 'ECS Task State Change', taskArn, detail, occurredAtMs, place);
}

/** What an instance's event would have said of it. @see Amazon EC2 User Guide, "State change events for your instances" */
export function instanceEvent(instanceId: string, state: string, occurredAtMs: number, place: AwsScope): object {
  const { partition, region, account } = place;
  const arn = `arn:${partition}:ec2:${region}:${account}:instance/${instanceId}`;
  const detail = { 'instance-id': instanceId, state };
  return envelope('aws.ec2', 'EC2 Instance State-change Notification', arn, detail, occurredAtMs, place);
}

function envelope(
  source: string,
  detailType: string,
  resource: string,
  detail: unknown,
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
    time: new Date(occurredAtMs).toISOString(), // with its fraction, which an event lacks
    region,
    resources: [resource],
    detail,
  };
}

/** Fields of a task that say when it changed last, the latest first. */
const CHANGED = ['stoppedAt', 'stoppingAt', 'startedAt', 'createdAt'] as const;

/** When a described task last changed, by its own word; undefined where it has none. */
export function changedAtMs(detail: unknown): number | undefined {
  const task = Object(detail) as Readonly<Record<string, unknown>>;
  const text = CHANGED.map((field) => task[field]).find((value) => typeof value === 'string');
  const atMs = typeof text === 'string' ? Date.parse(text) : Number.NaN;
  return Number.isFinite(atMs) ? atMs : undefined;
}

/** Since when sweeps have looked. */
export interface Looked {
  /** When the last one began that looked at everything. */
  readonly completeMs: number | undefined;
  /** When the first of all began. */
  readonly beganMs: number | undefined;
}

/**
 * When a change that nobody told of counts as having occurred. Not before the last complete sweep began, which would have
 * found it. As long as there was none, what changed before the first of all counts as new: nobody waited for an answer about
 * what was there before Mayfly.
 *
 * @param ownMs by the word of what changed, if it has one
 */
export function occurredAtMs(ownMs: number | undefined, { completeMs, beganMs }: Looked, nowMs: number): number {
  if (ownMs === undefined) return nowMs;
  const isNew = completeMs === undefined && ownMs < (beganMs ?? nowMs);
  return isNew ? nowMs : Math.min(nowMs, Math.max(ownMs, completeMs ?? ownMs));
}
