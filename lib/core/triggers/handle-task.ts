import type { WorkloadRecord } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import { asIfRunning, type CompiledPolicy } from '../policy/compiled-policy.ts';
import { isStopSignal } from '../policy/ending.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { type AskDeps, type Cause, enqueue, firstAskedOf, questions, settleByMsOf } from '../queue/ask.ts';
import { type Asking, askingOf, heatSecondsOf, lastGaspOf, postMortemOf } from '../queue/asking.ts';
import { moveWaiting } from '../queue/move.ts';
import { keyOf } from '../queue/pending-query.ts';
import type { ContainerHosts } from './container-hosts.ts';
import { deadlineOf } from './deadline.ts';
import { containerDecorations, type TaskEvent, taskSnapshot } from './task.ts';
import type { TaskDefinitions } from './task-definitions.ts';

export interface TaskDeps extends AskDeps {
  readonly hosts: ContainerHosts;
  readonly policy: LivePolicy;
  readonly definitions: TaskDefinitions;
}

/** What one event came to, for the log and the metrics. */
export type TaskOutcome = 'stale' | 'noted' | 'asked' | 'no-host' | 'superseded';

/**
 * Turns one task event into queries. Safe under duplicates, reordering and crashes: the ledger's version decides
 * first, ids come from the task and its containers, and a version counts as handled only after its queries are queued.
 */
export async function handleTask(event: TaskEvent, deps: TaskDeps): Promise<TaskOutcome> {
  const { ledger, queue, registry, now } = deps;
  const receivedAtMs = now();
  const record = await ledger.advance(taskSnapshot(event, receivedAtMs, await essentialsOf(event, deps)));
  if (!record) return 'stale';
  const { workload, version, handling: before } = record;
  const compiled = await deps.policy();
  const { limits, heatSeconds } = compiled.policy;

  // Where ECS has forgotten a container instance, the task still ran where it ran.
  const host = (await deps.hosts.hostOf(event.task.clusterArn, event.task.containerInstanceArn)) ?? before?.host;
  // An instance that nobody knows yet may be known in a moment: its events overtake each other. Queries wait under its ARN.
  const waitsFor = host ?? event.task.containerInstanceArn;
  const node = host === undefined ? undefined : await registry.find(host);
  const hasEnded = node?.endedAtMs !== undefined; // nobody will ever answer for this host again
  const enrolled = lives(node, now());
  const askings = waitsFor && !hasEnded ? askingsFor(record, event.raw, compiled, now()) : [];
  const known = new Set(before?.asked.map(({ queryId }) => queryId));
  const wanted = questions(waitsFor ?? '', askings, causeOf(event, record), now());
  const fresh = { ...wanted, queries: wanted.queries.filter(({ queryId }) => !known.has(queryId)) };
  const heat = heatSecondsOf(askings);
  const queries = waitsFor ? await enqueue(waitsFor, fresh, limits, enrolled ? heat : 0, deps, workload) : [];
  if (!host && waitsFor && queries.length > 0) await joinHost(waitsFor, deps);
  if (hasEnded && unseen(record).length > 0) await ledger.troubled(workload, 'host-gone');
  // A starting task heats its host too: the agent then polls fast by the time the container exists.
  if (host && enrolled && !record.stopped && heatSeconds > heat) await registry.heat(host, now() + heatSeconds * 1000);

  // Its end turns live queries that nobody took into the post-mortem set; they may have moved since they were asked.
  const isAnswered = queries.length > 0 || unseen(record).length === 0;
  const late = (before?.asked ?? []).filter(({ set }) => set === 'last-gasp' || (set === 'live' && isAnswered));
  if (record.stopped && late.length > 0) {
    await queue.remove([...late, ...late.flatMap((key) => (host && key.host !== host ? [{ ...key, host }] : []))]);
  }
  const inForce = await ledger.handled(workload, version, {
    ...(host ? { host } : {}),
    enrolled: enrolled || hasEnded || (before?.enrolled ?? false),
    asked: [...(before?.asked ?? []), ...queries.map(keyOf)],
    settleByMs: hasEnded ? now() : Math.max(before?.settleByMs ?? 0, settleByMsOf(queries)),
    ...firstAskedOf(before, queries),
  });
  if (!inForce) {
    // Superseded while we worked: by its end, which wants no live queries; else by an event that asks the same, under the same ids.
    const [newer] = await ledger.read([workload]);
    if (newer?.stopped && !record.stopped) await queue.remove(queries.map(keyOf));
    return 'superseded';
  }
  if (!host && record.subjects.length > 0) return 'no-host';
  return queries.length > 0 ? 'asked' : 'noted';
}

/** The essential containers of a task that has others; a task of one container cannot do without it. */
async function essentialsOf({ task }: TaskEvent, { definitions }: TaskDeps): Promise<ReadonlySet<string> | undefined> {
  return task.containers.length > 1 ? definitions.essentialContainers(task.taskDefinitionArn) : undefined;
}

/**
 * Whoever learns a container instance from its event moves what waits under its ARN; whoever queues there looks again.
 * Both write first and then read what the other wrote, so one of them sees it.
 */
async function joinHost(containerInstanceArn: string, { hosts, queue }: TaskDeps): Promise<void> {
  const host = await hosts.news(containerInstanceArn);
  if (host) await moveWaiting(containerInstanceArn, host, queue);
}

const unseen = ({ subjects, seenLive, seenPostMortem }: WorkloadRecord): string[] =>
  subjects.filter((id) => !seenLive.includes(id) && !seenPostMortem.includes(id));

/** After RUNNING and before STOPPED. An event may get lost: then these ask what RUNNING would have asked. */
const WINDING_DOWN = new Set(['DEACTIVATING', 'STOPPING', 'DEPROVISIONING']);

/** What the policy asks about a task in this state; once all its containers were seen, only the last gasp. */
function askingsFor(record: WorkloadRecord, raw: unknown, policy: CompiledPolicy, nowMs: number): Asking[] {
  const secondsLeft = Math.floor((deadlineOf(record.occurredAtMs, nowMs) - nowMs) / 1000);
  const lastGasps = isStopSignal(record) ? policy.lastGaspRules(raw).map((rule) => lastGaspOf(rule, secondsLeft)) : [];
  if (record.subjects.length > 0 && unseen(record).length === 0) return lastGasps;
  const onHost = (asking: Asking): boolean => asking.rule.target === 'ecs-task-host';
  if (record.stopped) {
    // Of a rule on any state that has both sets, the post-mortem one takes the other's place.
    const rules = policy.eventRules(raw).filter((rule) => rule.postMortem.length === 0);
    const ended = rules.map((rule) => askingOf(rule, 'post-mortem'));
    return [...ended, ...policy.postMortemRules(raw).map(postMortemOf)].filter(onHost);
  }
  const missedStart = WINDING_DOWN.has(record.lastStatus) && !record.handling?.asked.some(({ set }) => set === 'live');
  const live = policy
    .eventRules(missedStart ? asIfRunning(raw) : raw)
    .map((rule) => askingOf(rule, 'live'))
    .filter(onHost);
  return [...lastGasps, ...live];
}

const causeOf = (event: TaskEvent, record: WorkloadRecord): Cause => ({
  key: `${record.workload} ${[...record.subjects].sort().join(' ')}`,
  trigger: event.raw,
  workload: record.workload,
  subjects: record.subjects,
  decorations: record.identity,
  subjectDecorations: containerDecorations(record),
  triggeredAtMs: event.occurredAtMs,
  receivedAtMs: record.receivedAtMs,
  toldBy: record.toldBy,
});
