import { scopeOf } from '../arn.ts';
import { type AddressesSince, compareAddresses } from '../ledger/addresses.ts';
import type { AddressIndex, Ledger } from '../ledger/ledger.ts';
import type { Advance } from '../ledger/merge.ts';
import { type PendingKey, uniqueKeys } from '../ledger/pending-key.ts';
import { reviewAfterEnd } from '../ledger/review.ts';
import type { Handling, WorkloadRecord } from '../ledger/workload.ts';
import type { NodeDirectory } from '../nodes/directory.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { heatSecondsOf } from '../policy/rule-queries.ts';
import {
  type AskDeps,
  accelerate,
  type BoundQueries,
  enqueue,
  firstQueryOf,
  queriesFor,
  settleByMsOf,
} from '../queue/ask.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import { type TaskEvent, taskSnapshot } from './task.ts';
import type { TaskDefinitions } from './task-definitions.ts';
import { endSidecar, joinHost, type TaskHost, type TaskHostDeps, taskHostOf } from './task-host.ts';
import { causeOf, ruleQueriesFor, unseen } from './task-queries.ts';

export interface TaskDeps extends AskDeps, TaskHostDeps {
  readonly ledger: Ledger;
  readonly registry: AskDeps['registry'];
  readonly directory: Pick<NodeDirectory, 'remove'>;
  readonly policy: LivePolicy;
  readonly definitions: TaskDefinitions;
}

/** Outcome of one event, for the log and the metrics. */
export type TaskOutcome = 'stale' | 'noted' | 'queued' | 'no-host' | 'superseded';

/** What handling an event has done so far; kept when another writer changed the record and the event is handled again. */
interface Done {
  readonly queries: readonly PendingQuery[];
  /** Ids of the queries that were withdrawn before any poll took them. */
  readonly closes: readonly string[];
}

/**
 * Queues the queries for one task event. Safe under duplicates, reordering and crashes: the ledger's version is checked first,
 * ids derive from the task and its containers, and a version counts as handled only after its queries are queued.
 *
 * One write records the event and how it was handled. If another event was recorded since the read, this one is decided again.
 */
export async function handleTask(event: TaskEvent, deps: TaskDeps): Promise<TaskOutcome> {
  const { ledger, now } = deps;
  const snapshot = taskSnapshot(event, now(), await essentialsOf(event, deps));
  let done: Done = { queries: [], closes: [] };
  for (;;) {
    const advance = await ledger.prepare(snapshot);
    if (!advance) return stale(snapshot.workload, done, deps);
    const handled = await handleOnce(event, advance, done, deps).catch(async (error) => {
      // The ledger knows the event although its handling failed: the queue sends it again, or a sweep handles it.
      await ledger.commit(advance).catch(() => undefined);
      throw error;
    });
    if (typeof handled === 'string') {
      noteAccount(advance.record, event, deps);
      return handled;
    }
    done = handled;
    await superseded(advance.record, done.queries, deps);
  }
}

/** Handles an event on what the ledger knows. @returns what was done, if another writer changed the record meanwhile */
async function handleOnce(event: TaskEvent, advance: Advance, done: Done, deps: TaskDeps): Promise<TaskOutcome | Done> {
  const { ledger, now } = deps;
  const { record } = advance;
  const policy = await deps.policy();
  const taskHost = await taskHostOf(event.task, record, policy.policy.profiles, deps);
  const context = { record, taskHost, policy };
  const plan = planTask(event, context, now());
  // Answers and troubles change existing records only: a new workload that is asked about needs its record first.
  const isNew = !advance.known && !isQuiet(plan, context);
  if (isNew && !(await ledger.commit(advance))) return done;
  const queries = [...done.queries, ...(await ask(plan, context, deps))];
  const addressesSince = await indexAddressesOf(record, event, ledger);
  if (taskHost.hasEnded && unseen(record).length > 0) await ledger.recordTrouble(record.workload, 'host-gone');
  const closes = [...done.closes, ...(await withdraw(withdrawnOf(plan, context, queries), record, taskHost, deps))];
  if (taskHost.sidecar && record.stopped) await endSidecar(taskHost.sidecar, deps);
  const handling = { ...handlingOf(plan, context, queries, now()), addressesSince };
  await reviewAfterEnd(record, handling.settleByMs, deps);
  const isHandled = isNew
    ? await ledger.markHandled(record.workload, record.version, handling)
    : await ledger.commit(advance, { handling, closes });
  if (!isHandled) return { queries, closes };
  if (!taskHost.host && record.subjects.length > 0) return 'no-host';
  return queries.length > 0 ? 'queued' : 'noted';
}

/** Ends the handling of an event that another writer has handled, or superseded, meanwhile. */
async function stale(workload: string, { queries, closes }: Done, { ledger }: TaskDeps): Promise<TaskOutcome> {
  await ledger.closeQueries(workload, closes);
  return queries.length > 0 ? 'superseded' : 'stale';
}

/** Whether nothing has to be written about a task besides its record. */
const isQuiet = ({ fresh }: TaskPlan, { record, taskHost }: TaskContext): boolean =>
  fresh.queries.length + fresh.refusals.length === 0 && !(taskHost.hasEnded && unseen(record).length > 0);

/** Reports an event that came through another account than the task's own; it is handled under the task's ARN anyway. */
function noteAccount({ workload }: WorkloadRecord, { account }: TaskEvent, { report }: TaskDeps): void {
  if (account !== '' && scopeOf(workload).account !== account) report('account_differs', { workload, account });
}

/** What a task event is decided from: the record after it, the host of the task, the live policy. */
interface TaskContext {
  readonly record: WorkloadRecord;
  readonly taskHost: TaskHost;
  readonly policy: CompiledPolicy;
}

/** The queries of one task event, and the earlier ones that its end makes obsolete. */
interface TaskPlan {
  /** Queries to queue that were not queued before. */
  readonly fresh: BoundQueries;
  /** How long the rules accelerate the host's agent, in seconds. */
  readonly heatSeconds: number;
  readonly queryKeys: readonly PendingKey[];
  /** Those of `queryKeys` that are obsolete once the task has ended. */
  readonly late: readonly PendingKey[];
}

function planTask(event: TaskEvent, { record, taskHost, policy }: TaskContext, nowMs: number): TaskPlan {
  const { waitsFor, hasEnded, instanceFacts, alias } = taskHost;
  const matched = waitsFor && !hasEnded ? ruleQueriesFor(record, event.raw, policy, nowMs) : [];
  const queryKeys = uniqueKeys([...(record.handling?.queryKeys ?? []), ...record.lateQueries]);
  const known = new Set(queryKeys.map(({ queryId }) => queryId));
  const cause = { ...causeOf(event, record, instanceFacts), alias };
  const { queries, refusals } = queriesFor(waitsFor ?? '', matched, cause, nowMs);
  return {
    fresh: { queries: queries.filter(({ queryId }) => !known.has(queryId)), refusals },
    heatSeconds: heatSecondsOf(matched),
    queryKeys,
    // The end replaces undelivered live queries by the post-mortem set; they may have moved to another host meanwhile.
    late: record.stopped ? queryKeys.filter(({ set }) => set === 'last-gasp' || set === 'live') : [],
  };
}

/** Queues the planned queries. @returns the queued ones */
async function ask(
  { fresh, heatSeconds, late }: TaskPlan,
  {
    record: { workload, stopped, desiredStatus },
    taskHost: { host, waitsFor, poller, hotUntilMs },
    policy: { policy },
  }: TaskContext,
  deps: TaskDeps,
): Promise<PendingQuery[]> {
  const heat = poller ? heatSeconds : 0;
  const withdrawn = new Set(late.map(({ queryId }) => queryId));
  const options = { limits: policy.limits, heatSeconds: heat, hotUntilMs, workload, withdrawn };
  const queries = waitsFor ? await enqueue(waitsFor, fresh, options, deps) : [];
  if (!host && waitsFor && queries.length > 0) await joinHost(waitsFor, deps);
  // A starting task accelerates its host too, so that the agent polls fast by the time the container exists.
  const isStarting = !stopped && desiredStatus !== 'STOPPED';
  if (host && poller && isStarting && policy.heatSeconds > heat)
    await accelerate(host, policy.heatSeconds, hotUntilMs, deps);
  return queries;
}

/**
 * The queries to withdraw at the end. A live query that could still prove something is kept unless another replaces it or no
 * agent is left.
 */
function withdrawnOf(
  { late }: TaskPlan,
  { record, taskHost: { hasEnded } }: TaskContext,
  queries: readonly PendingQuery[],
): PendingKey[] {
  const isReplaced = hasEnded || unseen(record).length === 0 || queries.some(({ evidence }) => evidence);
  return late.filter(({ set }) => set === 'last-gasp' || isReplaced);
}

/** Removes pending queries. @returns the ids of those that no poll had taken and whose answer was awaited */
async function withdraw(
  keys: readonly PendingKey[],
  record: WorkloadRecord,
  { host, waitsFor }: TaskHost,
  { queue }: TaskDeps,
): Promise<string[]> {
  if (keys.length === 0) return [];
  const isOpen = ({ queryId, answerByMs }: PendingKey): boolean =>
    answerByMs !== undefined && !record.closed.includes(queryId);
  // Most of them have been taken, and a read costs far less than a delete for each.
  const pending = waitsFor ? await queue.waitingIds(waitsFor, 0, true) : new Set<string>();
  const moved = keys.flatMap((key) => (host && key.host !== host ? [{ ...key, host }] : []));
  const left = [...keys, ...moved].filter((key) => key.host !== waitsFor || pending.has(key.queryId));
  await queue.remove(left);
  // A pending query was never delivered: once it is withdrawn, no answer to it can arrive.
  return keys.flatMap((key) => (isOpen(key) && pending.has(key.queryId) ? [key.queryId] : []));
}

function handlingOf(
  { queryKeys }: TaskPlan,
  { record: { handling: before }, taskHost: { host, instanceFacts, poller, hasEnded, isEnrolled } }: TaskContext,
  queries: readonly PendingQuery[],
  nowMs: number,
): Handling {
  return {
    host,
    instanceFacts,
    enrolled: isEnrolled || (before?.enrolled ?? false),
    queryKeys: uniqueKeys([...queryKeys, ...queries.map(keyOf)]),
    settleByMs: hasEnded ? nowMs : Math.max(before?.settleByMs ?? 0, settleByMsOf(queries)),
    ...firstQueryOf(before, queries, poller),
  };
}

/**
 * Records the queries of an event that another writer overtook, so that the end of the task withdraws them. If it has ended
 * already, this withdraws them: both sides write first and then read what the other wrote.
 */
async function superseded(
  { workload, stopped }: WorkloadRecord,
  queries: readonly PendingQuery[],
  { ledger, queue }: TaskDeps,
): Promise<void> {
  if (queries.length === 0) return;
  const keys = queries.map(keyOf);
  await ledger.addLateQueries(workload, keys);
  const [newer] = await ledger.read([workload]);
  if (!newer?.stopped || stopped) return;
  await queue.remove(keys);
  await ledger.closeQueries(
    workload,
    keys.flatMap(({ queryId, answerByMs }) => (answerByMs === undefined ? [] : [queryId])),
  );
}

/** When an older task ends, its addresses are indexed again. Otherwise the entries would expire before the record. */
const LONG_LIFE_MS = 24 * 3_600_000;

/** Indexes the task under its addresses. @returns each address with the time from which the task has it */
async function indexAddressesOf(
  record: WorkloadRecord,
  { task, occurredAtMs }: TaskEvent,
  ledger: AddressIndex,
): Promise<AddressesSince> {
  // A task gets its addresses before its images are pulled. Without that time, a task that was already recorded without
  // addresses got them with this event.
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

/** Names of the essential containers; not looked up for a task of one container, which is essential. */
async function essentialsOf({ task }: TaskEvent, { definitions }: TaskDeps): Promise<ReadonlySet<string> | undefined> {
  const isNamed = task.taskDefinitionArn !== '';
  return isNamed && task.containers.length > 1 ? definitions.essentialContainers(task.taskDefinitionArn) : undefined;
}
