import { nearest } from '../nearest.ts';
import { TABLES_ELSEWHERE } from '../schema/elsewhere.ts';
import type { OsqueryDatabase } from './osquery-database.ts';
import { OSQUERY_FUNCTIONS } from './osquery-functions.ts';
import type { SqlFinding } from './sql-finding.ts';
import { masked, offsetOfWord } from './sql-text.ts';

/** SQLite's reason for refusing a statement, with what was probably meant. */
export function explainFailure(
  db: OsqueryDatabase,
  sql: string,
  { message, offset }: { readonly message: string; readonly offset: number },
): SqlFinding {
  const [, kind, name = ''] = /^no such (table|column|function): (.+?)(?: - should this be .*)?$/.exec(message) ?? [];
  const bare = name.slice(name.lastIndexOf('.') + 1);
  const at = offset >= 0 ? offset : offsetOfWord(sql, bare);
  if (kind === 'table') return unknownTable(db, sql, bare);
  if (kind === 'column') {
    const columns = tablesNamed(db, sql).flatMap((table) => table.columns.map((column) => column.name));
    return finding(`no such column: ${name}`, at, nearest(bare, new Set(columns)));
  }
  if (kind === 'function') {
    return finding(`no such function: ${name}`, at, nearest(bare, Object.keys(OSQUERY_FUNCTIONS)));
  }
  return finding(
    message === 'not authorized' ? 'osquery does not allow this: it only reads' : message,
    Math.max(at, 0),
  );
}

export function unknownTable(db: OsqueryDatabase, sql: string, name: string): SqlFinding {
  const at = offsetOfWord(sql, name);
  const elsewhere = TABLES_ELSEWHERE.get(name);
  if (elsewhere) {
    return {
      ...finding(`${name} is a table of ${elsewhere}, not of Linux`, at),
      hint: 'a scheduled query may say for which platform it is',
    };
  }
  const near = nearest(name, db.tableNames);
  return near
    ? finding(`no such table: ${name}`, at, near)
    : { ...finding(`no such table: ${name}`, at), hint: 'name tables of extensions in policy.yaml: extension_tables' };
}

const finding = (message: string, offset: number, near?: string): SqlFinding => ({
  severity: 'error',
  message,
  offset,
  ...(near ? { hint: `did you mean ${near}?` } : {}),
});

const tablesNamed = (db: OsqueryDatabase, sql: string) =>
  [...new Set(masked(sql).match(/[A-Za-z_]\w*/g) ?? [])].flatMap((word) => db.table(word) ?? []);
