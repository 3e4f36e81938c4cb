import type { PendingKey } from '../ledger/pending-key.ts';
import type { Node } from '../nodes/node.ts';
import type { Delivery, Offer } from './delivery.ts';
import type { PendingQuery } from './pending-query.ts';

/** Everything one poll needs, as one read returns it. */
export interface HostPartition {
  readonly node?: Node;
  readonly deliveries: readonly Delivery[]; // oldest first
  readonly pending: readonly PendingQuery[]; // by priority, then id
}

/** A delivery that answers refer to: still with its host, or retired within the last day. */
export interface FoundDelivery extends Delivery {
  readonly isRetired: boolean;
}

/** A query, and the question that no other query may ask its host for a while. */
export interface SpacedQuery {
  readonly query: PendingQuery;
  /** @default - it may be asked at any time */
  readonly reserves?: {
    readonly question: string; // digest of rule, set, query and rendered SQL
    readonly untilMs: number;
  };
}

/**
 * The queue of one host: what waits, and what is in flight. A crash between any two writes leaves a state that the next
 * poll or the next copy of an answer sees and mends.
 */
export interface HostQueue {
  /** One query of the host's partition; eventually consistent unless asked otherwise. */
  read(host: string, consistent?: boolean): Promise<HostPartition>;
  /** Ids of the queries that wait and have not expired. */
  waitingIds(host: string, nowMs: number): Promise<ReadonlySet<string>>;
  /**
   * Adds queries of one host as `enqueue` does, and reserves the question of each. One whose question another query holds,
   * and the time of that is not over, is left out. The query that holds a question may reserve it again, after a crash.
   *
   * @param spaced each query and each question once
   * @returns the ids of those left out
   */
  enqueueSpaced(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>>;
  /** Adds a query unless one with its id already waits; one that has expired waits no more. */
  enqueue(query: PendingQuery): Promise<void>;
  /**
   * Takes queries for a delivery about to be written: true for the one caller who saw the current `rev`.
   *
   * @param taken query id → epoch ms until which nobody else takes it; replaces what the node holds
   */
  claim(host: string, rev: number, taken: Readonly<Record<string, number>>): Promise<boolean>;
  /** Writes a new delivery. */
  deliver(delivery: Delivery): Promise<void>;
  /**
   * Notes that queries of a delivery are offered once more. A new lease goes to the one caller who knew all offers so far;
   * a repeat of a read needs none and is always noted.
   *
   * @returns the number of the offer; undefined when another caller was first, or the delivery is retired
   */
  offerAgain(delivery: Delivery, offer: Offer, leaseUntilMs?: number): Promise<number | undefined>;
  /** The deliveries of these ids, read consistently: those in flight, and those that were retired within a day. */
  findDeliveries(host: string, deliveryIds: readonly string[]): Promise<readonly FoundDelivery[]>;
  /** Deliveries of a host that were retired within a day, read consistently. */
  retiredDeliveries(host: string): Promise<readonly Delivery[]>;
  /** Notes in a delivery, in flight or retired, which of its queries another host is asked by now. */
  recordMoved(delivery: Delivery, queryIds: readonly string[]): Promise<void>;
  /** Notes runs as stored and settled, and retires deliveries of which every query is answered. */
  complete(settled: readonly Settled[]): Promise<void>;
  /** Takes a delivery from its host for good. Answers that come all the same find it for a day. */
  retire(delivery: Delivery): Promise<void>;
  /** Removes pending queries; those already gone are no error. */
  remove(keys: readonly PendingKey[]): Promise<void>;
}

/** Runs of a delivery that were stored and settled. */
export interface Settled {
  readonly delivery: FoundDelivery;
  readonly marks: readonly string[];
}
