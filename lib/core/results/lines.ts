import { createHash } from 'node:crypto';
import type { Decorations } from '../decorations.ts';

import { cut } from '../text.ts';

/*
 * Lines that leave through Firehose: NDJSON, one document per line. `id` derives from content and origin, so a consumer can
 * detect a repeated line (Firehose and Mayfly deliver at least once). `line-fields.ts` says what each field means.
 */

interface StoredLine {
  readonly id: string;
  readonly time: string;
  readonly storedAtMs: number;
  readonly host: string;
  readonly truncated?: true;
}

/** One returned row, or one answer without rows (`columns: null`). */
export interface ResultLine extends StoredLine {
  readonly kind: 'result';
  readonly hostname: string;
  readonly rule: string;
  readonly query: string;
  readonly queryId: string;
  readonly set: string;
  readonly status: number;
  readonly message: string;
  readonly workload: string | null;
  readonly columns: Readonly<Record<string, string>> | null;
  readonly decorations: Decorations;
  readonly late: boolean;
  readonly repeat: boolean;
  readonly givenUp?: 'unanswered' | 'agent-silent';
  readonly triggeredAtMs?: number;
  readonly receivedAtMs?: number;
  readonly queuedAtMs?: number;
  readonly deliveredAtMs?: number;
}

/** One line of an agent's own log. */
export interface LogLine extends StoredLine {
  readonly kind: 'log';
  readonly hostname: string;
  readonly logType: string;
  readonly line: unknown;
}

/** An unreadable body: kept for operators and acknowledged, because the agent would send it forever. */
export interface QuarantineLine extends StoredLine {
  readonly kind: 'quarantine';
  readonly endpoint: string;
  readonly reason: string;
  readonly bodyBase64: string;
}

export type Line = ResultLine | LogLine | QuarantineLine;

/** How long the function may still run, ms. */
export type TimeLeft = () => number;

/**
 * Stores lines. Each method resolves once all lines are durable, and throws otherwise.
 *
 * A throttled store is retried while `timeLeftMs` allows it. @default - a few seconds
 */
export interface ResultSink {
  results(lines: readonly ResultLine[], timeLeftMs?: TimeLeft): Promise<void>;
  logs(lines: readonly LogLine[], timeLeftMs?: TimeLeft): Promise<void>;
  quarantine(lines: readonly QuarantineLine[], timeLeftMs?: TimeLeft): Promise<void>;
}

export const lineId = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);

// Firehose accepts 1,000 KiB per record; base64 and newline leave this much.
const MAX_LINE_BYTES = 960_000;

/** Packs lines into text records: Firehose bills each record in steps of 5 KB and accepts at most 1,000 KiB. */
export function packed(lines: readonly Line[], maxRecordBytes = 512_000): string[] {
  const records: string[] = [];
  let open = '';
  let bytes = 0;
  for (const line of lines) {
    const text = `${serialized(line)}\n`;
    const more = Buffer.byteLength(text);
    if (open && bytes + more > maxRecordBytes) {
      records.push(open);
      open = '';
      bytes = 0;
    }
    open += text;
    bytes += more;
  }
  if (open) records.push(open);
  return records;
}

function serialized(line: Line): string {
  const text = JSON.stringify(line);
  if (Buffer.byteLength(text) <= MAX_LINE_BYTES) return text;
  // Only texts are cut, so that the line stays valid JSON and is marked as truncated. A character takes up to six bytes in
  // JSON, so all columns together keep at most 720 KB.
  if (line.kind === 'result') {
    const all = Object.entries(line.columns ?? {});
    const share = Math.floor(60_000 / Math.max(1, all.length));
    const kept = all.map(([name, value]) => [cut(name, share), cut(value, share)]);
    const message = cut(line.message, 20_000);
    const queryId = cut(line.queryId, 2_000); // can have any length if the query is unknown
    const columns = line.columns && Object.fromEntries(kept);
    return JSON.stringify({ ...line, queryId, message, columns, truncated: true });
  }
  if (line.kind === 'log') {
    const logType = cut(line.logType, 2_000);
    return JSON.stringify({ ...line, logType, line: cut(JSON.stringify(line.line), 200_000), truncated: true });
  }
  return JSON.stringify({ ...line, bodyBase64: line.bodyBase64.slice(0, 200_000), truncated: true });
}
