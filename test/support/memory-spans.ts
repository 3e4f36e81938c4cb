import type { SavedSpan, SettledSpan, SettledSpans } from '../../lib/core/ledger/settle-spans.ts';

/** Spans of settled workloads, in memory. */
export class MemorySpans implements SettledSpans {
  readonly saved = new Map<number, SettledSpan>();

  async read(spanMs: number): Promise<SavedSpan | undefined> {
    const span = this.saved.get(spanMs);
    return span && { open: span.open, pages: [], revision: '' };
  }

  async save(spanMs: number, { settled, open }: SettledSpan): Promise<void> {
    this.saved.set(spanMs, { settled: [...(this.saved.get(spanMs)?.settled ?? []), ...settled], open });
  }
}
