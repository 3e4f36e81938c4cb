import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import * as z from 'zod/mini';
import type { StoredRow } from '../../console/api.ts';

const Line = z.object({
  storedAtMs: z.number(),
  rule: z.string(),
  query: z.string(),
  set: z.string(),
  message: z.string(),
  workload: z.nullable(z.string()),
  columns: z.nullable(z.record(z.string(), z.string())),
});

/** More rows than a person reads on one page. */
const MOST_ROWS = 500;
const DAY_MS = 24 * 3_600_000;

export interface RowsOf {
  readonly rows: readonly StoredRow[];
  /** Why some may be missing. */
  readonly note?: string;
}

/**
 * The stored rows about one workload, oldest first, from the NDJSON files of a local Mayfly: one a UTC day.
 *
 * @param folder of the results, in the data folder
 */
export async function localRows(folder: string, workload: string, fromMs: number): Promise<RowsOf> {
  const first = new Date(fromMs - DAY_MS).toISOString().slice(0, 10); // a clock may be behind
  const names = await readdir(join(folder, 'results')).catch(() => []);
  const files = names.filter((name) => name.endsWith('.ndjson') && name.slice(0, 10) >= first).sort();
  const rows: StoredRow[] = [];
  for (const file of files) {
    for await (const row of rowsIn(join(folder, 'results', file), workload)) {
      if (rows.length === MOST_ROWS)
        return { rows, note: `Only the first ${MOST_ROWS} rows are shown. All are in ${folder}.` };
      rows.push(row);
    }
  }
  return { rows };
}

async function* rowsIn(file: string, workload: string): AsyncGenerator<StoredRow> {
  const named = JSON.stringify(workload); // as the line contains it: other lines need not be parsed
  for await (const text of createInterface({ input: createReadStream(file, 'utf8') })) {
    if (!text.includes(named)) continue;
    const { data } = Line.safeParse(parsed(text));
    if (data?.workload !== workload) continue;
    const { storedAtMs: atMs, rule, query, set, message, columns } = data;
    yield { atMs, rule, query, set, message, columns };
  }
}

/** The last line may be half written. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
