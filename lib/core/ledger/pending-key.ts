import type { QuerySet } from '../policy/query-set.ts';

/** The key of a pending query: its host, then priority and id, which define its order in the queue. */
export interface PendingKey {
  readonly host: string;
  readonly priority: number;
  readonly queryId: string;
  readonly set: QuerySet;
  /** Only of a query with evidence: its answer is awaited until then, epoch ms. */
  readonly answerByMs?: number;
}

/** An answer may follow the last delivery by a lease and its redeliveries: no verdict is `missed` before that. */
export const ANSWER_GRACE_MS = 3 * 60_000;

/** Removes duplicate keys: two functions may have queued the same query at the same time. */
export const uniqueKeys = (keys: readonly PendingKey[]): PendingKey[] => [
  ...new Map(keys.map((key) => [`${key.host} ${key.priority} ${key.queryId}`, key])).values(),
];
