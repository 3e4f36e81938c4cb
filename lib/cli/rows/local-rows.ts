import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hasCode } from '../errors/exit.ts';
import { linesBackwards } from './lines-backwards.ts';
import { isMeant, type RowFilter, rowOf, type StoredRow } from './stored-row.ts';

/** How far lines may be out of order, ms: concurrent functions append lines when they finish, and none runs longer than this. */
export const DISORDER_MS = 3 * 60_000;

/**
 * Stored rows of a local Mayfly, newest first, from the file of each UTC day.
 *
 * @param folder the results in the data folder
 * @param onRead called with the number of lines that were looked at, for progress
 */
export async function* localRows(
  folder: string,
  filter: RowFilter,
  onRead: (lines: number) => void = () => {},
): AsyncGenerator<StoredRow> {
  let read = 0;
  for (const file of await filesOf(folder, filter)) {
    for await (const line of linesBackwards(join(folder, file), soughtBy(filter))) {
      read += 1;
      onRead(read);
      const storedAtMs = timeOf(line);
      if (storedAtMs < filter.fromMs - DISORDER_MS) return;
      if (storedAtMs > filter.untilMs) continue;
      const row = rowOf(parsed(line));
      if (row && isMeant(row, filter)) yield row;
    }
  }
}

/** The files that may have lines of the span, the newest first. A file has the UTC day on which its lines were written. */
async function filesOf(folder: string, { fromMs, untilMs }: RowFilter): Promise<string[]> {
  const dayOf = (atMs: number): string => new Date(atMs).toISOString().slice(0, 10);
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return []; // nothing has been stored so far
    throw error;
  });
  return names
    .filter((name) => /^\d{4}-\d\d-\d\d\.ndjson$/.test(name))
    .filter((name) => name.slice(0, 10) >= dayOf(fromMs) && name.slice(0, 10) <= dayOf(untilMs + DISORDER_MS))
    .sort()
    .reverse();
}

/** A part of every line that the filter selects, as JSON writes it. The most selective one, so that few lines are parsed. */
function soughtBy({ workload, named, host, rule, query }: RowFilter): string | undefined {
  if (workload !== undefined) return member('workload', workload);
  if (named !== undefined) return JSON.stringify(named).slice(1, -1);
  if (host !== undefined) return member('host', host);
  if (rule !== undefined) return member('rule', rule);
  return query === undefined ? undefined : member('query', query);
}

const member = (name: string, value: string): string => `"${name}":${JSON.stringify(value)}`;

/** The time of a line without parsing it: no text in JSON has an unescaped quote. NaN, which selects it, if there is none. */
const timeOf = (line: string): number => Number(/"storedAtMs":(\d+)/.exec(line)?.[1] ?? Number.NaN);

/** Undefined for text that is not JSON, such as a line that a full disk cut off. */
function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
