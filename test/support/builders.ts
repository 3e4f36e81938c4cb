import { createHash } from 'node:crypto';
import type { PendingQuery } from '../../lib/core/queue/pending-query.ts';
import { T0 } from './times.ts';

/** A Docker id: 64 hex digits derived from the number. */
export const dockerId = (n: number): string => createHash('sha256').update(String(n)).digest('hex');
export const taskArn = (n: number): string =>
  `arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/${n.toString(16).padStart(32, '0')}`;

/** Every AWS partition with one of its regions. @see AWS General Reference, "Amazon Resource Names" */
export const PARTITIONS = [
  ['aws', 'us-east-1'],
  ['aws-cn', 'cn-north-1'],
  ['aws-us-gov', 'us-gov-west-1'],
  ['aws-iso', 'us-iso-east-1'],
  ['aws-iso-b', 'us-isob-east-1'],
  ['aws-eusc', 'eusc-de-east-1'],
] as const;

/** The "container" query of task n, whose only container is `dockerId(n)`. */
export function aPendingQuery(n: number, query: Partial<PendingQuery> = {}): PendingQuery {
  const subjects = query.subjects ?? [dockerId(n)];
  return {
    queryId: `q${String(n).padStart(4, '0')}`,
    host: 'h1',
    priority: 3,
    rule: 'ecs-task-running',
    query: 'container',
    set: 'live',
    sql: 'SELECT id, state FROM docker_containers WHERE id IN (:containers)',
    bindings: { containers: subjects },
    evidence: { column: 'id', alive: { column: 'state', oneOf: ['running'] } },
    workload: taskArn(n),
    subjects,
    decorations: { task_arn: taskArn(n) },
    subjectDecorations: Object.fromEntries(subjects.map((id) => [id, { container_name: `c${n}` }])),
    triggeredAtMs: T0,
    receivedAtMs: T0,
    queuedAtMs: T0,
    expiresAtMs: T0 + 600_000,
    ...query,
  };
}

/** A query about the host itself. It does not merge with other queries. */
export const aHostQuery = (n: number, query: Partial<PendingQuery> = {}): PendingQuery => {
  const {
    workload: _,
    evidence: __,
    ...rest
  } = aPendingQuery(n, { rule: 'about-host', query: `host-${n}`, bindings: {}, subjects: [] });
  return { ...rest, sql: `SELECT ${n} FROM osquery_info`, ...query };
};
