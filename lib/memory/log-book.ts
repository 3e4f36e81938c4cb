import { LOG_BOOK_KEEPS_MS, type LogBook } from '../core/results/log-book.ts';

/** Which lines of each node's latest log batch are stored. */
export class MemoryLogBook implements LogBook {
  readonly #batches = new Map<string, { readonly marks: readonly string[]; readonly untilMs: number }>();

  async stored(host: string, logType: string, nowMs: number): Promise<readonly string[]> {
    const batch = this.#batches.get(JSON.stringify([host, logType]));
    return batch && batch.untilMs > nowMs ? batch.marks : [];
  }

  async note(host: string, logType: string, marks: readonly string[], nowMs: number): Promise<void> {
    this.#batches.set(JSON.stringify([host, logType]), { marks, untilMs: nowMs + LOG_BOOK_KEEPS_MS });
  }
}
