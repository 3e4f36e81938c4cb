/**
 * The values of event fields that rules on tasks and instances match. Only closed sets are listed: another value is a
 * mistake. @see docs/spec/aws-events.md; ECS Developer Guide, "Task lifecycle"; EC2 User Guide, "Instance lifecycle"
 */

const TASK_STATUSES =
  'PROVISIONING PENDING ACTIVATING RUNNING DEACTIVATING STOPPING DEPROVISIONING STOPPED DELETED'.split(' ');

/** Detail-types that are common in rules, used to recognise a misspelt one. */
export const DETAIL_TYPES: Readonly<Record<string, readonly string[]>> = {
  'aws.ecs': [
    'ECS Task State Change',
    'ECS Container Instance State Change',
    'ECS Service Action',
    'ECS Deployment State Change',
  ],
  'aws.ec2': [
    'EC2 Instance State-change Notification',
    'EC2 Spot Instance Interruption Warning',
    'EC2 Instance Rebalance Recommendation',
  ],
  'aws.autoscaling': [
    'EC2 Instance Launch Successful',
    'EC2 Instance Launch Unsuccessful',
    'EC2 Instance Terminate Successful',
    'EC2 Instance Terminate Unsuccessful',
    'EC2 Instance-launch Lifecycle Action',
    'EC2 Instance-terminate Lifecycle Action',
  ],
  'aws.guardduty': ['GuardDuty Finding'],
};

/** A family of events, by its envelope. */
export interface EventFamily {
  readonly source: string;
  readonly detailType: string;
}

export const TASK_STATE_CHANGES: EventFamily = { source: 'aws.ecs', detailType: 'ECS Task State Change' };

/** Detail-types that announce the end of an instance. @see docs/spec/aws-events.md §4, §5 */
export const NOTICE_TYPES: readonly string[] = [
  'EC2 Spot Instance Interruption Warning',
  'EC2 Instance Rebalance Recommendation',
  'EC2 Instance-terminate Lifecycle Action',
];

/** The top-level fields of every event; there are no others. @see Amazon EventBridge User Guide, "Event structure" */
export const ENVELOPE = 'version id detail-type source account time region resources detail'.split(' ');

/** Detail-type → field of `detail` → all values it can have. */
export const FIELD_VALUES: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  [TASK_STATE_CHANGES.detailType]: {
    lastStatus: TASK_STATUSES,
    desiredStatus: TASK_STATUSES,
    launchType: ['EC2', 'FARGATE', 'EXTERNAL', 'MANAGED_INSTANCES'],
    connectivity: ['CONNECTED', 'DISCONNECTED'],
  },
  'EC2 Instance State-change Notification': {
    state: ['pending', 'running', 'stopping', 'stopped', 'shutting-down', 'terminated'],
  },
};

const fields = (text: string): ReadonlySet<string> => new Set(text.trim().split(/\s+/));

/** Detail-type → all fields that `detail` can have. @see docs/spec/aws-events.md */
export const DETAIL_FIELDS: Readonly<Record<string, ReadonlySet<string>>> = {
  [TASK_STATE_CHANGES.detailType]: fields(`
    attachments attributes availabilityZone capacityProviderName clusterArn connectivity connectivityAt
    containerInstanceArn containers cpu createdAt desiredStatus enableExecuteCommand ephemeralStorage
    executionStoppedAt fargateEphemeralStorage group healthStatus inferenceAccelerators lastStatus launchType memory
    overrides platformFamily platformVersion pullStartedAt pullStoppedAt startedAt startedBy stopCode stoppedAt
    stoppedReason stoppingAt tags taskArn taskDefinitionArn updatedAt version
  `),
  'EC2 Instance State-change Notification': fields('instance-id state'),
  'EC2 Spot Instance Interruption Warning': fields('instance-id instance-action'),
  'EC2 Instance Rebalance Recommendation': fields('instance-id'),
};
