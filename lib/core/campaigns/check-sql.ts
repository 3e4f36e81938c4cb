import { MayflyError } from '../errors.ts';
import type { AdHoc } from '../policy/policy.ts';
import { MAX_SQL_BYTES } from '../queue/delivery.ts';
import { renderSql } from '../sql/render.ts';
import { endOfStatement, isBlank, masked, namesIn } from '../sql/sql-text.ts';

/** Ad-hoc queries under a policy that says nothing about them. */
export const ALL_ALLOWED: AdHoc = { allow: true, forbidTables: [] };

/**
 * Why an ad-hoc query may not be asked; undefined if it may. The last check before hosts get it: the command has checked it
 * against osquery's tables, but anyone who may put events on the bus can send any text.
 *
 * @example refusalOf('SELECT * FROM shadow', { allow: true, forbidTables: ['shadow'] }) // 'the policy forbids the table shadow'
 */
export function refusalOf(sql: string, { allow, forbidTables }: AdHoc = ALL_ALLOWED): string | undefined {
  if (!allow) return 'the policy forbids ad-hoc queries';
  if (Buffer.byteLength(sql) > MAX_SQL_BYTES) return `the SQL is longer than ${MAX_SQL_BYTES} bytes`;
  if (sql.includes('\0')) return 'the SQL holds NUL';
  if (!/^[\s(]*(?:SELECT|WITH|VALUES)\b/i.test(masked(sql))) return 'only a SELECT is allowed';
  if (!isBlank(sql.slice(endOfStatement(sql)))) return 'only one statement is allowed';
  if (!isRendered(sql)) return 'the SQL has a placeholder, and nothing is bound here';
  const names = namesIn(sql);
  const forbidden = forbidTables.find((table) => names.has(table.toLowerCase()));
  return forbidden === undefined ? undefined : `the policy forbids the table ${forbidden}`;
}

/** Whether the queue would deliver this text unchanged. */
function isRendered(sql: string): boolean {
  try {
    return renderSql(sql, {}) === sql;
  } catch (error) {
    if (error instanceof MayflyError) return false;
    throw error;
  }
}
