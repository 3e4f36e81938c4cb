import type { DeliveredQuery, Delivery, Offer } from './delivery.ts';
import type { Asker } from './pending-query.ts';

/*
 * osquery keeps a result in memory by its id on the wire until a write succeeds, and a later result under the same id
 * replaces it (docs/spec/osquery-protocol.md §9.2). So each offer of a query has an id of its own, also when the agent only
 * repeats a read: the first reply may have arrived. Ids of a delivery sort in the order in which osquery is to run them.
 */

/** One run of a query: it was offered, and may have been executed. */
export interface Run {
  readonly deliveryId: string;
  readonly offer: number;
  readonly position: number; // of the query within its delivery
}

/** A query as one offer hands it to the agent. */
export interface OfferedQuery extends DeliveredQuery {
  readonly wireId: string;
}

const sortable = (n: number): string => n.toString(36).padStart(2, '0');

/** `<delivery>-<offer>-<position>` */
export const wireIdOf = ({ deliveryId, offer, position }: Run): string =>
  `${deliveryId}-${sortable(offer)}-${sortable(position)}`;

const WIRE_ID = /^([0-9a-z]{9,12}-[0-9a-z]{4,12})-([0-9a-z]{2,4})-([0-9a-z]{2,4})$/;

/** The run that a wire id names; undefined where it cannot be one of ours. */
export function runOf(wireId: string): Run | undefined {
  const [, deliveryId, offer, position] = WIRE_ID.exec(wireId) ?? [];
  if (deliveryId === undefined || offer === undefined || position === undefined) return undefined;
  return { deliveryId, offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}

/**
 * A run within its delivery, and whether it failed: good rows that come after a failure under the same id are another
 * answer.
 */
export const markOf = ({ offer, position }: Pick<Run, 'offer' | 'position'>, failed: boolean): string =>
  `${sortable(offer)}-${sortable(position)}${failed ? '!' : ''}`;

const MARK = /^([0-9a-z]+)-([0-9a-z]+)/;

/** Offer and position of a mark. */
export function markedRun(mark: string): Pick<Run, 'offer' | 'position'> {
  const [, offer = '', position = ''] = MARK.exec(mark) ?? [];
  return { offer: Number.parseInt(offer, 36), position: Number.parseInt(position, 36) };
}

/** Positions of the queries that no answer has come for, under whatever id. */
export function unanswered({ queries, answered }: Delivery): number[] {
  const positions = new Set(answered.map((mark) => markedRun(mark).position));
  return [...queries.keys()].filter((position) => !positions.has(position));
}

/** Those who still wait for this host's answer to a query: the others were meant for another host. */
export const waitingFor = ({ moved = [] }: Delivery, { askers }: DeliveredQuery): readonly Asker[] =>
  moved.length === 0 ? askers : askers.filter(({ queryId }) => !moved.includes(queryId));

/** The latest offer, repeats included. */
export const latestOf = ({ offers }: Delivery): Offer => offers.at(-1) ?? { atMs: 0, positions: [] };

/** The offers that count as attempts. */
export const attemptsOf = ({ offers }: Delivery): readonly Offer[] => offers.filter(({ isRepeat }) => !isRepeat);

/** Positions of the queries that an answer may still come for: not answered, not moved, and not skipped by the node. */
export function awaitedIn(delivery: Delivery): number[] {
  const runs = delivery.answered.map(markedRun);
  // A query with discovery may be skipped in silence (docs/spec/osquery-protocol.md §9.1). All results of a read come in one
  // write, so once anything of an offer is answered, silence was the answer to the rest.
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

/** What the latest offer holds and an answer can still come for. */
export function outIn(delivery: Delivery, nowMs: number): number[] {
  const { positions } = latestOf(delivery);
  return openIn(delivery, nowMs).filter((position) => positions.includes(position));
}

/** Whether the node has its lease, and something to answer. */
export const isOut = (delivery: Delivery, nowMs: number): boolean =>
  delivery.leaseUntilMs > nowMs && outIn(delivery, nowMs).length > 0;

/** How often a query was offered, and how often alone. */
export function offersOf(delivery: Delivery, position: number): { readonly times: number; readonly alone: number } {
  const offers = attemptsOf(delivery).filter(({ positions }) => positions.includes(position));
  return { times: offers.length, alone: offers.filter(({ positions }) => positions.length === 1).length };
}

/**
 * The part of a delivery to offer again, by positions; none when nothing is left to try. All answers to a read travel in
 * one body, and one that is too large is lost with all that is in it. So what went unanswered comes back in parts: first
 * what proves something, without the rest; then each query alone, those first that were tried least.
 *
 * @param attempts offers of one query in all
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

/** These queries of a delivery, with the ids of one offer. */
export function offered(delivery: Delivery, offer: number, positions: readonly number[]): OfferedQuery[] {
  return positions.flatMap((position) => {
    const query = delivery.queries[position];
    return query ? [{ ...query, wireId: wireIdOf({ deliveryId: delivery.id, offer, position }) }] : [];
  });
}
