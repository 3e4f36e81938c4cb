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

/** A delivery that answers refer to: in flight, or retired within the last day. */
export interface FoundDelivery extends Delivery {
  readonly isRetired: boolean;
}

/** A query, and the spacing key that it reserves: no other query with this key is queued for its host for a while. */
export interface SpacedQuery {
  readonly query: PendingQuery;
  /** @default - the same may be asked again at any time */
  readonly reserves?: {
    readonly spacingKey: string; // digest of rule, set, query and rendered SQL
    readonly untilMs: number;
  };
}

/** The pending queries of hosts. */
export interface PendingQueries {
  /**
   * Ids of the pending queries that expire after `afterMs`, epoch ms; 0 returns all. Eventually consistent by default.
   */
  waitingIds(host: string, afterMs: number, consistent?: boolean): Promise<ReadonlySet<string>>;
  /**
   * Adds queries of one host as `enqueue` does, and reserves their spacing keys. A query whose key is reserved by another
   * query is left out. The query that holds a reservation may renew it, for example after a crash.
   *
   * @param spaced each query and each spacing key once
   * @returns the ids of the queries left out
   */
  enqueueSpaced(spaced: readonly SpacedQuery[], nowMs: number): Promise<ReadonlySet<string>>;
  /** Adds a query, unless one with its id is pending and has not expired. */
  enqueue(query: PendingQuery): Promise<void>;
  /** Removes pending queries; missing ones are no error. */
  remove(keys: readonly PendingKey[]): Promise<void>;
}

/** The deliveries of hosts. */
interface Deliveries {
  /**
   * Claims queries for a delivery about to be written; true for the one caller that saw the current `rev`.
   *
   * @param taken query id → epoch ms until which no other poll may take it; replaces the node's earlier claims
   */
  claim(host: string, rev: number, taken: Readonly<Record<string, number>>): Promise<boolean>;
  /** Writes a new delivery. */
  deliver(delivery: Delivery): Promise<void>;
  /**
   * Records that queries of a delivery are offered again. Only a caller that knew all earlier offers gets a new lease; a
   * repeated read gets no lease and is always recorded.
   *
   * @returns the number of the offer; undefined if another caller was first, or the delivery is retired
   */
  offerAgain(delivery: Delivery, offer: Offer, leaseUntilMs?: number): Promise<number | undefined>;
  /** The deliveries with these ids, read consistently: those in flight, and those retired within a day. */
  findDeliveries(host: string, deliveryIds: readonly string[]): Promise<readonly FoundDelivery[]>;
  /** The deliveries of a host that were retired within a day, read consistently. */
  retiredDeliveries(host: string): Promise<readonly Delivery[]>;
  /** Records in a delivery, in flight or retired, which of its queries have moved to another host. */
  recordMoved(delivery: Delivery, queryIds: readonly string[]): Promise<void>;
  /** Records runs as stored and settled, and retires deliveries whose queries are all answered. */
  complete(settled: readonly Settled[]): Promise<void>;
  /** Removes a delivery from its host for good. Late answers still find it for a day. */
  retire(delivery: Delivery): Promise<void>;
}

/**
 * The queue of one host: pending queries and deliveries. A crash between any two writes leaves a state that the next poll, or
 * the next copy of an answer, detects and repairs.
 */
export interface HostQueue extends PendingQueries, Deliveries {
  /** Reads the host's partition with one query of the table; eventually consistent by default. */
  read(host: string, consistent?: boolean): Promise<HostPartition>;
}

/** Runs of a delivery whose answers are stored and settled. */
export interface Settled {
  readonly delivery: FoundDelivery;
  readonly marks: readonly string[];
}
