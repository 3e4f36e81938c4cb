import { scopeOf } from '../arn.ts';
import type { Decorations } from '../decorations.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import { type AddressesSince, compareAddresses } from '../ledger/addresses.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { AddressIndex, Ledger } from '../ledger/ledger.ts';
import { type PendingKey, uniqueKeys } from '../ledger/pending-key.ts';
import { reviewAfterEnd } from '../ledger/review.ts';
import type { Handling, Poller, WorkloadRecord } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import { pollerOf } from '../nodes/poller.ts';
import type { Aliases } from '../nodes/registry.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import type { Profile } from '../policy/policy.ts';
import { heatSecondsOf } from '../policy/rule-queries.ts';
import { type AskDeps, type BoundQueries, enqueue, firstQueryOf, queriesFor, settleByMsOf } from '../queue/ask.ts';
import { moveWaiting } from '../queue/move.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import type { ContainerHosts } from './container-hosts.ts';
import { type TaskEvent, taskSnapshot } from './task.ts';
import type { TaskDefinitions } from './task-definitions.ts';
import { askingsFor, causeOf, unseen } from './task-questions.ts';

export interface TaskDeps extends AskDeps {
  readonly ledger: Ledger;
  readonly hosts: ContainerHosts;
  readonly aliases: Aliases;
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
  const { ledger, now } = deps;
  const record = await ledger.advance(taskSnapshot(event, now(), await essentialsOf(event, deps)));
  if (!record) return 'stale';
  noteAccount(record, event, deps);
  const policy = await deps.policy();
  const site = await taskHostOf(event.task, record.handling, policy.policy.profiles, deps);
  const plan = planTask(record, event, site, policy, now());
  const queries = await ask(plan, record, site, policy, deps);
  const addressesSince = await noteAddresses(record, event, ledger);
  if (site.hasEnded && unseen(record).length > 0) await ledger.recordTrouble(record.workload, 'host-gone');
  await takeBack(withdrawnOf(plan, record, queries), record, site, deps);
  const handling = handlingOf(plan, record, site, queries, now());
  await reviewAfterEnd(record, handling.settleByMs, deps);
  if (!(await ledger.markHandled(record.workload, record.version, { ...handling, addressesSince })))
    return superseded(record, queries, deps);
  if (!site.host && record.subjects.length > 0) return 'no-host';
  return queries.length > 0 ? 'asked' : 'noted';
}

/** Events of a task may come through another account than its own: it is handled under its ARN all the same. */
function noteAccount({ workload }: WorkloadRecord, { account }: TaskEvent, { report }: TaskDeps): void {
  if (account !== '' && scopeOf(workload).account !== account) report('account_differs', { workload, account });
}

/** What one event of a task wants to ask, and what becomes of what was asked before. */
interface TaskPlan {
  /** What is to be asked now, and was not asked before. */
  readonly fresh: BoundQueries;
  /** How long the rules want the host's agent to poll fast, in seconds. */
  readonly heatSeconds: number;
  readonly queryKeys: readonly PendingKey[];
  /** Of these, those that are of no use once the task has ended. */
  readonly late: readonly PendingKey[];
}

function planTask(
  record: WorkloadRecord,
  event: TaskEvent,
  { waitsFor, hasEnded, instanceFacts, alias }: TaskHost,
  policy: CompiledPolicy,
  nowMs: number,
): TaskPlan {
  const ruleQueries = waitsFor && !hasEnded ? askingsFor(record, event.raw, policy, nowMs) : [];
  const queryKeys = uniqueKeys([...(record.handling?.queryKeys ?? []), ...record.lateQueries]);
  const known = new Set(queryKeys.map(({ queryId }) => queryId));
  const cause = { ...causeOf(event, record, instanceFacts), alias };
  const { queries, refusals } = queriesFor(waitsFor ?? '', ruleQueries, cause, nowMs);
  return {
    fresh: { queries: queries.filter(({ queryId }) => !known.has(queryId)), refusals },
    heatSeconds: heatSecondsOf(ruleQueries),
    queryKeys,
    // Its end turns live queries that nobody took into the post-mortem set; they may have moved since they were asked.
    late: record.stopped ? queryKeys.filter(({ set }) => set === 'last-gasp' || set === 'live') : [],
  };
}

/** @returns the queries that wait now */
async function ask(
  { fresh, heatSeconds, late }: TaskPlan,
  { workload, stopped }: WorkloadRecord,
  { host, waitsFor, poller }: TaskHost,
  { policy }: CompiledPolicy,
  deps: TaskDeps,
): Promise<PendingQuery[]> {
  const heat = poller ? heatSeconds : 0;
  const leaving = new Set(late.map(({ queryId }) => queryId));
  const options = { limits: policy.limits, heatSeconds: heat, workload, leaving };
  const queries = waitsFor ? await enqueue(waitsFor, fresh, options, deps) : [];
  if (!host && waitsFor && queries.length > 0) await joinHost(waitsFor, deps);
  // A starting task heats its host too: the agent then polls fast by the time the container exists.
  if (host && poller && !stopped && policy.heatSeconds > heat)
    await deps.registry.accelerate(host, deps.now() + policy.heatSeconds * 1000);
  return queries;
}

/** What to take back at the end: a live query that could still prove something stays, unless another takes its place. */
function withdrawnOf({ late }: TaskPlan, record: WorkloadRecord, queries: readonly PendingQuery[]): PendingKey[] {
  const isReplaced = unseen(record).length === 0 || queries.some(({ evidence }) => evidence);
  return late.filter(({ set }) => set === 'last-gasp' || isReplaced);
}

async function takeBack(
  keys: readonly PendingKey[],
  record: WorkloadRecord,
  { host, waitsFor }: TaskHost,
  { queue, ledger, now }: TaskDeps,
): Promise<void> {
  if (keys.length === 0) return;
  const isOpen = ({ queryId, answerByMs }: PendingKey): boolean =>
    answerByMs !== undefined && !record.closed.includes(queryId);
  // What still waits was handed to nobody: once it is taken back, no answer to it can come.
  const waiting = waitsFor && keys.some(isOpen) ? await queue.waitingIds(waitsFor, now()) : new Set<string>();
  const moved = keys.flatMap((key) => (host && key.host !== host ? [{ ...key, host }] : []));
  await queue.remove([...keys, ...moved]);
  const closed = keys.filter((key) => isOpen(key) && waiting.has(key.queryId));
  await ledger.closeQueries(
    record.workload,
    closed.map(({ queryId }) => queryId),
  );
}

function handlingOf(
  { queryKeys }: TaskPlan,
  { handling: before }: WorkloadRecord,
  { host, instanceFacts, poller, hasEnded }: TaskHost,
  queries: readonly PendingQuery[],
  nowMs: number,
): Handling {
  return {
    host,
    instanceFacts,
    enrolled: poller !== undefined || hasEnded || (before?.enrolled ?? false),
    queryKeys: uniqueKeys([...queryKeys, ...queries.map(keyOf)]),
    settleByMs: hasEnded ? nowMs : Math.max(before?.settleByMs ?? 0, settleByMsOf(queries)),
    ...firstQueryOf(before, queries, poller),
  };
}

/**
 * Superseded while we worked: by its end, which wants no live queries; else by an event that asks the same, or about more.
 * Each side writes first and then reads what the other wrote, so one of them takes them back at the end.
 */
async function superseded(
  { workload, stopped }: WorkloadRecord,
  queries: readonly PendingQuery[],
  { ledger, queue }: TaskDeps,
): Promise<'superseded'> {
  const keys = queries.map(keyOf);
  await ledger.addLateQueries(workload, keys);
  const [newer] = await ledger.read([workload]);
  if (!newer?.stopped || stopped) return 'superseded';
  await queue.remove(keys);
  await ledger.closeQueries(
    workload,
    keys.flatMap(({ queryId, answerByMs }) => (answerByMs === undefined ? [] : [queryId])),
  );
  return 'superseded';
}

/** Where a task runs, and who could answer there. */
interface TaskHost {
  readonly host?: string;
  /** Its instance's id, where the host goes by another name. */
  readonly alias?: string;
  /** Under what its queries wait: its host, or the container instance of which nobody knows the host yet. */
  readonly waitsFor?: string;
  /** The agent that lives there. */
  readonly poller?: Poller;
  /** Nobody will ever answer for this host again. */
  readonly hasEnded: boolean;
  readonly instanceFacts?: Decorations;
}

async function taskHostOf(
  { clusterArn, containerInstanceArn }: TaskEvent['task'],
  before: Handling | undefined,
  profiles: readonly Profile[],
  deps: TaskDeps,
): Promise<TaskHost> {
  const { hosts, ledger, now } = deps;
  const runsOn = await hosts.instanceOf(clusterArn, containerInstanceArn);
  // Where ECS has forgotten a container instance, the task still ran where it ran.
  const name = runsOn ?? before?.instanceFacts?.instance_id ?? before?.host;
  const [found, [instance] = []] = await Promise.all([
    name === undefined ? undefined : resolveHost(name, deps),
    runsOn === undefined ? undefined : ledger.read([runsOn]),
  ]);
  const node = found?.node;
  return {
    host: found?.host,
    alias: found?.alias,
    // An instance that nobody knows yet may be known in a moment: its events overtake each other.
    waitsFor: found?.host ?? containerInstanceArn,
    poller: lives(node, now()) ? pollerOf(node, profiles, now()) : undefined,
    hasEnded: node?.endedAtMs !== undefined || instance?.stopped === true,
    instanceFacts: instanceBehind(runsOn, instance, before?.instanceFacts),
  };
}

/** What is known of the instance behind a task: at first only its id, as its image and tags are learned a little later. */
function instanceBehind(
  runsOn: string | undefined,
  instance: WorkloadRecord | undefined,
  before: Decorations | undefined,
): Decorations | undefined {
  if (before?.ami_id || !runsOn) return before;
  return instance ? instanceDecorations(instance) : { instance_id: runsOn };
}

/** From here on the end of a life says again what the first event of it said: its addresses would be forgotten before it. */
const LONG_LIFE_MS = 24 * 3_600_000;

/** Lets people find the task by its addresses. @returns since when it has which */
async function noteAddresses(
  record: WorkloadRecord,
  { task, occurredAtMs }: TaskEvent,
  ledger: AddressIndex,
): Promise<AddressesSince> {
  // Its network is there before anything is pulled. Of a task we have heard of without, it came with this event.
  const ownMs = task.pullStartedAt ?? (record.handling ? occurredAtMs : (task.startedAt ?? task.createdAt));
  const { current, gained } = compareAddresses(
    record.identity,
    record.addressesSince,
    Math.min(ownMs ?? occurredAtMs, record.receivedAtMs),
  );
  if (Object.keys(gained).length > 0) await ledger.indexAddresses(record, gained);
  else if (record.stopped && record.receivedAtMs - record.firstReceivedAtMs > LONG_LIFE_MS)
    await ledger.indexAddresses(record, current);
  return current;
}

/** The essential containers of a task that has others; a task of one container cannot do without it. */
async function essentialsOf({ task }: TaskEvent, { definitions }: TaskDeps): Promise<ReadonlySet<string> | undefined> {
  const isNamed = task.taskDefinitionArn !== '';
  return isNamed && task.containers.length > 1 ? definitions.essentialContainers(task.taskDefinitionArn) : undefined;
}

/**
 * Whoever learns a container instance from its event moves what waits under its ARN; whoever queues there looks again.
 * Both write first and then read what the other wrote, so one of them sees it.
 */
async function joinHost(containerInstanceArn: string, deps: TaskDeps): Promise<void> {
  const instance = await deps.hosts.news(containerInstanceArn);
  if (instance) await moveWaiting(containerInstanceArn, (await resolveHost(instance, deps)).host, deps);
}
