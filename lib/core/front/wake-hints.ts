import { createHash } from 'node:crypto';

/**
 * A hint that a host's held read should look at the table again: queries are about to be queued for the host, or its node is about
 * to end. It is written before the change, so there is no change without one.
 */
export interface WakeHint {
  /** Unique; sorts by time. */
  readonly id: string;
  readonly host: string;
  /** By the clock of the function or process that wrote it, epoch ms. */
  readonly atMs: number;
}

/** Reads hints. They are written behind `HostQueue` and `NodeRegistry`, where a long-poll front is deployed. */
export interface WakeHints {
  /** The hints of one shard with a time of at least `fromMs`; eventually consistent. */
  since(shard: number, fromMs: number): Promise<readonly WakeHint[]>;
}

/** Four partitions take about 4,000 hints a second. Each front process queries all of them. */
export const HINT_SHARDS = 4;
/** Held reads end after seconds, so no front needs an older hint. */
export const HINT_TTL_MS = 5 * 60_000;

/** The shard of a host's hints. */
export const shardOf = (host: string): number => (createHash('sha256').update(host).digest()[0] ?? 0) % HINT_SHARDS;
