import type { SettledSpan, SettledSpans } from '../../lib/core/ledger/settle-spans.ts';

/** Spans of settled workloads, in memory. */
export class MemorySpans implements SettledSpans {
  readonly saved = new Map<number, SettledSpan>();

  async openIn(spanMs: number): Promise<readonly string[] | undefined> {
    return this.saved.get(spanMs)?.open;
  }

  async save(spanMs: number, { settled, open }: SettledSpan): Promise<void> {
    this.saved.set(spanMs, { settled: [...(this.saved.get(spanMs)?.settled ?? []), ...settled], open });
  }
}
