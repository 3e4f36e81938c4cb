import type { Ledger } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import type { NodeRegistry } from '../nodes/registry.ts';
import type { Policy, Rule } from '../policy/rule.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { keyOf, type PendingQuery, queriesFor } from '../queue/pending-query.ts';
import type { ContainerHosts } from './container-hosts.ts';
import { containerDecorations, type TaskEvent, taskSnapshot } from './task.ts';

export interface TaskDeps {
  readonly ledger: Ledger;
  readonly queue: HostQueue;
  readonly registry: NodeRegistry;
  readonly hosts: ContainerHosts;
  readonly policy: Policy;
  readonly now: () => number; // epoch ms
}

/** What one event came to, for the log and the metrics. */
export type TaskOutcome = 'stale' | 'noted' | 'asked' | 'no-host' | 'superseded';

// Answers may lag the last hand-over by a lease and its redeliveries: nothing is called missed before that.
const ANSWER_GRACE_MS = 3 * 60_000;

/**
 * Turns one task event into queries. Safe under duplicates, reordering and crashes: the ledger's version decides
 * first, ids come from task and version, and a version counts as handled only after its queries are queued.
 */
export async function handleTask(event: TaskEvent, deps: TaskDeps): Promise<TaskOutcome> {
  const { ledger, queue, registry, policy, now } = deps;
  const snapshot = taskSnapshot(event);
  const record = await ledger.advance(snapshot);
  if (!record) return 'stale';

  // Where ECS has forgotten a container instance, the task still ran where it ran.
  const host =
    (await deps.hosts.hostOf(event.task.clusterArn, event.task.containerInstanceArn)) ?? record.handling?.host;
  const rule = host ? ruleFor(record, policy) : undefined;
  const queries = host && rule ? ask(event, record, rule, host, now()) : [];
  const enrolled = host !== undefined && lives(await registry.find(host), now());
  for (const query of queries) await queue.enqueue(query);
  // A starting task heats its host too: the agent then polls fast by the time the container exists.
  if (host && enrolled && (queries.length > 0 || !record.stopped)) {
    await registry.heat(host, now() + policy.heatSeconds * 1000);
  }

  const before = record.handling;
  const withdrawn = rule === policy.taskStopped && before ? before.asked : [];
  const inForce = await ledger.handled(snapshot.workload, snapshot.version, {
    ...(host ? { host } : {}),
    enrolled: enrolled || (before?.enrolled ?? false),
    asked: record.stopped ? [] : [...(before?.asked ?? []), ...queries.map(keyOf)],
    settleByMs: Math.max(before?.settleByMs ?? 0, ...queries.map((query) => query.expiresAtMs + ANSWER_GRACE_MS)),
  });
  // Superseded while we worked: the newer event decides what is asked, so what this one asked is taken back.
  if (!inForce) await queue.remove(queries.map(keyOf));
  else if (withdrawn.length > 0) await queue.remove(withdrawn);
  if (!inForce) return 'superseded';
  if (queries.length > 0) return 'asked';
  return host || !snapshot.subjects.length ? 'noted' : 'no-host';
}

/** The rule that a task's state calls for, if any: nothing is asked twice, and nothing about what was already seen. */
function ruleFor(record: WorkloadRecord, policy: Policy): Rule | undefined {
  const seen = new Set([...record.seenLive, ...record.seenPostMortem]);
  const open = record.subjects.filter((id) => !seen.has(id));
  if (open.length === 0) return undefined;
  if (record.stopped) return policy.taskStopped;
  const missedStart = WINDING_DOWN.has(record.lastStatus) && !record.handling?.asked.length;
  return record.lastStatus === 'RUNNING' || missedStart ? policy.taskRunning : undefined;
}

/** After RUNNING and before STOPPED. An event may get lost: then these ask what RUNNING would have asked. */
const WINDING_DOWN = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']);

function ask(event: TaskEvent, record: WorkloadRecord, rule: Rule, host: string, nowMs: number): PendingQuery[] {
  return queriesFor(rule, {
    host,
    key: `${record.workload} ${record.version}`,
    workload: record.workload,
    runtimeIds: record.subjects,
    decorations: record.identity,
    subjectDecorations: containerDecorations(record),
    triggeredAtMs: event.occurredAtMs,
    nowMs,
  });
}
