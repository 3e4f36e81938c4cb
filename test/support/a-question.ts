import type { WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import type { PolicyRule } from '../../lib/core/policy/policy.ts';
import { postMortemQueriesOf, ruleQueriesOf } from '../../lib/core/policy/rule-queries.ts';
import { queriesFor } from '../../lib/core/queue/ask.ts';
import type { PendingQuery } from '../../lib/core/queue/pending-query.ts';
import { aSnapshot } from './a-record.ts';
import { plainPolicy } from './plain-policy.ts';
import type { TlsHarness } from './tls-server.ts';

export const containerId = (n: number): string => n.toString(16).padStart(64, '0');
export const taskArn = (n: number): string =>
  `arn:aws:ecs:eu-west-1:123456789012:task/demo/${n.toString(16).padStart(32, '0')}`;

export interface Question {
  /** Number of the task, default 1. Task n runs container n. */
  readonly n?: number;
  readonly rule?: PolicyRule;
  readonly set?: 'live' | 'post-mortem';
  /** Only this query of the rule; all queries if absent. */
  readonly only?: string;
}

/** Queues the task-start queries for a host and records the task in the ledger, as the event function does. */
export async function ask(server: TlsHarness, host: string, question: Question = {}): Promise<PendingQuery[]> {
  const { n = 1, rule = plainPolicy.rules[0] as PolicyRule, set = 'live', only } = question;
  const nowMs = server.clock.nowMs;
  const workload = taskArn(n);
  await server.ledger.advance({
    ...aSnapshot(n, { version: 3, occurredAtMs: nowMs, receivedAtMs: nowMs }),
    workload,
    subjects: [containerId(n)],
    containers: [{ name: 'web', lastStatus: 'RUNNING', runtimeId: containerId(n) }],
    identity: { task_arn: workload, task_family: 'shop' },
  });
  const asking = set === 'live' ? ruleQueriesOf(rule, 'live') : postMortemQueriesOf(rule);
  const { queries: all } = queriesFor(
    host,
    [asking],
    {
      key: `${workload} 3`,
      trigger: { detail: { containers: [{ runtimeId: containerId(n) }] } },
      workload,
      subjects: [containerId(n)],
      decorations: { task_arn: workload, task_family: 'shop' },
      subjectDecorations: { [containerId(n)]: { container_name: `web-${n}` } },
      triggeredAtMs: nowMs,
      receivedAtMs: nowMs,
    },
    nowMs,
  );
  const queries = all.filter((query) => only === undefined || query.query === only);
  for (const query of queries) await server.queue.enqueue(query);
  return queries;
}

/** Returns the ledger's record of task n. */
export async function record(server: TlsHarness, n = 1): Promise<WorkloadRecord> {
  const [found] = await server.ledger.read([taskArn(n)]);
  if (!found) throw new Error(`the ledger knows no task ${n}`);
  return found;
}

/** Enrolls a host and completes its enrollment queries. */
export async function settled(
  server: TlsHarness,
  agent: { poll(): Promise<Record<string, string>>; write(rows: Record<string, []>): Promise<unknown> },
): Promise<void> {
  const ids = Object.keys(await agent.poll());
  await agent.write(Object.fromEntries(ids.map((id) => [id, []])));
  server.dynamo.calls.length = 0;
  server.reports.length = 0;
}
