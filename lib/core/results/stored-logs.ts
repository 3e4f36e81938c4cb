/**
 * Which lines of a node's latest log batch are stored. An agent sends a batch again, with newer lines among it, until it is
 * acknowledged, and then never again: so the latest batch of each type is all there is to remember.
 */
export interface StoredLogs {
  /** The marks of the lines that are stored, none where that is a day ago. */
  stored(host: string, logType: string, nowMs: number): Promise<readonly string[]>;
  /** Replaces what is remembered. */
  replace(host: string, logType: string, marks: readonly string[], nowMs: number): Promise<void>;
}

/** A batch whose reply got lost comes again within the hour that `logger_tls_backoff_max` allows at the most. */
export const STORED_LOGS_KEEP_MS = 24 * 3_600_000;

/** Characters of a mark. Marks are only compared between two copies of one batch. */
export const MARK_LENGTH = 8;
