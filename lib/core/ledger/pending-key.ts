import type { QuerySet } from '../policy/query-set.ts';

/** Where a pending query lives: its host, and priority and id as they sort. */
export interface PendingKey {
  readonly host: string;
  readonly priority: number;
  readonly queryId: string;
  readonly set: QuerySet;
  /** Where its answer can prove something: until when the answer is waited for, epoch ms. */
  readonly answerByMs?: number;
}

/** An answer may lag the last hand-over by a lease and its redeliveries: nothing is called missed before that. */
export const ANSWER_GRACE_MS = 3 * 60_000;

/** Each place once: two functions may have asked the same at once. */
export const uniqueKeys = (keys: readonly PendingKey[]): PendingKey[] => [
  ...new Map(keys.map((key) => [`${key.host} ${key.priority} ${key.queryId}`, key])).values(),
];
