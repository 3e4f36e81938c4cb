import type { PolicyRule } from './policy.ts';

/**
 * The longest notice there is of an end: that of Spot, and the most time between a container's SIGTERM and its SIGKILL
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

/** States in which a task's containers still run, or have until SIGKILL to do so (docs/spec/aws-events.md §1.2, §1.6). */
const STILL_RUNNING: ReadonlySet<unknown> = new Set(['RUNNING', 'DEACTIVATING', 'STOPPING']);

/** Whether a task's stop is decided while there is still something to see; the first sign is RUNNING with STOPPED desired. */
export const isStopSignal = ({
  lastStatus,
  desiredStatus,
}: {
  lastStatus?: unknown;
  desiredStatus?: unknown;
}): boolean => desiredStatus === 'STOPPED' && STILL_RUNNING.has(lastStatus);

/**
 * Whether a terminate action only moves an instance into a warm pool, where it is stopped. One that leaves the pool for EC2
 * is terminated like any other.
 */
export const isWarmPoolMove = ({ Destination }: { Destination?: unknown }): boolean => Destination === 'WarmPool';

/**
 * What an event says will end soon: the only moments at which last-gasp rules ask, by the target that such a rule has.
 * Never throws for what an event holds.
 */
export function endingIn(event: unknown): 'ecs-task-host' | 'ec2-instance' | undefined {
  const { detail } = Object(event) as Record<string, unknown>;
  if (kindOf(event) === TASK) return isStopSignal(Object(detail)) ? 'ecs-task-host' : undefined;
  return NOTICES.has(kindOf(event)) && !isWarmPoolMove(Object(detail)) ? 'ec2-instance' : undefined;
}

/** For how long, in seconds, a last-gasp rule's queries are of use at most; a rebalance recommendation sets no end. */
export const lastGaspSeconds = (rule: PolicyRule, event: unknown): number =>
  kindOf(event) === REBALANCE ? rule.expiresSeconds : Math.min(rule.expiresSeconds, NOTICE_SECONDS);

function kindOf(event: unknown): string {
  const { source, 'detail-type': detailType } = Object(event) as Record<string, unknown>;
  return `${source} ${detailType}`;
}
