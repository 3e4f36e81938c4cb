/** Operations of DynamoDB on items; a transaction needs those of its items. */
export type Operation =
  | 'BatchGetItem'
  | 'BatchWriteItem'
  | 'DeleteItem'
  | 'GetItem'
  | 'PutItem'
  | 'Query'
  | 'UpdateItem';

/** What a function may do in each partition of the table; a partition is a key, or a pattern with `*` at its end. */
export type RowAccess = Readonly<Record<string, readonly Operation[]>>;

/** Finds hosts and queues queries for them, as every function on events and agents does. Only reads the policy. */
const QUEUE: RowAccess = {
  POLICY: ['GetItem'],
  'HOST#*': ['BatchWriteItem', 'GetItem', 'PutItem', 'Query', 'UpdateItem'],
  'RETIRED#*': ['Query', 'UpdateItem'], // queries that were delivered to the wrong host move
  'ALIAS#*': ['DeleteItem', 'GetItem'],
  'SPACING#*': ['PutItem'],
  'WORKLOAD#*': ['BatchGetItem', 'UpdateItem'],
};

/** The same for events, whose rules may ask many hosts. */
const ASK = merged(QUEUE, {
  'NODES#*': ['Query'],
  FANOUT: ['GetItem', 'PutItem'],
  'FANOUT#*': ['GetItem', 'PutItem'],
});

/** Looks up container instances in ECS. */
const LEARN_HOSTS: RowAccess = { 'ALIAS#*': ['PutItem'] };

/** Follows the life of workloads. */
const FOLLOW: RowAccess = { 'WORKLOAD#*': ['GetItem'] };

const TASKS = merged(ASK, LEARN_HOSTS, FOLLOW, {
  'ADDRESS#*': ['UpdateItem'],
  'NODES#*': ['DeleteItem'], // the agent of a Fargate task ends with it
  'TASKDEF#*': ['GetItem', 'PutItem'],
});

const INSTANCES = merged(ASK, FOLLOW, {
  'ADDRESS#*': ['UpdateItem'],
  'NODES#*': ['DeleteItem'],
  'RETIRED#*': ['BatchWriteItem'],
});

/** What each function may do in the table. docs/architecture.md lists the partitions. */
export const ROW_ACCESS = {
  'ecs-task-state': TASKS,
  'ec2-launch': INSTANCES,
  'last-gasp': merged(ASK, FOLLOW),
  finding: merged(ASK, LEARN_HOSTS),
  'query-request': merged(ASK, LEARN_HOSTS, {
    CAMPAIGNS: ['PutItem'],
    'CAMPAIGN#*': ['GetItem', 'PutItem', 'Query', 'UpdateItem'],
  }),
  reconcile: merged(TASKS, INSTANCES, {
    SWEEP: ['PutItem', 'UpdateItem'],
    REVIEW: ['GetItem', 'PutItem'],
    'REVIEW#again': ['DeleteItem', 'PutItem', 'Query'],
    'SETTLED#*': ['GetItem', 'PutItem'],
    ISSUES: ['Query', 'UpdateItem'],
    'HOST#*': ['UpdateItem'],
    'NODES#*': ['UpdateItem'],
  }),
  /** Strangers reach this function, so it may change neither the policy nor the progress of sweeps and reviews. */
  'tls-api': merged(QUEUE, LEARN_HOSTS, {
    'FANOUT#*': ['PutItem'], // an answered finding is remembered longer
    'HOST#*': ['BatchGetItem'],
    'RETIRED#*': ['BatchGetItem', 'BatchWriteItem'],
    'NODES#*': ['DeleteItem', 'UpdateItem'],
    'ANSWER#*': ['BatchGetItem', 'UpdateItem'],
    'LOG#*': ['GetItem', 'PutItem'],
    'CAMPAIGN#*': ['BatchWriteItem', 'UpdateItem'], // answers, and rows for an hour
    ISSUES: ['UpdateItem'],
  }),
  /** The only function that writes the policy: version 1, while the stack is deployed. */
  deployment: { POLICY: ['GetItem', 'PutItem'] },
} as const satisfies Readonly<Record<string, RowAccess>>;

/** Writes hints for a long-poll front. Functions need it only where a deployment has one (`WAKE_HINTS`). */
export const ANNOUNCE: RowAccess = { 'WAKE#*': ['PutItem'] };
/** Reads them, as that front does. */
export const LISTEN: RowAccess = { 'WAKE#*': ['Query'] };

function merged(...all: readonly RowAccess[]): RowAccess {
  const partitions = [...new Set(all.flatMap((one) => Object.keys(one)))];
  return Object.fromEntries(
    partitions.map((partition) => [partition, [...new Set(all.flatMap((one) => one[partition] ?? []))].sort()]),
  );
}

/** Operations that are allowed in the same partitions. */
export interface AccessStatement {
  readonly operations: readonly string[];
  readonly partitions: readonly string[];
}

/**
 * The fewest statements that allow this access, and nothing else.
 *
 * @example statementsOf({ POLICY: ['GetItem'] }) // [{ operations: ['GetItem'], partitions: ['POLICY'] }]
 */
export function statementsOf(access: RowAccess): AccessStatement[] {
  const operations = [...new Set(Object.values(access).flat())].sort();
  const byPartitions = new Map<string, { operations: string[]; partitions: string[] }>();
  for (const operation of operations) {
    const partitions = Object.keys(access)
      .filter((partition) => access[partition]?.includes(operation))
      .sort();
    const same = byPartitions.get(partitions.join(' '));
    if (same) same.operations.push(operation);
    else byPartitions.set(partitions.join(' '), { operations: [operation], partitions });
  }
  return [...byPartitions.values()];
}
