import { join } from 'node:path';
import { type DeploymentFlags, isInAws, nameOf } from '../deployment/deployment-flags.ts';
import { explained } from '../deployment/explained.ts';
import { CommandError } from '../errors/command-error.ts';
import { note } from '../terminal/print.ts';
import { slowly } from '../terminal/progress.ts';
import type { ResultTables } from './athena-rows.ts';
import type { RowFilter, StoredRow } from './stored-row.ts';

/** The flags that say where rows are. */
export interface RowsDeployment extends DeploymentFlags {
  readonly database?: string;
  readonly workgroup?: string;
}

export interface RowSearch {
  readonly filter: RowFilter;
  /** How many of the newest rows to leave out. */
  readonly skip: number;
  readonly limit: number;
}

/** A page of rows, newest first. */
export interface RowPage {
  readonly rows: readonly StoredRow[];
  readonly hasMore: boolean;
}

/** Finds stored rows: in the files of a local Mayfly, or with Athena. */
export async function searchRows(flags: RowsDeployment, search: RowSearch): Promise<RowPage> {
  return isInAws(flags) ? inAthena(flags, search) : inFiles(flags, search);
}

/** The page of these rows. The search asked for one more row, to know whether another page follows. */
const pageOf = (rows: readonly StoredRow[], limit: number): RowPage => ({
  rows: rows.slice(0, limit),
  hasMore: rows.length > limit,
});

async function inFiles({ data }: RowsDeployment, { filter, skip, limit }: RowSearch): Promise<RowPage> {
  const { DISORDER_MS, localRows } = await import('./local-rows.ts');
  const found = new Map<string, StoredRow>(); // by id: a line may have been stored twice
  let lastMs = Number.NEGATIVE_INFINITY; // when the last row of the page was stored, about
  let lines = 0;
  const stop = slowly(() => `${lines} lines read, ${found.size} rows found`);
  const count = (read: number): void => {
    lines = read;
  };
  try {
    for await (const row of localRows(join(data, 'results', 'results'), filter, count)) {
      found.set(row.id, row);
      if (found.size === skip + limit + 1) lastMs = row.storedAtMs;
      if (row.storedAtMs < lastMs - DISORDER_MS) break;
    }
  } finally {
    stop();
  }
  // Newest first; the rows of one answer in their own order, which is that of the files.
  const sorted = [...found.values()].reverse().sort((a, b) => b.storedAtMs - a.storedAtMs);
  return pageOf(sorted.slice(skip), limit);
}

async function inAthena(flags: RowsDeployment, { filter, skip, limit }: RowSearch): Promise<RowPage> {
  const [{ AthenaClient }, { athenaRows }, tables] = await Promise.all([
    import('@aws-sdk/client-athena'),
    import('./athena-rows.ts'),
    tablesOf(flags),
  ]);
  const client = new AthenaClient({});
  const stop = slowly((seconds) => `Athena reads the results, ${seconds} s`);
  try {
    const search = { filter, skip, limit: limit + 1 };
    const { rows, scannedBytes } = await athenaRows(client, tables, search);
    note(`Athena read ${(scannedBytes / 1e6).toFixed(1)} MB. Rows of the last two minutes may be missing.`);
    // First the page: it ends where Athena's does, with fewer rows if some were stored twice.
    const page = pageOf(rows, limit);
    return { rows: [...new Map(page.rows.map((row) => [row.id, row])).values()], hasMore: page.hasMore };
  } catch (error) {
    if (error instanceof Error && error.name === 'AccessDeniedException')
      throw new CommandError('ACCESS_DENIED', `access denied to Athena (${error.message})`, {
        next: 'docs/reference/results.md, "Athena", lists the permissions',
        cause: error,
      });
    throw explained(error, `the workgroup ${tables.workgroup}`, flags);
  } finally {
    stop();
    client.destroy();
  }
}

async function tablesOf(flags: RowsDeployment): Promise<ResultTables> {
  const { database, workgroup } = flags;
  if (database && workgroup) return { database, workgroup };
  const { namesInAws } = await import('../deployment/stack-names.ts');
  const names = await namesInAws(flags);
  if (names.database && names.workgroup) return { database: names.database, workgroup: names.workgroup };
  throw new CommandError('OUTDATED', `${nameOf(flags)} has no tables for Athena`, { next: 'deploy it again' });
}
