import type { Row } from '../host/sql-engine.ts';
import { calendarTime } from '../host/tables/time.ts';
import type { QueryState } from './store.ts';

/** The members that every result line of one run has. */
export interface LineHeader {
  readonly name: string;
  readonly hostIdentifier: string;
  readonly atMs: number;
  readonly epoch: number;
  readonly decorations: Readonly<Record<string, string>>;
  readonly decorationsTopLevel: boolean;
}

export interface Difference {
  readonly added: readonly Row[];
  readonly removed: readonly Row[];
  readonly counter: number;
  /** The query's state after this run. */
  readonly state: QueryState;
}

/**
 * The changes since the last run of a differential query. The first run of a name or an epoch adds every row and has
 * counter 0; the counter then grows with every run that found a change.
 */
export function difference(
  previous: QueryState | undefined,
  sql: string,
  epoch: number,
  found: readonly Row[],
): Difference {
  const rows = found.map(escaped);
  if (!previous || previous.epoch !== epoch) {
    return { added: rows, removed: [], counter: 0, state: { sql, epoch, counter: 0, rows } };
  }
  const added = without(rows, previous.rows);
  const removed = without(previous.rows, rows);
  const changed = added.length > 0 || removed.length > 0;
  const counter = previous.counter + (changed ? 1 : 0);
  return { added, removed, counter: changed ? counter : 1, state: { sql, epoch, counter, rows } };
}

/** One line per row: osquery's default form. */
export function eventLines(header: LineHeader, { added, removed, counter }: Difference): string[] {
  const line = (action: string) => (row: Row) => {
    const columns = Object.fromEntries(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
    return JSON.stringify({ ...members(header, counter), columns, action });
  };
  return [...removed.map(line('removed')), ...added.map(line('added'))];
}

/** One line per run (`logger_event_type=false`). */
export function batchLine(header: LineHeader, { added, removed, counter }: Difference): string {
  return JSON.stringify({ diffResults: { removed, added }, ...members(header, counter) });
}

/** A full result, written even if it is empty. */
export function snapshotLine(header: LineHeader, rows: readonly Row[]): string {
  return JSON.stringify({ snapshot: rows, action: 'snapshot', ...members(header, 0) });
}

/** A full result, one line per row (`logger_snapshot_event_type`). */
export function snapshotEventLines(header: LineHeader, rows: readonly Row[]): string[] {
  return rows.map((columns) => JSON.stringify({ ...members(header, 0), columns, action: 'snapshot' }));
}

function members(header: LineHeader, counter: number): object {
  const { decorations } = header;
  const own = Object.keys(decorations).length === 0 ? undefined : decorations;
  const topLevel = header.decorationsTopLevel ? own : undefined;
  return {
    name: header.name,
    hostIdentifier: header.hostIdentifier,
    calendarTime: calendarTime(header.atMs),
    unixTime: Math.floor(header.atMs / 1000),
    epoch: header.epoch,
    counter,
    numerics: false,
    decorations: header.decorationsTopLevel ? undefined : own,
    ...topLevel,
  };
}

/** The rows of `rows` that are not in `others`; repeated rows count separately. */
function without(rows: readonly Row[], others: readonly Row[]): Row[] {
  const counts = new Map<string, number>();
  for (const row of others) counts.set(identity(row), (counts.get(identity(row)) ?? 0) + 1);
  return rows.filter((row) => {
    const left = counts.get(identity(row)) ?? 0;
    if (left > 0) counts.set(identity(row), left - 1);
    return left === 0;
  });
}

function identity(row: Row): string {
  return JSON.stringify(Object.entries(row).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Writes control bytes as `\xNN`. osquery does this in differential rows, but not in snapshots or distributed rows. */
function escaped(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      value.replace(/\p{Cc}/gu, (byte) => `\\x${byte.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')}`),
    ]),
  );
}
