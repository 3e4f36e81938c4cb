import { masked, offsetOfWord } from '../../core/sql/sql-text.ts';
import { GONE_TABLES } from '../osquery/behaviour.ts';
import { FUNCTIONS } from '../osquery/functions.ts';
import { PLATFORM_NAMES } from '../osquery/platform.ts';
import { platformsOf } from '../osquery/tables.ts';
import { nearest } from '../source/nearest.ts';
import type { OsqueryDatabase } from './osquery-database.ts';
import type { SqlProblem } from './sql-problem.ts';

/** SQLite's reason for refusing a statement, with a suggestion. */
export function explainFailure(
  db: OsqueryDatabase,
  sql: string,
  { message, offset }: { readonly message: string; readonly offset: number },
): SqlProblem {
  const [, kind, name = ''] = /^no such (table|column|function): (.+?)(?: - should this be .*)?$/.exec(message) ?? [];
  const bare = name.slice(name.lastIndexOf('.') + 1);
  const at = offset >= 0 ? offset : offsetOfWord(sql, bare);
  if (kind === 'table') return unknownTable(db, sql, bare);
  if (kind === 'column') {
    const hint = hiddenByAlias(db, sql, bare);
    if (hint) return problem(`no such column: ${name}`, at, undefined, hint);
    const columns = tablesNamed(db, sql).flatMap((table) => table.columns.map((column) => column.name));
    return problem(`no such column: ${name}`, at, nearest(bare, new Set(columns)));
  }
  if (kind === 'function') return problem(`no such function: ${name}`, at, nearest(bare, FUNCTIONS));
  return problem(
    message === 'not authorized' ? 'osquery does not allow this: it only reads' : message,
    Math.max(at, 0),
  );
}

export function unknownTable(db: OsqueryDatabase, sql: string, name: string): SqlProblem {
  const at = offsetOfWord(sql, name);
  const elsewhere = platformsOf(name)?.filter((platform) => platform !== db.platform) ?? [];
  if (elsewhere.length > 0) {
    const owners = elsewhere.map((platform) => PLATFORM_NAMES[platform]).join(' and ');
    return {
      ...problem(`${name} is a table of ${owners}, not of ${PLATFORM_NAMES[db.platform]}`, at),
      hint: 'a rule says its platforms, a scheduled query its platform',
    };
  }
  const last = GONE_TABLES[name];
  if (last) return problem(`no such table: ${name}`, at, undefined, `osquery ${last} was the last release that had it`);
  const near = nearest(name, db.tableNames);
  return near
    ? problem(`no such table: ${name}`, at, near)
    : { ...problem(`no such table: ${name}`, at), hint: 'name tables of extensions in policy.yaml: extension_tables' };
}

const problem = (message: string, offset: number, near?: string, hint?: string): SqlProblem => ({
  severity: 'error',
  message,
  offset,
  hint: near ? `did you mean ${near}?` : hint,
});

/** A hint for a column that an alias lacks and its table has. */
function hiddenByAlias(db: OsqueryDatabase, sql: string, column: string): string | undefined {
  const alias = tablesNamed(db, sql).find(({ aliasOf }) => {
    const columns = aliasOf ? (db.table(aliasOf)?.columns ?? []) : [];
    return columns.some(({ name }) => name === column);
  });
  return alias && `${alias.name} is a view of ${alias.aliasOf} without its hidden columns: ask ${alias.aliasOf}`;
}

const tablesNamed = (db: OsqueryDatabase, sql: string) =>
  [...new Set(masked(sql).match(/[A-Za-z_]\w*/g) ?? [])].flatMap((word) => db.table(word) ?? []);
