import type { TaskEvent } from '../../lib/core/triggers/task.ts';
import { dockerId, taskArn } from './builders.ts';
import { SECOND, T0 } from './times.ts';

const PHASES = [
  'PROVISIONING',
  'PENDING',
  'ACTIVATING',
  'RUNNING',
  'DEACTIVATING',
  'STOPPING',
  'DEPROVISIONING',
  'STOPPED',
] as const;

/** One state of a task's life as ECS reports it. `phase` 0 is PROVISIONING, 7 is STOPPED. */
export interface TaskMoment {
  readonly version: number;
  readonly phase: number;
  readonly stopping: boolean;
}

/** The event of one state of task n, which has the containers `dockerId(10 n)`, `dockerId(10 n + 1)`, … */
export function aTaskEvent(
  n: number,
  { version, phase, stopping }: TaskMoment,
  containers = 1,
  containerInstanceArn?: string,
): TaskEvent {
  const lastStatus = PHASES[phase] ?? 'RUNNING';
  const event = {
    id: `event-${n}-${version}`,
    account: '111122223333',
    region: 'us-east-1',
    occurredAtMs: T0 + version * SECOND,
    detectedBy: 'event' as const,
    task: {
      taskArn: taskArn(n),
      clusterArn: 'arn:aws:ecs:us-east-1:111122223333:cluster/ephemeral-prod',
      taskDefinitionArn: 'arn:aws:ecs:us-east-1:111122223333:task-definition/api:87',
      containerInstanceArn,
      launchType: 'EC2',
      lastStatus,
      desiredStatus: stopping || phase > 3 ? 'STOPPED' : 'RUNNING',
      version,
      containers: Array.from({ length: containers }, (_, index) => ({
        name: `c${index}`,
        lastStatus: phase < 3 ? 'PENDING' : lastStatus,
        addresses: [],
        runtimeId: phase >= 2 ? dockerId(10 * n + index) : undefined,
      })),
      ...{ macs: [], addresses: [], enis: [], subnets: [], tags: {} },
    },
  };
  const raw = { source: 'aws.ecs', 'detail-type': 'ECS Task State Change', id: event.id, detail: event.task };
  return { ...event, raw };
}
