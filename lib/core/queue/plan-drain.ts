import { type Delivery, deliveryOf, fitting, type Group, mergeable } from './delivery.ts';
import type { HostPartition } from './host-queue.ts';
import { attemptsOf, isOut, latestOf, nextPart, openIn, outIn, queriesAt, waitingFor } from './offers.ts';
import type { PendingQuery } from './pending-query.ts';

/** How much is handed to a host at once, how long it may keep it, and how often it is tried. */
export interface DrainLimits {
  /**
   * Results return only when the whole batch has run, so a batch is small: so many queries with evidence, which make the
   * verdict and are cheap, and so many others. What proves a life never waits for what describes another.
   */
  readonly queriesPerDelivery: number;
  /** After this an unanswered offer is followed by another. */
  readonly leaseMs: number;
  /** Offers of one query in all: one that kills its agent must not do so for ever. */
  readonly attempts: number;
  /**
   * A read this soon after a hand-over may be the same read again: the agent's hidden resend, or its second and third
   * try after 1 s and 4 s (docs/spec/osquery-protocol.md §2.3, §4). It gets the same queries, and that is no new attempt.
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

/** Three tries of a read, each of them twice on the wire, less the first one (docs/spec/osquery-protocol.md §4). */
const REPEATS_OF_A_READ = 5;

/** Queries of a delivery, by their positions. */
interface Part {
  readonly delivery: Delivery;
  readonly positions: readonly number[];
}

/** What one poll changes, and what it answers. */
export interface DrainPlan {
  /** Handed out before a crash, or past expiry: to be removed. */
  readonly leftover: readonly PendingQuery[];
  readonly expired: readonly PendingQuery[];
  /** Nothing of them is left to be tried. */
  readonly spent: readonly Delivery[];
  /** The same read, repeated. */
  readonly repeats: readonly Part[];
  /** To be offered again, with nothing beside it. */
  readonly again?: Part;
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
  const { deliveries } = partition;
  const due = dueParts(deliveries, nowMs, limits);
  const spent = deliveries.filter((delivery) => !isOut(delivery, nowMs) && !due.some((p) => p.delivery === delivery));
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

/** What waits, sorted out. */
function pendingOf({ node, deliveries, pending }: HostPartition, spent: readonly Delivery[], nowMs: number) {
  // What was given up may have been asked again since: it is in nobody's hands.
  const held = deliveries.filter((delivery) => !spent.includes(delivery));
  const inFlight = new Set(held.flatMap((d) => d.queries.flatMap((q) => waitingFor(d, q).map((a) => a.queryId))));
  const leftover = pending.filter((query) => inFlight.has(query.queryId));
  const taken = node?.taken ?? {};
  const known = pending.filter((q) => !inFlight.has(q.queryId) && !((taken[q.queryId] ?? 0) > nowMs));
  const expired = known.filter((query) => query.expiresAtMs <= nowMs);
  // Within a priority what proves something, then the longest waiting: ids sort at random.
  const waiting = known.filter((query) => query.expiresAtMs > nowMs).sort(byUrgency);
  return { leftover, expired, waiting };
}

const byUrgency = (a: PendingQuery, b: PendingQuery): number =>
  rank(a) - rank(b) ||
  a.priority - b.priority ||
  Number(!a.evidence) - Number(!b.evidence) ||
  a.queuedAtMs - b.queuedAtMs;

/** Last gasps before all else, rules of the same priority included. */
const rank = ({ set }: Pick<PendingQuery, 'set'>): number => (set === 'last-gasp' ? 0 : 1);

/** What was first handed over so short ago that this may be the same read. What went unanswered is spared its host. */
function repeatsOf(deliveries: readonly Delivery[], nowMs: number, { resendMs }: DrainLimits): Part[] {
  return deliveries
    .filter((delivery) => {
      const [first, ...more] = attemptsOf(delivery);
      const isRecent = first !== undefined && more.length === 0 && nowMs - first.atMs <= resendMs;
      return isRecent && delivery.offers.length <= REPEATS_OF_A_READ && isOut(delivery, nowMs);
    })
    .map((delivery) => ({ delivery, positions: outIn(delivery, nowMs) }));
}

/** The next part of each delivery that went unanswered, the most urgent first. */
function dueParts(deliveries: readonly Delivery[], nowMs: number, { attempts }: DrainLimits): Part[] {
  const parts = deliveries
    .filter((delivery) => !isOut(delivery, nowMs))
    .map((delivery) => ({ delivery, positions: nextPart(delivery, nowMs, attempts) }));
  return parts
    .filter(({ positions }) => positions.length > 0)
    .sort((a, b) => rankOf(a) - rankOf(b) || Number(!proves(a)) - Number(!proves(b)));
}

const rankOf = ({ delivery, positions }: Part): number => Math.min(...queriesAt(delivery, positions).map(rank));
const proves = ({ delivery, positions }: Part): boolean =>
  queriesAt(delivery, positions).some(({ evidence }) => evidence !== undefined);

/**
 * The part to offer in this poll, if any. It must have the poll for itself, since what went unanswered may be too large
 * for one body. So it takes turns with what waits: an agent that answers nothing must not keep fresh questions waiting.
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
  const wasTurn = latest !== undefined && attemptsOf(latest).length > 1 && isOut(latest, nowMs);
  return isLastGasp || wasTurn || !proves(first) ? undefined : first;
}

/** Whether queries in flight need further polls, beside those that are handed over now. */
function isBehind(deliveries: readonly Delivery[], handed: readonly Part[], nowMs: number): boolean {
  return deliveries.some((delivery) => {
    const now = handed.find((part) => part.delivery === delivery)?.positions;
    const out = now ?? (isOut(delivery, nowMs) ? outIn(delivery, nowMs) : []);
    return openIn(delivery, nowMs).length > out.length;
  });
}

/** Those of the candidates that a new delivery takes: within the limits, and within what an item can hold. */
function freshOf(candidates: readonly Group[], groups: readonly Group[], { queriesPerDelivery }: DrainLimits): Group[] {
  const room = { proofs: queriesPerDelivery, others: queriesPerDelivery };
  const taken = candidates.filter(([{ evidence }]) => {
    const kind = evidence ? 'proofs' : 'others';
    if (room[kind] === 0) return false;
    room[kind] -= 1;
    return true;
  });
  // An item has its size: of what is as urgent, what proves something first. The agent asks in the order of urgency.
  const fit = new Set(
    fitting(taken.toSorted(([a], [b]) => rank(a) - rank(b) || Number(!a.evidence) - Number(!b.evidence))),
  );
  return groups.filter((group) => fit.has(group));
}
