import { STORED_LOGS_KEPT_MS, type StoredLogs } from '../core/results/stored-logs.ts';

/** Marks of stored log lines in memory. */
export class MemoryStoredLogs implements StoredLogs {
  readonly #batches = new Map<string, { readonly marks: readonly string[]; readonly untilMs: number }>();

  async stored(host: string, logType: string, nowMs: number): Promise<readonly string[]> {
    const batch = this.#batches.get(JSON.stringify([host, logType]));
    return batch && batch.untilMs > nowMs ? batch.marks : [];
  }

  async replace(host: string, logType: string, marks: readonly string[], nowMs: number): Promise<void> {
    this.#batches.set(JSON.stringify([host, logType]), { marks, untilMs: nowMs + STORED_LOGS_KEPT_MS });
  }
}
