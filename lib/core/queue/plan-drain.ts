import { type Delivery, deliveryOf, fitting, type Group, mergeable } from './delivery.ts';
import type { HostPartition } from './host-queue.ts';
import {
  attemptsOf,
  isInFlight,
  latestOf,
  nextPart,
  openIn,
  openInLatestOffer,
  queriesAt,
  waitingFor,
} from './offers.ts';
import type { PendingQuery } from './pending-query.ts';

/** How many queries a delivery holds, how long its lease lasts, and how often a query is tried. */
export interface DrainLimits {
  /**
   * How many queries with evidence, and how many others, one delivery holds. Results return only after the whole batch has
   * run, so a batch is small. Queries with evidence decide verdicts and are cheap, so they never wait for the others.
   */
  readonly queriesPerDelivery: number;
  /** After this time, unanswered queries are offered again. */
  readonly leaseMs: number;
  /** The most offers of one query, because a query may kill its agent each time. */
  readonly attempts: number;
  /**
   * A read this soon after an offer may be the same read again: the agent's hidden resend, or its second and third try after
   * 1 s and 4 s (docs/spec/osquery-protocol.md §2.3, §4). It gets the same queries, which is no new attempt.
   */
  readonly resendMs: number;
  /** How long a claim hides queries from other polls: the function's timeout, after which the claimant is dead. */
  readonly claimMs: number;
}

export const defaultLimits: DrainLimits = {
  queriesPerDelivery: 3,
  leaseMs: 30_000,
  attempts: 3,
  resendMs: 6_000,
  claimMs: 15_000,
};

/** Three tries of a read, each sent twice, minus the first one (docs/spec/osquery-protocol.md §4). */
const REPEATS_OF_A_READ = 5;

/** Queries of a delivery, by their positions. */
interface Part {
  readonly delivery: Delivery;
  readonly positions: readonly number[];
}

/** What one poll changes and replies. */
export interface DrainPlan {
  /** Pending copies of queries that are in a delivery, left by a crash: to be removed. */
  readonly leftover: readonly PendingQuery[];
  readonly expired: readonly PendingQuery[];
  /** Deliveries with nothing left to try. */
  readonly spent: readonly Delivery[];
  /** The same queries again, for a repeated read. */
  readonly repeats: readonly Part[];
  /** Unanswered queries to offer again, with nothing else in the reply. */
  readonly again?: Part;
  readonly fresh?: Delivery;
  /** Queries that may be delivered now. */
  readonly waiting: readonly PendingQuery[];
  /** Whether some of them, or some unanswered queries, are left for another poll. */
  readonly isMore: boolean;
}

/**
 * Decides one poll from one read of the partition. Pure: the clock is passed in and nothing is written.
 *
 * @param nowMs epoch milliseconds; TTL deletes late, so expiry is decided here
 * @example planDrain({ node, deliveries: [], pending: [q1, q2] }, nowMs, limits)
 *   // { fresh: { id: '0mb3…-0001', queries: [q1, q2], … }, repeats: [], spent: [], expired: [], isMore: false, … }
 */
export function planDrain(partition: HostPartition, nowMs: number, limits: DrainLimits): DrainPlan {
  const { deliveries } = partition;
  const due = dueParts(deliveries, nowMs, limits);
  const spent = deliveries.filter(
    (delivery) => !isInFlight(delivery, nowMs) && !due.some((p) => p.delivery === delivery),
  );
  const pending = pendingOf(partition, spent, nowMs);
  const groups = mergeable(pending.waiting);
  const lastGasps = groups.filter(([query]) => rank(query) === 0);

  const repeats = repeatsOf(deliveries, nowMs, limits);
  const again = repeats.length > 0 ? undefined : againOf(due, groups, deliveries, nowMs);
  const chosen = again ? [] : freshOf(repeats.length > 0 ? lastGasps : groups, groups, limits);

  const handed = [...repeats, ...(again ? [again] : [])];
  const isMore = chosen.length < groups.length || isBehind(deliveries, handed, nowMs);
  const plan = { ...pending, spent, repeats, again, isMore };
  if (chosen.length === 0) return plan;
  const id = `${Math.floor(nowMs).toString(36).padStart(9, '0')}-${(partition.node?.rev ?? 0).toString(36).padStart(4, '0')}`;
  return { ...plan, fresh: deliveryOf(id, chosen, nowMs, limits.leaseMs) };
}

/** Sorts the pending queries into left over, expired and waiting. */
function pendingOf({ node, deliveries, pending }: HostPartition, spent: readonly Delivery[], nowMs: number) {
  // Queries of a spent delivery may have been queued again since then, so they do not count as in flight.
  const held = deliveries.filter((delivery) => !spent.includes(delivery));
  const inFlight = new Set(held.flatMap((d) => d.queries.flatMap((q) => waitingFor(d, q).map((a) => a.queryId))));
  const leftover = pending.filter((query) => inFlight.has(query.queryId));
  const taken = node?.taken ?? {};
  const known = pending.filter((q) => !inFlight.has(q.queryId) && !((taken[q.queryId] ?? 0) > nowMs));
  const expired = known.filter((query) => query.expiresAtMs <= nowMs);
  // Within a priority: queries with evidence first, then the longest waiting. Ids sort at random.
  const waiting = known.filter((query) => query.expiresAtMs > nowMs).sort(byUrgency);
  return { leftover, expired, waiting };
}

const byUrgency = (a: PendingQuery, b: PendingQuery): number =>
  rank(a) - rank(b) ||
  a.priority - b.priority ||
  Number(!a.evidence) - Number(!b.evidence) ||
  a.queuedAtMs - b.queuedAtMs;

/** Last gasps come first, even before rules of the same priority. */
const rank = ({ set }: Pick<PendingQuery, 'set'>): number => (set === 'last-gasp' ? 0 : 1);

/** The deliveries that a repeated read gets again: those with one attempt, made within `resendMs`. */
function repeatsOf(deliveries: readonly Delivery[], nowMs: number, { resendMs }: DrainLimits): Part[] {
  return deliveries
    .filter((delivery) => {
      const [first, ...more] = attemptsOf(delivery);
      const isRecent = first !== undefined && more.length === 0 && nowMs - first.atMs <= resendMs;
      return isRecent && delivery.offers.length <= REPEATS_OF_A_READ && isInFlight(delivery, nowMs);
    })
    .map((delivery) => ({ delivery, positions: openInLatestOffer(delivery, nowMs) }));
}

/** The next part of each unanswered delivery, the most urgent first. */
function dueParts(deliveries: readonly Delivery[], nowMs: number, { attempts }: DrainLimits): Part[] {
  const parts = deliveries
    .filter((delivery) => !isInFlight(delivery, nowMs))
    .map((delivery) => ({ delivery, positions: nextPart(delivery, nowMs, attempts) }));
  return parts
    .filter(({ positions }) => positions.length > 0)
    .sort((a, b) => rankOf(a) - rankOf(b) || Number(!proves(a)) - Number(!proves(b)));
}

const rankOf = ({ delivery, positions }: Part): number => Math.min(...queriesAt(delivery, positions).map(rank));
const proves = ({ delivery, positions }: Part): boolean =>
  queriesAt(delivery, positions).some(({ evidence }) => evidence !== undefined);

/**
 * The unanswered part to offer in this poll, if any. It gets the poll for itself, because its answers may be too large for
 * one body. It takes turns with waiting queries, so that an agent that answers nothing does not hold up new queries.
 */
function againOf(
  due: readonly Part[],
  waiting: readonly Group[],
  deliveries: readonly Delivery[],
  nowMs: number,
): Part | undefined {
  const [first] = due;
  if (!first || waiting.length === 0) return first;
  const isLastGasp = waiting.some(([query]) => rank(query) === 0);
  const latest = deliveries.toSorted((a, b) => latestOf(b).atMs - latestOf(a).atMs)[0];
  const wasTurn = latest !== undefined && attemptsOf(latest).length > 1 && isInFlight(latest, nowMs);
  return isLastGasp || wasTurn || !proves(first) ? undefined : first;
}

/** Whether queries in flight need further polls, apart from those in this reply. */
function isBehind(deliveries: readonly Delivery[], handed: readonly Part[], nowMs: number): boolean {
  return deliveries.some((delivery) => {
    const now = handed.find((part) => part.delivery === delivery)?.positions;
    const out = now ?? (isInFlight(delivery, nowMs) ? openInLatestOffer(delivery, nowMs) : []);
    return openIn(delivery, nowMs).length > out.length;
  });
}

/** The candidates that a new delivery takes, within the limits and the size of a table item. */
function freshOf(candidates: readonly Group[], groups: readonly Group[], { queriesPerDelivery }: DrainLimits): Group[] {
  const room = { proofs: queriesPerDelivery, others: queriesPerDelivery };
  const taken = candidates.filter(([{ evidence }]) => {
    const kind = evidence ? 'proofs' : 'others';
    if (room[kind] === 0) return false;
    room[kind] -= 1;
    return true;
  });
  // If not all fit into an item, last gasps and then queries with evidence go first. The agent runs them in order of urgency.
  const fit = new Set(
    fitting(taken.toSorted(([a], [b]) => rank(a) - rank(b) || Number(!a.evidence) - Number(!b.evidence))),
  );
  return groups.filter((group) => fit.has(group));
}
