import { createHash } from 'node:crypto';
import type { Decorations } from '../queue/pending-query.ts';

/*
 * What leaves through Firehose: NDJSON, one document a line. `id` is derived from content and origin, so a consumer
 * that meets a line twice (Firehose and we deliver at least once) can tell.
 */

/** One returned row, or one answer without rows (`columns: null`). */
export interface ResultLine {
  readonly id: string;
  readonly kind: 'result';
  readonly storedAtMs: number;
  readonly host: string;
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
  /** True when nothing we know of had asked: expired, given up, or another enrollment's. */
  readonly late: boolean;
  readonly triggeredAtMs?: number;
  readonly queuedAtMs?: number;
  readonly deliveredAtMs?: number;
}

/** One line of an agent's own log. */
export interface LogLine {
  readonly id: string;
  readonly kind: 'log';
  readonly storedAtMs: number;
  readonly host: string;
  readonly hostname: string;
  readonly logType: string;
  readonly line: unknown;
}

/** A body we can do nothing with: kept for people, acknowledged to the agent, which would send it for ever. */
export interface QuarantineLine {
  readonly id: string;
  readonly kind: 'quarantine';
  readonly storedAtMs: number;
  readonly host: string;
  readonly endpoint: string;
  readonly reason: string;
  readonly bodyBase64: string;
}

export type Line = ResultLine | LogLine | QuarantineLine;

/** Where lines go. Each method resolves only when everything is durable, and throws otherwise. */
export interface ResultSink {
  results(lines: readonly ResultLine[]): Promise<void>;
  logs(lines: readonly LogLine[]): Promise<void>;
  quarantine(lines: readonly QuarantineLine[]): Promise<void>;
}

export const lineId = (...parts: readonly (string | number)[]): string =>
  createHash('sha256').update(JSON.stringify(parts)).digest('base64url').slice(0, 22);

// Firehose takes 1,000 KiB a record; base64 and newline leave this much.
const MAX_LINE_BYTES = 960_000;

/** Lines as text records, each of a few lines: Firehose bills in steps of 5 KB and takes at most 1,000 KiB. */
export function packed(lines: readonly Line[], maxRecordBytes = 512_000): string[] {
  const records: string[] = [];
  let open = '';
  for (const line of lines) {
    const text = `${serialized(line)}\n`;
    if (open && Buffer.byteLength(open) + Buffer.byteLength(text) > maxRecordBytes) {
      records.push(open);
      open = '';
    }
    open += text;
  }
  if (open) records.push(open);
  return records;
}

function serialized(line: Line): string {
  const text = JSON.stringify(line);
  if (Buffer.byteLength(text) <= MAX_LINE_BYTES) return text;
  // Cut where it is read as text, so that the line stays a document that says what is missing.
  const cut = (value: string): string => value.slice(0, 200_000);
  if (line.kind === 'result') {
    const columns =
      line.columns && Object.fromEntries(Object.entries(line.columns).map(([k, v]) => [k, cut(v).slice(0, 8_000)]));
    return JSON.stringify({ ...line, message: cut(line.message), columns, truncated: true });
  }
  if (line.kind === 'log') return JSON.stringify({ ...line, line: cut(JSON.stringify(line.line)), truncated: true });
  return JSON.stringify({ ...line, bodyBase64: cut(line.bodyBase64), truncated: true });
}
