import { csv } from '../terminal/csv.ts';
import { printable, when } from '../terminal/print.ts';
import { fits, fitted, MAX_WIDTH, shortened } from '../terminal/table.ts';
import type { StoredRow } from './stored-row.ts';

/** Longer values would leave no room for others. */
const MAX_CELL = 40;
/** Up to this many rows are shown as lists of values if they are too wide for a table. */
const MAX_LISTED = 2;

/** Rows for a terminal: those of one answer together, below a line that says when, where and to which query. */
export const rowsText = (rows: readonly StoredRow[]): string => answersOf(rows).map(answerText).join('\n\n');

/** Consecutive rows of one answer about one workload. */
function answersOf(rows: readonly StoredRow[]): StoredRow[][] {
  const answers: StoredRow[][] = [];
  let last: string | undefined;
  for (const row of rows) {
    const answer = JSON.stringify([row.storedAtMs, row.host, row.rule, row.query, row.workload, row.repeat]);
    if (answer === last) answers.at(-1)?.push(row);
    else answers.push([row]);
    last = answer;
  }
  return answers;
}

function answerText(rows: readonly StoredRow[]): string {
  const [first] = rows as [StoredRow];
  const { storedAtMs, host, rule, query, workload, status, message, columns, decorations } = first;
  const asked = rule || query ? `${rule}/${query}` : 'a query that Mayfly does not know';
  const head = printable([when(storedAtMs), host, asked].join('  '));
  const about = workload === null ? '' : `\n  about ${shortWorkload(workload, decorations)}`;
  if (status !== 0) return `${head}${about}\n  failed: ${shortened(printable(message), MAX_WIDTH - 10)}`;
  if (columns === null) return `${head}${about}\n  no rows`;
  return `${head}${about}\n${tableText(rows.map((row) => row.columns ?? {}))}`;
}

/** @example 'api, prod/4f1c8d52b3e94c1d8a7e6f5a4b3c2d1e' */
function shortWorkload(workload: string, { task_family, container_name }: StoredRow['decorations']): string {
  const name = [...new Set([task_family, container_name])].filter(Boolean).join(': ');
  const id = workload.slice(workload.indexOf(':task/') < 0 ? 0 : workload.indexOf(':task/') + ':task/'.length);
  return shortened(printable([name, id].filter(Boolean).join(', ')), MAX_WIDTH - 8);
}

type Columns = NonNullable<StoredRow['columns']>;

function tableText(rows: readonly Columns[]): string {
  const names = namesOf(rows).filter((name) => rows.some((row) => row[name]));
  const cells = rows.map((row) => names.map((name) => cellOf(row[name])));
  const table = [names.map(printable), ...cells].map((row) => row.map((cell, at) => (at === 0 ? `  ${cell}` : cell)));
  if (fits(table)) return fitted(table, []);
  return rows.length <= MAX_LISTED ? rows.map((row) => listText(row, names)).join('\n\n') : narrowText(table);
}

/** The first columns that fit, with long values cut: the author of a query puts the important ones first. */
function narrowText(table: readonly (readonly string[])[]): string {
  const short = table.map((row) => row.map((cell) => shortened(cell, MAX_CELL)));
  const all = short[0]?.length ?? 0;
  for (let kept = all; kept > 0; kept -= 1) {
    const some = short.map((row) => row.slice(0, kept));
    const byWidth = Array.from({ length: kept }, (_, at) => at).sort((a, b) => widthOf(some, b) - widthOf(some, a));
    const text = fitted(some, byWidth);
    const isIn = text.split('\n').every((line) => line.length <= MAX_WIDTH);
    if (isIn || kept === 1) return kept < all ? `${text}\n  (${all - kept} more columns: --json, --csv)` : text;
  }
  return '';
}

const widthOf = (rows: readonly (readonly string[])[], at: number): number =>
  Math.max(...rows.map((row) => row[at]?.length ?? 0));

function listText(row: Columns, names: readonly string[]): string {
  const present = names.filter((name) => row[name]);
  const width = Math.max(...present.map((name) => name.length));
  return present
    .map(
      (name) => `  ${printable(name).padEnd(width)}  ${shortened(printable(row[name] ?? ''), MAX_WIDTH - width - 4)}`,
    )
    .join('\n');
}

/** Ids of containers and images are shown with twelve digits, as Docker does. */
const cellOf = (value = ''): string => printable(value).replace(/^(sha256:)?([0-9a-f]{12})[0-9a-f]{52}$/, '$1$2');

const namesOf = (rows: readonly Columns[]): string[] => [...new Set(rows.flatMap((row) => Object.keys(row)))];

const HEAD = ['time', 'host', 'hostname', 'rule', 'query', 'workload', 'status', 'message'] as const;

/** Rows as CSV: time, host and query, then every column that occurs. */
export function rowsCsv(rows: readonly StoredRow[]): string {
  const names = namesOf(rows.map(({ columns }) => columns ?? {}));
  const taken = new Set<string>(HEAD);
  const head = [...HEAD, ...names.map((name) => (taken.has(name) ? `columns.${name}` : name))];
  const lines = rows.map((row) => [
    ...HEAD.map((name) => String(row[name] ?? '')),
    ...names.map((name) => row.columns?.[name] ?? ''),
  ]);
  return csv([head, ...lines]);
}
