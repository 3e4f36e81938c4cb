import type { DeliveredQuery, Delivery, Offer } from './delivery.ts';
import type { Asker } from './pending-query.ts';

/*
 * osquery keeps a result in memory by its wire id until a write succeeds, and a later result with the same id replaces it
 * (docs/spec/osquery-protocol.md §9.2). So each offer of a query has an id of its own, even for a repeated read, because the
 * first reply may have arrived. The ids of a delivery sort in the order in which osquery should run the queries.
 */

/** One offered run of a query; the agent may or may not have executed it. */
export interface Run {
  readonly deliveryId: string;
  readonly offer: number;
  readonly position: number; // of the query within its delivery
}

/** A query as the agent receives it in one offer. */
export interface OfferedQuery extends DeliveredQuery {
  readonly wireId: string;
}

const sortable = (n: number): string => n.toString(36).padStart(2, '0');

/**
 * The id of a run as the agent sees it: `<delivery>-<offer>-<position>`.
 *
 * @example '00mhx3k7qp1z-0003-00-01'
 */
export const wireIdOf = ({ deliveryId, offer, position }: Run): string =>
  `${deliveryId}-${sortable(offer)}-${sortable(position)}`;

const WIRE_ID = /^([0-9a-z]{9,12}-[0-9a-z]{4,12})-([0-9a-z]{2,4})-([0-9a-z]{2,4})$/;

/** The run of a wire id; undefined if Mayfly cannot have made the id. */
export function runOf(wireId: string): Run | undefined {
  const [, deliveryId, offer, position] = WIRE_ID.exec(wireId) ?? [];
  if (deliveryId === undefined || offer === undefined || position === undefined) return undefined;
  return { deliveryId, offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}

/**
 * The mark of a run in its delivery. Failures have marks of their own: rows that arrive under the same id after a failure are
 * another answer.
 */
export const markOf = ({ offer, position }: Pick<Run, 'offer' | 'position'>, failed: boolean): string =>
  `${sortable(offer)}-${sortable(position)}${failed ? '!' : ''}`;

const MARK = /^([0-9a-z]+)-([0-9a-z]+)/;

/** The offer and position in a mark. */
export function markedRun(mark: string): Pick<Run, 'offer' | 'position'> {
  const [, offer = '', position = ''] = MARK.exec(mark) ?? [];
  return { offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}

/** Positions of the queries without an answer under any of their ids. */
export function unanswered({ queries, answered }: Delivery): number[] {
  const positions = new Set(answered.map((mark) => markedRun(mark).position));
  return [...queries.keys()].filter((position) => !positions.has(position));
}

/** The askers that still need this host's answer; the queries of the others have moved to another host. */
export const waitingFor = ({ moved = [] }: Delivery, { askers }: DeliveredQuery): readonly Asker[] =>
  moved.length === 0 ? askers : askers.filter(({ queryId }) => !moved.includes(queryId));

/** The latest offer, repeats included. */
export const latestOf = ({ offers }: Delivery): Offer => offers.at(-1) ?? { atMs: 0, positions: [] };

/** The offers that count as attempts. */
export const attemptsOf = ({ offers }: Delivery): readonly Offer[] => offers.filter(({ isRepeat }) => !isRepeat);

/** Positions of the queries that may still be answered: not answered, not moved, and not skipped by the node. */
export function awaitedIn(delivery: Delivery): number[] {
  const runs = delivery.answered.map(markedRun);
  // The node may skip a query with discovery and send nothing (docs/spec/osquery-protocol.md §9.1). All results of a read
  // come in one write, so after any answer to an offer, no more answers to it follow.
  const isSkipped = (position: number): boolean =>
    delivery.queries[position]?.discovery !== undefined &&
    runs.some(({ offer }) => delivery.offers[offer]?.positions.includes(position));
  const isMoved = (position: number): boolean => {
    const query = delivery.queries[position];
    return query !== undefined && query.askers.length > 0 && waitingFor(delivery, query).length === 0;
  };
  return unanswered(delivery).filter((position) => !isSkipped(position) && !isMoved(position));
}

/** Positions of the queries that may be offered now. */
export const openIn = (delivery: Delivery, nowMs: number): number[] =>
  awaitedIn(delivery).filter((position) => (delivery.queries[position]?.expiresAtMs ?? 0) > nowMs);

/** The queries at these positions. */
export const queriesAt = (delivery: Delivery, positions: readonly number[]): DeliveredQuery[] =>
  positions.flatMap((position) => delivery.queries[position] ?? []);

/** Positions in the latest offer that may still be answered. */
export function openInLatestOffer(delivery: Delivery, nowMs: number): number[] {
  const { positions } = latestOf(delivery);
  return openIn(delivery, nowMs).filter((position) => positions.includes(position));
}

/** Whether the lease has not ended and an answer may still come. */
export const isInFlight = (delivery: Delivery, nowMs: number): boolean =>
  delivery.leaseUntilMs > nowMs && openInLatestOffer(delivery, nowMs).length > 0;

/** How often a query was offered, and how often as the only query. */
export function offersOf(delivery: Delivery, position: number): { readonly times: number; readonly alone: number } {
  const offers = attemptsOf(delivery).filter(({ positions }) => positions.includes(position));
  return { times: offers.length, alone: offers.filter(({ positions }) => positions.length === 1).length };
}

/**
 * The positions of a delivery to offer next; empty if nothing is left to try. All answers to a read travel in one body, and
 * a body that is too large is lost as a whole. So unanswered queries are offered in parts: first the ones with evidence,
 * then each query alone, the least tried first.
 *
 * @param attempts the most offers of one query
 */
export function nextPart(delivery: Delivery, nowMs: number, attempts: number): readonly number[] {
  const proves = (position: number): boolean => delivery.queries[position]?.evidence !== undefined;
  const open = openIn(delivery, nowMs).filter((position) => offersOf(delivery, position).times < attempts);
  const offers = attemptsOf(delivery);
  const isMixed = (position: number): boolean =>
    offers.every(({ positions }) => !positions.includes(position) || !positions.every(proves));
  const proofs = open.filter((position) => proves(position) && isMixed(position));
  if (proofs.length > 0) return proofs;
  const [next] = open.toSorted(
    (a, b) => offersOf(delivery, a).alone - offersOf(delivery, b).alone || Number(proves(b)) - Number(proves(a)),
  );
  return next === undefined ? [] : [next];
}

/** The queries at these positions, with the wire ids of one offer. */
export function offered(delivery: Delivery, offer: number, positions: readonly number[]): OfferedQuery[] {
  return positions.flatMap((position) => {
    const query = delivery.queries[position];
    return query ? [{ ...query, wireId: wireIdOf({ deliveryId: delivery.id, offer, position }) }] : [];
  });
}
