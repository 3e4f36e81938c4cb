/**
 * Remembers which lines of a node's latest log batch are stored. An agent repeats a batch, with newer lines in it, until it is
 * acknowledged, so only the latest batch of each type matters.
 */
export interface StoredLogs {
  /** The marks of the stored lines; empty after a day. */
  stored(host: string, logType: string, nowMs: number): Promise<readonly string[]>;
  /** Replaces the marks. */
  replace(host: string, logType: string, marks: readonly string[], nowMs: number): Promise<void>;
}

/** A batch whose reply is lost is repeated within an hour, the most that `logger_tls_backoff_max` allows. */
export const STORED_LOGS_KEPT_MS = 24 * 3_600_000;

/** The length of a mark. Short marks suffice, because they are only compared between two copies of one batch. */
export const MARK_LENGTH = 8;
