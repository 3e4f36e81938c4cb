import type { Sightings } from '../ledger/ledger.ts';
import type { DeliveredQuery, Delivery } from './delivery.ts';
import type { HostPartition, HostQueue } from './host-queue.ts';
import { awaitedIn, type OfferedQuery, offered, offersOf, unanswered, waitingFor } from './offers.ts';
import { keyOf } from './pending-query.ts';
import { type DrainLimits, type DrainPlan, defaultLimits, planDrain } from './plan-drain.ts';

/** A delivered query that will not be offered again. */
export interface GivenUp {
  readonly query: DeliveredQuery;
  readonly position: number;
  /** `agent-silent`: the agent stopped polling before another try. `unanswered`: it kept polling and did not answer. */
  readonly reason: 'unanswered' | 'agent-silent';
  readonly times: number; // how often it was offered
  readonly alone: number; // how often it was the only query of the offer
}

export interface DrainDeps {
  readonly queue: HostQueue;
  readonly ledger: Sightings;
  /** Records that queries are given up; false if the next poll has to try again. */
  readonly giveUp: (delivery: Delivery, queries: readonly GivenUp[]) => Promise<boolean>;
  /** @default defaultLimits */
  readonly limits?: DrainLimits;
}

/** The outcome of one poll. */
export interface Drained {
  /** The queries for the node, possibly none. */
  readonly queries: readonly OfferedQuery[];
  /** How many queries were pending, including those in this reply. */
  readonly waiting: number;
  /** How long the oldest of them was pending since the node enrolled, ms; 0 if none was pending. */
  readonly longestWaitMs: number;
  /** Whether some queries are left for another poll. */
  readonly isMore: boolean;
  /** Whether another poll took the queries of the new delivery. */
  readonly isOvertaken: boolean;
}

/**
 * Answers one poll with the queries for the node. An idle partition costs no write.
 *
 * The order of writes makes it crash-safe: claim, write the delivery, remove the pending queries. The claim names the
 * queries, so a concurrent poll does not take them. After a crash behind the claim, they are free again when the claim
 * ends. After a crash behind the delivery, the next poll finds them in it and removes the pending copies.
 */
export async function drain(partition: HostPartition, nowMs: number, deps: DrainDeps): Promise<Drained> {
  const { queue, ledger, limits = defaultLimits } = deps;
  const plan = planDrain(partition, nowMs, limits);
  const queries = await offerAgain(plan, nowMs, queue, limits);
  const isTaken = plan.fresh !== undefined && (await deliver(plan.fresh, partition, nowMs, deps));
  if (plan.fresh && isTaken) queries.push(...offered(plan.fresh, 0, [...plan.fresh.queries.keys()]));

  for (const { workload, evidence, queryId } of plan.expired)
    await ledger.recordTrouble(workload, 'expired', evidence ? [queryId] : []);
  const taken = new Set(isTaken ? plan.fresh?.queries.flatMap(queryIdsOf) : []);
  const gone = [...plan.leftover, ...plan.expired, ...partition.pending.filter((query) => taken.has(query.queryId))];
  if (gone.length > 0) await queue.remove(gone.map(keyOf));
  for (const delivery of plan.spent) {
    const givenUp = givenUpOf(delivery, nowMs, limits.attempts);
    if (givenUp.length > 0 && !(await deps.giveUp(delivery, givenUp))) continue;
    await closeSilent(delivery, ledger);
    await queue.retire(delivery);
  }

  const { waiting, isMore } = plan;
  const sinceMs = Math.max(Math.min(...waiting.map(({ queuedAtMs }) => queuedAtMs)), partition.node?.enrolledAtMs ?? 0);
  const isOvertaken = plan.fresh !== undefined && !isTaken;
  return { queries, waiting: waiting.length, longestWaitMs: Math.max(0, nowMs - sinceMs), isMore, isOvertaken };
}

/** Offers delivered queries again, under new wire ids. */
async function offerAgain(
  { repeats, again }: DrainPlan,
  nowMs: number,
  queue: HostQueue,
  { leaseMs }: DrainLimits,
): Promise<OfferedQuery[]> {
  const queries: OfferedQuery[] = [];
  for (const { delivery, positions } of repeats) {
    const number = await queue.offerAgain(delivery, { atMs: nowMs, positions, isRepeat: true });
    if (number !== undefined) queries.push(...offered(delivery, number, positions));
  }
  if (again) {
    const { delivery, positions } = again;
    const number = await queue.offerAgain(delivery, { atMs: nowMs, positions }, nowMs + leaseMs);
    if (number !== undefined) queries.push(...offered(delivery, number, positions));
  }
  return queries;
}

/** Claims the queries of a new delivery and writes it; false if another poll was first. */
async function deliver(
  fresh: Delivery,
  { node }: HostPartition,
  nowMs: number,
  { queue, ledger, limits = defaultLimits }: DrainDeps,
): Promise<boolean> {
  const ids = fresh.queries.flatMap(queryIdsOf);
  const held = Object.entries(node?.taken ?? {}).filter(([, untilMs]) => untilMs > nowMs);
  const taken = Object.fromEntries([...held, ...ids.map((id) => [id, nowMs + limits.claimMs] as const)]);
  if (!(await queue.claim(fresh.host, node?.rev ?? 0, taken))) return false;
  await queue.deliver(fresh);
  const workloads = new Set(fresh.queries.flatMap(({ askers }) => askers.flatMap(({ workload }) => workload ?? [])));
  await Promise.all([...workloads].map((workload) => ledger.recordDelivery(workload, nowMs)));
  return true;
}

const queryIdsOf = ({ askers }: DeliveredQuery): string[] => askers.map(({ queryId }) => queryId);

/**
 * Closes queries with discovery and evidence that end without an answer. If other queries of the same offer were answered,
 * the node skipped this one, which counts as an answer without rows. Otherwise silence proves nothing.
 */
async function closeSilent(delivery: Delivery, ledger: Sightings): Promise<void> {
  const awaited = awaitedIn(delivery);
  for (const position of unanswered(delivery)) {
    const query = delivery.queries[position];
    if (query?.discovery === undefined || !query.evidence) continue;
    for (const { workload, queryId } of waitingFor(delivery, query)) {
      if (workload === undefined) continue;
      if (awaited.includes(position)) await ledger.closeQueries(workload, [queryId]);
      else await ledger.recordTrouble(workload, 'no-row', [queryId]);
    }
  }
}

/**
 * The queries of a spent delivery that end without an answer. Queries with discovery are left out, because the node may have
 * skipped them.
 */
function givenUpOf(delivery: Delivery, nowMs: number, attempts: number): GivenUp[] {
  return unanswered(delivery).flatMap((position) => {
    const query = delivery.queries[position];
    if (!query || query.discovery !== undefined) return [];
    const askers = waitingFor(delivery, query);
    if (askers.length === 0 && query.askers.length > 0) return [];
    const { times, alone } = offersOf(delivery, position);
    // There was time for another try, and the agent did not poll.
    const isSilent = times < attempts && query.expiresAtMs <= nowMs && query.expiresAtMs > delivery.leaseUntilMs;
    return [{ query: { ...query, askers }, position, reason: isSilent ? 'agent-silent' : 'unanswered', times, alone }];
  });
}
