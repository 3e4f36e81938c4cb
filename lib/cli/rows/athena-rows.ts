import { setTimeout as pause } from 'node:timers/promises';
import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { columnsOf, type LineColumn } from '../../core/results/line-fields.ts';
import { CommandError } from '../errors/command-error.ts';
import { printable } from '../terminal/print.ts';
import { type RowFilter, rowOf, type StoredRow } from './stored-row.ts';

/** The tables of a Mayfly in AWS. */
export interface ResultTables {
  readonly database: string;
  readonly workgroup: string;
}

/** How the reader waits. Tests inject their own. */
export type Sleep = (ms: number) => Promise<unknown>;

/** Rows from Athena, and what they cost. */
export interface AthenaAnswer {
  readonly rows: readonly StoredRow[];
  readonly scannedBytes: number;
}

const COLUMNS = columnsOf('results');
const FIRST_PAUSE_MS = 200;
const LONGEST_PAUSE_MS = 1000;
const HOUR_MS = 3_600_000;

/**
 * Stored rows of a Mayfly in AWS, newest first, by one Athena query over the partitions of the filter's span.
 *
 * @param page how many rows of the newest to leave out, and how many to return at most
 * @throws {CommandError} with Athena's reason
 */
export async function athenaRows(
  client: AthenaClient,
  { database, workgroup }: ResultTables,
  search: { readonly filter: RowFilter; readonly skip: number; readonly limit: number },
  sleep: Sleep = pause,
): Promise<AthenaAnswer> {
  const { QueryExecutionId } = await client.send(
    new StartQueryExecutionCommand({
      QueryString: athenaSql(search.filter, search.skip, search.limit),
      QueryExecutionContext: { Database: database },
      WorkGroup: workgroup,
    }),
  );
  const stop = (): void => {
    const end = (): never => process.exit(130); // whether or not Athena lets these credentials stop it
    client.send(new StopQueryExecutionCommand({ QueryExecutionId })).then(end, end);
  };
  process.once('SIGINT', stop);
  try {
    const done = await finished(client, QueryExecutionId, sleep);
    return { rows: await resultsOf(client, QueryExecutionId), scannedBytes: done.Statistics?.DataScannedInBytes ?? 0 };
  } finally {
    process.off('SIGINT', stop);
  }
}

async function finished(client: AthenaClient, id: string | undefined, sleep: Sleep): Promise<QueryExecution> {
  for (let waitMs = FIRST_PAUSE_MS; ; waitMs = Math.min(LONGEST_PAUSE_MS, waitMs * 1.5)) {
    const { QueryExecution: execution } = await client.send(new GetQueryExecutionCommand({ QueryExecutionId: id }));
    const { State, StateChangeReason = '' } = execution?.Status ?? {};
    if (execution && State === 'SUCCEEDED') return execution;
    if (State === 'FAILED' || State === 'CANCELLED')
      throw new CommandError('FAILED', `Athena did not answer: ${printable(StateChangeReason) || State}`, {
        next: nextAfter(StateChangeReason, id),
      });
    await sleep(waitMs);
  }
}

/** The next step after an Athena query that failed for this reason. */
function nextAfter(reason: string, id = ''): string {
  if (/access denied|not authorized|permission/i.test(reason))
    return 'docs/reference/results.md, "Athena", lists the permissions';
  if (/scan|exceeded|exhausted|timeout/i.test(reason)) return 'a shorter span (--since, --until) reads less';
  return `Athena knows more: aws athena get-query-execution --query-execution-id ${id}`;
}

async function resultsOf(client: AthenaClient, id: string | undefined): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  let token: string | undefined;
  let isFirst = true;
  do {
    const page = await client.send(new GetQueryResultsCommand({ QueryExecutionId: id, NextToken: token }));
    const all = page.ResultSet?.Rows ?? [];
    for (const { Data = [] } of isFirst ? all.slice(1) : all) {
      // the first row has the names of the columns
      const fields = COLUMNS.map((column, at) => [column.field, fieldOf(column, Data[at]?.VarCharValue)]);
      const row = rowOf(Object.fromEntries(fields.filter(([, value]) => value !== undefined)));
      if (row) rows.push(row);
    }
    isFirst = false;
    token = page.NextToken;
  } while (token !== undefined);
  return rows;
}

function fieldOf({ type }: LineColumn, text: string | undefined): unknown {
  if (text === undefined) return undefined;
  if (type === 'bigint') return Number(text);
  if (type === 'boolean') return text === 'true';
  return type.startsWith('map') ? JSON.parse(text) : text;
}

/**
 * The query for Athena. Partitions bound what it reads: those of the span, and the hour before, because the object of a line
 * has the hour of the object's first line.
 *
 * @see docs/reference/results.md
 */
export function athenaSql(filter: RowFilter, skip: number, limit: number): string {
  const { fromMs, untilMs, named } = filter;
  const selected = COLUMNS.map(({ name, type }) =>
    type.startsWith('map') ? `json_format(CAST("${name}" AS JSON)) AS "${name}"` : `"${name}"`,
  );
  const conditions = [
    `datehour BETWEEN '${hourOf(fromMs - HOUR_MS)}' AND '${hourOf(untilMs + HOUR_MS)}'`,
    `stored_at_ms BETWEEN ${fromMs} AND ${untilMs}`,
    ...(['host', 'rule', 'query', 'workload'] as const).flatMap((name) =>
      filter[name] === undefined ? [] : [`"${name}" = ${literal(filter[name])}`],
    ),
    ...(named === undefined ? [] : [isNamed(literal(named))]),
  ];
  return `SELECT ${selected.join(', ')}
FROM results
WHERE ${conditions.join('\n  AND ')}
ORDER BY stored_at_ms DESC, id
OFFSET ${skip} LIMIT ${limit}`;
}

const isNamed = (text: string): string =>
  `(starts_with(rule, ${text}) OR starts_with("query", ${text}) OR starts_with(query_id, ${text}) OR strpos(workload, ${text}) > 0)`;

/** @example hourOf(Date.parse('2026-11-01T10:59Z')) // '2026/11/01/10' */
const hourOf = (atMs: number): string =>
  new Date(atMs).toISOString().slice(0, 13).replaceAll('-', '/').replace('T', '/');

/** A text literal in Trino's SQL. Its only escape is the doubled quote. */
const literal = (text: string): string => `'${text.replaceAll("'", "''")}'`;
