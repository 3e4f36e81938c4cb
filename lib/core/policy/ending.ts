import type { PolicyRule } from './policy.ts';

/**
 * The longest notice of an end: that of a Spot interruption, and the longest time between a container's SIGTERM and SIGKILL
 * (docs/spec/aws-events.md §1.6, §4).
 */
export const NOTICE_SECONDS = 120;

const TASK = 'aws.ecs ECS Task State Change';
const REBALANCE = 'aws.ec2 EC2 Instance Rebalance Recommendation';
const NOTICES: ReadonlySet<unknown> = new Set([
  REBALANCE,
  'aws.ec2 EC2 Spot Instance Interruption Warning',
  'aws.autoscaling EC2 Instance-terminate Lifecycle Action',
]);

/** Statuses of a task whose containers run, or have until SIGKILL to stop (docs/spec/aws-events.md §1.2, §1.6). */
const STILL_RUNNING: ReadonlySet<unknown> = new Set(['RUNNING', 'DEACTIVATING', 'STOPPING']);

/** Whether a task was requested to stop while its containers still run; first signalled by RUNNING with STOPPED desired. */
export const isStopSignal = ({
  lastStatus,
  desiredStatus,
}: {
  lastStatus?: unknown;
  desiredStatus?: unknown;
}): boolean => desiredStatus === 'STOPPED' && STILL_RUNNING.has(lastStatus);

/**
 * Whether a terminate action only moves an instance into a warm pool, where it is stopped. An instance that leaves the pool
 * to be terminated is not such a move.
 */
export const isWarmPoolMove = ({ Destination }: { Destination?: unknown }): boolean => Destination === 'WarmPool';

/**
 * The target that an event says will end soon; undefined for other events. Last-gasp rules with that target are evaluated
 * only on such events. Never throws, whatever the event holds.
 */
export function endingIn(event: unknown): 'ecs-task-host' | 'ec2-instance' | undefined {
  const { detail } = Object(event) as Record<string, unknown>;
  if (kindOf(event) === TASK) return isStopSignal(Object(detail)) ? 'ecs-task-host' : undefined;
  return NOTICES.has(kindOf(event)) && !isWarmPoolMove(Object(detail)) ? 'ec2-instance' : undefined;
}

/** Expiry of a last-gasp rule's queries, in seconds. A rebalance recommendation announces no end, so the rule's own applies. */
export const lastGaspSeconds = (rule: PolicyRule, event: unknown): number =>
  kindOf(event) === REBALANCE ? rule.expiresSeconds : Math.min(rule.expiresSeconds, NOTICE_SECONDS);

function kindOf(event: unknown): string {
  const { source, 'detail-type': detailType } = Object(event) as Record<string, unknown>;
  return `${source} ${detailType}`;
}
