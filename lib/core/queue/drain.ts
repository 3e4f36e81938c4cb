import type { Ledger } from '../ledger/ledger.ts';
import type { Trouble } from '../ledger/workload.ts';
import {
  type DeliveredQuery,
  type Delivery,
  deliveryOf,
  fitting,
  type Group,
  mergeable,
  unanswered,
} from './delivery.ts';
import type { HostPartition, HostQueue } from './host-queue.ts';
import { keyOf, type PendingQuery } from './pending-query.ts';

/** How much is handed to a host at once, how long it may keep it, and how often it is tried. */
export interface DrainLimits {
  /**
   * Results return only when the whole batch has run, so a batch is small: so many queries with evidence, which make the
   * verdict and are cheap, and so many others. What proves a life never waits for what describes another.
   */
  readonly queriesPerDelivery: number;
  /** After this an unanswered delivery is offered again. */
  readonly leaseMs: number;
  /** Hand-overs of one delivery in all: a query that kills its agent must not do so for ever. */
  readonly attempts: number;
  /**
   * A read this soon after a hand-over is the same read again: the agent's hidden resend, or its second and third
   * try after 1 s and 4 s (docs/spec/osquery-protocol.md §2.3, §4). It gets the same answer, and that is no new attempt.
   */
  readonly resendMs: number;
  /** How long a claim hides queries from other polls: the function's timeout, after which its claimant is dead. */
  readonly claimMs: number;
}

export const defaultLimits: DrainLimits = {
  queriesPerDelivery: 3,
  leaseMs: 30_000,
  attempts: 3,
  resendMs: 6_000,
  claimMs: 15_000,
};

/** What one poll changes, and what it answers. */
export interface DrainPlan {
  /** Handed out before a crash, or past expiry: to be removed. */
  readonly leftover: readonly PendingQuery[];
  readonly expired: readonly PendingQuery[];
  readonly exhausted: readonly Delivery[];
  readonly again: readonly Delivery[]; // their lease is over
  readonly same: readonly Delivery[]; // the same read, repeated
  readonly fresh?: Delivery;
  /** What may be handed out now. */
  readonly waiting: readonly PendingQuery[];
  /** Whether some of it, or of what is to be offered again, has to wait for another poll. */
  readonly isMore: boolean;
}

/**
 * Decides one poll from what one read returned. Pure: the clock is passed in, nothing is written.
 *
 * @param nowMs epoch milliseconds; TTL deletes late, so expiry is decided here
 */
export function planDrain(partition: HostPartition, nowMs: number, limits: DrainLimits): DrainPlan {
  const offers = partition.deliveries.filter((delivery) => offerable(delivery, nowMs).length > 0);
  const isOver = (delivery: Delivery): boolean => delivery.leaseUntilMs <= nowMs;
  const same = offers.filter((d) => !isOver(d) && nowMs - d.deliveredAtMs <= limits.resendMs);
  const retried = offers
    .filter((d) => isOver(d) && d.attempt < limits.attempts)
    .sort((a, b) => rankOf(a, nowMs) - rankOf(b, nowMs));
  const exhausted = partition.deliveries.filter((delivery) => isOver(delivery) && !retried.includes(delivery));

  // What nobody answered may have been asked again since: it is in nobody's hands.
  const held = partition.deliveries.filter((delivery) => !exhausted.includes(delivery));
  const inFlight = new Set(held.flatMap((d) => d.queries.flatMap((q) => q.askers.map((a) => a.queryId))));
  const leftover = partition.pending.filter((query) => inFlight.has(query.queryId));
  const taken = partition.node?.taken ?? {};
  const known = partition.pending.filter((q) => !inFlight.has(q.queryId) && !((taken[q.queryId] ?? 0) > nowMs));
  const expired = known.filter((query) => query.expiresAtMs <= nowMs);
  // Within a priority what proves something, then the longest waiting: ids sort at random.
  const waiting = known.filter((query) => query.expiresAtMs > nowMs).sort(byUrgency);

  // A last gasp has no time for what is repeated or was never answered; all else finds room beside that, or later.
  const room = new Room(limits.queriesPerDelivery);
  const groups = mergeable(waiting);
  const lastGasps = room.take(groups.filter(([query]) => rank(query) === 0));
  const again = same.length > 0 ? [] : retried.filter((delivery) => room.takeWhole(offerable(delivery, nowMs)));
  const others = same.length > 0 ? [] : room.take(groups.filter(([query]) => rank(query) > 0));
  // An item has its size: of what is as urgent, what proves something first. The agent asks in the order of urgency.
  const fit = new Set(
    fitting(
      [...lastGasps, ...others].sort(([a], [b]) => rank(a) - rank(b) || Number(!a.evidence) - Number(!b.evidence)),
    ),
  );
  const chosen = groups.filter((group) => fit.has(group));
  const isMore = chosen.length < groups.length || again.length < retried.length;
  const plan = { leftover, expired, exhausted, again, same, waiting, isMore };
  if (chosen.length === 0) return plan;
  const id = `${nowMs.toString(36).padStart(9, '0')}-${(partition.node?.rev ?? 0).toString(36).padStart(4, '0')}`;
  return { ...plan, fresh: deliveryOf(id, chosen, nowMs, limits.leaseMs) };
}

const byUrgency = (a: PendingQuery, b: PendingQuery): number =>
  rank(a) - rank(b) ||
  a.priority - b.priority ||
  Number(!a.evidence) - Number(!b.evidence) ||
  a.queuedAtMs - b.queuedAtMs;

/** Last gasps before all else, rules of the same priority included. */
const rank = ({ set }: Pick<PendingQuery, 'set'>): number => (set === 'last-gasp' ? 0 : 1);

const rankOf = (delivery: Delivery, nowMs: number): number => Math.min(...offerable(delivery, nowMs).map(rank));

/** What a poll has room for: so many queries with evidence, and so many others. */
class Room {
  readonly #size: number;
  #proofs: number;
  #others: number;

  constructor(size: number) {
    this.#size = size;
    this.#proofs = size;
    this.#others = size;
  }

  /** The first of these that fit. */
  take(groups: readonly Group[]): Group[] {
    return groups.filter(([{ evidence }]) => {
      if ((evidence ? this.#proofs : this.#others) === 0) return false;
      if (evidence) this.#proofs -= 1;
      else this.#others -= 1;
      return true;
    });
  }

  /** Whether all of these fit, or nothing was taken before. */
  takeWhole(queries: readonly DeliveredQuery[]): boolean {
    const proofs = queries.filter(({ evidence }) => evidence).length;
    const others = queries.length - proofs;
    const isUntouched = this.#proofs === this.#size && this.#others === this.#size;
    if (!isUntouched && (proofs > this.#proofs || others > this.#others)) return false;
    this.#proofs = Math.max(0, this.#proofs - proofs);
    this.#others = Math.max(0, this.#others - others);
    return true;
  }
}

// A query with discovery may be skipped in silence (docs/spec/osquery-protocol.md §9.1). All results of a batch come in one
// write, so once anything of the delivery is answered, silence was the answer to the rest.
function offerable(delivery: Delivery, nowMs: number): DeliveredQuery[] {
  return unanswered(delivery).filter(
    (query) => query.expiresAtMs > nowMs && (query.discovery === undefined || delivery.answered.length === 0),
  );
}

/** What one poll came to. */
export interface Drained {
  /** To be handed to the node, possibly none. */
  readonly queries: readonly DeliveredQuery[];
  /** How many queries waited for this poll, those included that it takes. */
  readonly waiting: number;
  /** How long the first of them had waited, ms, its node's enrollment taken for the beginning; 0 where none waited. */
  readonly longestWaitMs: number;
  /** Whether some have to wait for another poll. */
  readonly isMore: boolean;
}

/**
 * Answers one poll: the queries to hand to the node. An idle partition costs no write at all.
 *
 * Order makes it safe: claim, write the delivery, then remove what it took. The claim names the queries, so a second
 * poll that reads between these writes leaves them alone. After a crash behind the claim they are free again when it
 * ends; after one behind the delivery they are inside it, seen as left over and removed by the next poll.
 */
export async function drain(
  queue: HostQueue,
  ledger: Ledger,
  host: string,
  partition: HostPartition,
  nowMs: number,
  limits: DrainLimits = defaultLimits,
): Promise<Drained> {
  const plan = planDrain(partition, nowMs, limits);
  const offered = plan.same.flatMap((delivery) => offerable(delivery, nowMs));

  for (const delivery of plan.again) {
    if (await queue.redeliver(delivery, nowMs, nowMs + limits.leaseMs)) {
      offered.push(...offerable(delivery, nowMs));
    }
  }
  for (const delivery of plan.exhausted) {
    for (const { workload, trouble, closes } of silencesOf(delivery)) {
      if (trouble) await ledger.troubled(workload, trouble, closes);
      else await ledger.closed(workload, closes);
    }
    await queue.abandon(delivery);
  }
  for (const { workload, evidence, queryId } of plan.expired)
    await ledger.troubled(workload, 'expired', evidence ? [queryId] : []);
  const gone = [...plan.leftover, ...plan.expired];

  if (plan.fresh) {
    const ids = plan.fresh.queries.flatMap((query) => query.askers.map((asker) => asker.queryId));
    const held = Object.entries(partition.node?.taken ?? {}).filter(([, untilMs]) => untilMs > nowMs);
    const taken = Object.fromEntries([...held, ...ids.map((id) => [id, nowMs + limits.claimMs] as const)]);
    if (await queue.claim(host, partition.node?.rev ?? 0, taken)) {
      await queue.deliver(plan.fresh);
      await Promise.all(workloadsOf(plan.fresh.queries).map((workload) => ledger.delivered(workload, nowMs)));
      offered.push(...plan.fresh.queries);
      gone.push(...partition.pending.filter((query) => ids.includes(query.queryId)));
    }
  }
  if (gone.length > 0) await queue.remove(gone.map(keyOf));
  const { waiting, isMore } = plan;
  const sinceMs = Math.max(Math.min(...waiting.map(({ queuedAtMs }) => queuedAtMs)), partition.node?.enrolledAtMs ?? 0);
  const longestWaitMs = Math.max(0, nowMs - sinceMs);
  return { queries: offered, waiting: waiting.length, longestWaitMs, isMore };
}

interface Silence {
  readonly workload: string;
  /** None where silence may have been all there was to say. */
  readonly trouble: Trouble | undefined;
  /** The questions that could have proved something, and get no answer any more. */
  readonly closes: readonly string[];
}

/**
 * What a delivery that is given up says of the workloads behind its unanswered queries. One with discovery may have been
 * skipped in silence; where others of its delivery were answered it was, and that is an answer without a row.
 */
function silencesOf(delivery: Delivery): Silence[] {
  const silences = new Map<string, Silence>();
  for (const { discovery, evidence, askers } of unanswered(delivery)) {
    if (discovery !== undefined && !evidence) continue;
    const skipped = delivery.answered.length > 0 ? 'no-row' : undefined;
    const trouble = discovery === undefined ? 'agent-silent' : skipped;
    for (const { workload, queryId } of askers) {
      if (workload === undefined) continue;
      const key = `${trouble} ${workload}`;
      const closes = [...(silences.get(key)?.closes ?? []), ...(evidence ? [queryId] : [])];
      silences.set(key, { workload, trouble, closes });
    }
  }
  return [...silences.values()];
}

const workloadsOf = (queries: readonly DeliveredQuery[]): string[] => [
  ...new Set(queries.flatMap((query) => query.askers.flatMap((asker) => asker.workload ?? []))),
];
