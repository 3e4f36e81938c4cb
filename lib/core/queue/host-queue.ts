import type { Node } from '../nodes/node.ts';
import type { Delivery } from './delivery.ts';
import type { PendingKey, PendingQuery } from './pending-query.ts';

/** Everything one poll needs, as one read returns it. */
export interface HostPartition {
  readonly node?: Node;
  readonly deliveries: readonly Delivery[]; // oldest first
  readonly pending: readonly PendingQuery[]; // by priority, then id
}

/**
 * The queue of one host: what waits, and what is in flight. Every method is one write or one read, but for
 * `abandon` and `givenUp`; a crash between any two of them is a state that the next poll sees and mends.
 */
export interface HostQueue {
  /** One query of the host's partition; eventually consistent unless asked otherwise. */
  open(host: string, consistent?: boolean): Promise<HostPartition>;
  /** Ids of the queries that wait and have not expired. */
  waiting(host: string, nowMs: number): Promise<ReadonlySet<string>>;
  /**
   * Reserves a question for one query: false when another asked the host the same and its time is not over.
   *
   * @param question digest of rule, set, query and rendered SQL
   */
  space(host: string, question: string, queryId: string, nowMs: number, untilMs: number): Promise<boolean>;
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
  /** Hands a delivery over again; false when somebody else has done so. */
  redeliver(delivery: Delivery, nowMs: number, leaseUntilMs: number): Promise<boolean>;
  /** Marks wire ids answered and removes the delivery when none is left. */
  complete(delivery: Delivery, wireIds: readonly string[]): Promise<void>;
  /** Takes a delivery from the host that is given up. Whoever answers it all the same finds it for a day. */
  abandon(delivery: Delivery): Promise<void>;
  /** Of those that were given up, the ones of these ids. */
  givenUp(host: string, deliveryIds: readonly string[]): Promise<readonly Delivery[]>;
  /** Removes pending queries; those already gone are no error. */
  remove(keys: readonly PendingKey[]): Promise<void>;
}
