import type { LookBack } from '../../core/ledger/ledger-index.ts';
import { SETTLES_AFTER_MS, type SettledSpan, SPAN_MS, spanOf } from '../../core/ledger/settle-spans.ts';

/** Spans of so much time are read together: some MB in a busy deployment. */
const WINDOW_MS = 3_600_000;
/** A part has so many spans at most, or so many open workloads, whose records take one batch of reads. */
const MOST_SPANS = 36;
const MOST_OPEN = 100;

/** A part of a look-back, with its spans, or without any where none are saved. */
export interface Part {
  /** The begin of its earliest span, and the end of its latest one. */
  readonly fromMs: number;
  readonly endMs: number;
  readonly spans: readonly SettledSpan[];
}

/** Reads the spans that begin between two times, both included. */
export type ReadSpans = (fromMs: number, toMs: number) => Promise<ReadonlyMap<number, SettledSpan>>;

/** Divides the time of a look-back into parts, in its order. */
export async function* partsOf(read: ReadSpans, lookBack: LookBack): AsyncGenerator<Part> {
  const { fromMs, toMs, isNewestFirst, nowMs } = lookBack;
  const [first, last] = [spanOf(fromMs), spanOf(toMs)];
  const latest = Math.min(last, spanOf(nowMs - SETTLES_AFTER_MS)); // no later span is saved yet
  const unsaved: Part = { fromMs: Math.max(first, latest + SPAN_MS), endMs: last + SPAN_MS, spans: [] };
  const hasUnsaved = unsaved.fromMs < unsaved.endMs;
  if (isNewestFirst && hasUnsaved) yield unsaved;
  let part: Part | undefined;
  for await (const next of spansIn(read, { ...lookBack, fromMs: first, toMs: latest })) {
    const joined: Part | undefined = part && join(part, next);
    if (part && !joined) yield part;
    part = joined ?? next;
  }
  if (part) yield part;
  if (!isNewestFirst && hasUnsaved) yield unsaved;
}

/** Each span by itself. */
async function* spansIn(read: ReadSpans, { fromMs, toMs, isNewestFirst }: LookBack): AsyncGenerator<Part> {
  for (const window of windowsOf(fromMs, toMs, isNewestFirst)) {
    const found = await read(window.fromMs, window.toMs);
    const parts: Part[] = [];
    for (let spanMs = window.fromMs; spanMs <= window.toMs; spanMs += SPAN_MS) {
      const span = found.get(spanMs);
      parts.push({ fromMs: spanMs, endMs: spanMs + SPAN_MS, spans: span ? [span] : [] });
    }
    yield* isNewestFirst ? parts.reverse() : parts;
  }
}

function windowsOf(fromMs: number, toMs: number, isNewestFirst: boolean): { fromMs: number; toMs: number }[] {
  const windows: { fromMs: number; toMs: number }[] = [];
  for (let atMs = Math.floor(fromMs / WINDOW_MS) * WINDOW_MS; atMs <= toMs; atMs += WINDOW_MS)
    windows.push({ fromMs: Math.max(atMs, fromMs), toMs: Math.min(atMs + WINDOW_MS - SPAN_MS, toMs) });
  return isNewestFirst ? windows.reverse() : windows;
}

/** Two parts that follow each other as one; undefined if they are of different kinds, or too much together. */
function join(part: Part, next: Part): Part | undefined {
  if ((part.spans.length === 0) !== (next.spans.length === 0)) return undefined;
  const spans = [...part.spans, ...next.spans];
  const open = spans.reduce((sum, span) => sum + span.open.length, 0);
  if (spans.length > MOST_SPANS || open > MOST_OPEN) return undefined;
  return { fromMs: Math.min(part.fromMs, next.fromMs), endMs: Math.max(part.endMs, next.endMs), spans };
}
