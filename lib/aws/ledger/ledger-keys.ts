import { createHash } from 'node:crypto';

const PREFIX = 'WORKLOAD#';
/** The key of a workload's row. */
export const keyOf = (workload: string) => ({ pk: `${PREFIX}${workload}`, sk: '#ledger' });
/** The workload behind a partition key of the ledger. */
export const workloadOf = (pk: string): string => pk.slice(PREFIX.length);

/** The index that lists workloads by the time of their first event: `day` / `firstReceivedAtMs`, keys only. */
export const BY_DAY = 'byDay';
/** Partitions per day, so that a busy day does not write to a single one. */
export const DAY_SHARDS = 8;
/** `2026-11-01#3`: the UTC day, and one of its shards. */
export const dayOf = (atMs: number, shard: number): string => `${new Date(atMs).toISOString().slice(0, 10)}#${shard}`;
/** Always the same shard for a workload. */
export const shardOf = (workload: string): number =>
  (createHash('sha256').update(workload).digest()[0] ?? 0) % DAY_SHARDS;

/** An instant in a form that sorts as text. @example sortable(1_740_830_400_000) // '001740830400000' */
export const sortable = (atMs: number): string => String(Math.max(0, Math.round(atMs))).padStart(15, '0');
/** The partition of the spans of settled workloads that begin on this UTC day. */
export const settledPk = (atMs: number): string => `SETTLED#${new Date(atMs).toISOString().slice(0, 10)}`;
/** The partition of an address. */
export const addressPk = (digits: string): string => `ADDRESS#${digits}`;
/** Workloads whose verdict is due for review (a small partition). */
export const AGAIN = 'REVIEW#again';

/** The key of the row that says since when a workload has an address. */
export const addressKey = (digits: string, sinceMs: number, workload: string) => ({
  pk: addressPk(digits),
  sk: `${sortable(sinceMs)}#${workload}`,
});
