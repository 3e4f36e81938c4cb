import { placeOf } from '../arn.ts';
import { movesOf, type Stays } from '../ledger/addresses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { machineOf } from '../ledger/machine.ts';
import { tellOfEnd } from '../ledger/review.ts';
import type { Handling, Poller, WorkloadRecord } from '../ledger/workload.ts';
import { hostOf } from '../nodes/host-of.ts';
import { lives } from '../nodes/node.ts';
import { pollerOf } from '../nodes/poller.ts';
import type { Aliases } from '../nodes/registry.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import type { Profile } from '../policy/policy.ts';
import { type AskDeps, enqueue, firstAskedOf, questions, settleByMsOf } from '../queue/ask.ts';
import { heatSecondsOf } from '../queue/asking.ts';
import { moveWaiting } from '../queue/move.ts';
import { type Decorations, keyOf, uniqueKeys } from '../queue/pending-query.ts';
import type { ContainerHosts } from './container-hosts.ts';
import { type TaskEvent, taskSnapshot } from './task.ts';
import type { TaskDefinitions } from './task-definitions.ts';
import { askingsFor, causeOf, unseen } from './task-questions.ts';

export interface TaskDeps extends AskDeps {
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
  const { ledger, queue, registry, now } = deps;
  const receivedAtMs = now();
  const record = await ledger.advance(taskSnapshot(event, receivedAtMs, await essentialsOf(event, deps)));
  if (!record) return 'stale';
  const { workload, version, handling: before } = record;
  if (event.account !== '' && placeOf(workload).account !== event.account)
    deps.report('account_differs', { workload, account: event.account });
  const compiled = await deps.policy();
  const { limits, heatSeconds, profiles } = compiled.policy;
  const { host, alias, waitsFor, poller, hasEnded, machine } = await siteOf(event.task, before, profiles, deps);
  const enrolled = poller !== undefined;

  const askings = waitsFor && !hasEnded ? askingsFor(record, event.raw, compiled, now()) : [];
  const asked = uniqueKeys([...(before?.asked ?? []), ...record.alsoAsked]);
  const known = new Set(asked.map(({ queryId }) => queryId));
  const cause = { ...causeOf(event, record, machine), alias };
  const wanted = questions(waitsFor ?? '', askings, cause, now());
  const fresh = { ...wanted, queries: wanted.queries.filter(({ queryId }) => !known.has(queryId)) };
  const heat = heatSecondsOf(askings);
  // Its end turns live queries that nobody took into the post-mortem set; they may have moved since they were asked.
  const late = record.stopped ? asked.filter(({ set }) => set === 'last-gasp' || set === 'live') : [];
  const leaving = new Set(late.map(({ queryId }) => queryId));
  const queries = waitsFor ? await enqueue(waitsFor, fresh, limits, enrolled ? heat : 0, deps, workload, leaving) : [];
  if (!host && waitsFor && queries.length > 0) await joinHost(waitsFor, deps);
  const stays = await noteAddresses(record, event, ledger);
  if (hasEnded && unseen(record).length > 0) await ledger.troubled(workload, 'host-gone');
  // A starting task heats its host too: the agent then polls fast by the time the container exists.
  if (host && enrolled && !record.stopped && heatSeconds > heat) await registry.heat(host, now() + heatSeconds * 1000);

  // A live query that could still prove something stays, unless another one that can takes its place.
  const isReplaced = unseen(record).length === 0 || queries.some(({ evidence }) => evidence);
  const withdrawn = late.filter(({ set }) => set === 'last-gasp' || isReplaced);
  const moved = withdrawn.flatMap((key) => (host && key.host !== host ? [{ ...key, host }] : []));
  if (withdrawn.length > 0) await queue.remove([...withdrawn, ...moved]);
  const settleByMs = hasEnded ? now() : Math.max(before?.settleByMs ?? 0, settleByMsOf(queries));
  await tellOfEnd(record, settleByMs, deps);
  const inForce = await ledger.handled(workload, version, {
    ...(host ? { host } : {}),
    ...(machine ? { machine } : {}),
    enrolled: enrolled || hasEnded || (before?.enrolled ?? false),
    asked: uniqueKeys([...asked, ...queries.map(keyOf)]),
    settleByMs,
    stays,
    ...firstAskedOf(before, queries, poller),
  });
  if (!inForce) {
    // Superseded while we worked: by its end, which wants no live queries; else by an event that asks the same, or about
    // more. Each side writes first and then reads what the other wrote, so one of them takes them back at the end.
    await ledger.alsoAsked(workload, queries.map(keyOf));
    const [newer] = await ledger.read([workload]);
    if (newer?.stopped && !record.stopped) await queue.remove(queries.map(keyOf));
    return 'superseded';
  }
  if (!host && record.subjects.length > 0) return 'no-host';
  return queries.length > 0 ? 'asked' : 'noted';
}

/** Where a task runs, and who could answer there. */
interface Site {
  readonly host?: string;
  /** Its instance's id, where the host goes by another name. */
  readonly alias?: string;
  /** Under what its queries wait: its host, or the container instance of which nobody knows the host yet. */
  readonly waitsFor?: string;
  /** The agent that lives there. */
  readonly poller?: Poller;
  /** Nobody will ever answer for this host again. */
  readonly hasEnded: boolean;
  readonly machine?: Decorations;
}

async function siteOf(
  { clusterArn, containerInstanceArn }: TaskEvent['task'],
  before: Handling | undefined,
  profiles: readonly Profile[],
  deps: TaskDeps,
): Promise<Site> {
  const { hosts, ledger, now } = deps;
  const runsOn = await hosts.instanceOf(clusterArn, containerInstanceArn);
  // Where ECS has forgotten a container instance, the task still ran where it ran.
  const name = runsOn ?? before?.machine?.instance_id ?? before?.host;
  const [found, [instance] = []] = await Promise.all([
    name === undefined ? undefined : hostOf(name, deps),
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
    machine: machineBehind(runsOn, instance, before?.machine),
  };
}

/** What is known of the instance behind a task: at first only its id, as its image and tags are learned a little later. */
function machineBehind(
  runsOn: string | undefined,
  instance: WorkloadRecord | undefined,
  before: Decorations | undefined,
): Decorations | undefined {
  if (before?.ami_id || !runsOn) return before;
  return instance ? machineOf(instance) : { instance_id: runsOn };
}

/** From here on the end of a life says again what the first event of it said: its addresses would be forgotten before it. */
const LONG_LIFE_MS = 24 * 3_600_000;

/** Lets people find the task by its addresses. @returns since when it has which */
async function noteAddresses(
  record: WorkloadRecord,
  { task, occurredAtMs }: TaskEvent,
  ledger: Ledger,
): Promise<Stays> {
  // Its network is there before anything is pulled. Of a task we have heard of without, it came with this event.
  const ownMs = task.pullStartedAt ?? (record.handling ? occurredAtMs : (task.startedAt ?? task.createdAt));
  const { stays, came } = movesOf(record.identity, record.stays, Math.min(ownMs ?? occurredAtMs, record.receivedAtMs));
  if (Object.keys(came).length > 0) await ledger.came(record, came);
  else if (record.stopped && record.receivedAtMs - record.firstReceivedAtMs > LONG_LIFE_MS)
    await ledger.came(record, stays);
  return stays;
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
  if (instance) await moveWaiting(containerInstanceArn, (await hostOf(instance, deps)).host, deps);
}
