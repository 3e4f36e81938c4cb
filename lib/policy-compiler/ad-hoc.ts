import type { Platform } from '../core/policy/policy.ts';
import { databasesOf } from './compile/compile.ts';
import { lintSql, platformsWith } from './lint/lint-sql.ts';
import type { SqlProblem } from './lint/sql-problem.ts';

/** What osquery would say about an ad-hoc query. */
export interface AdHocReport {
  readonly problems: readonly SqlProblem[];
  /** The platforms that have all of its tables; if there are none, all platforms in question. */
  readonly platforms: readonly Platform[];
  /** The columns of the answer; undefined if the SQL could not be prepared. */
  readonly columns?: readonly string[];
}

/**
 * Checks an ad-hoc query as osquery would on each platform that has its tables.
 *
 * @param platforms of the hosts that are to answer; at least one
 * @param sources the files of the policy in force, which may declare tables of extensions and views
 * @example lintAdHoc('SELECT pid FROM process', ['linux'], sources).problems[0]?.hint // 'did you mean processes?'
 */
export function lintAdHoc(
  sql: string,
  platforms: readonly Platform[],
  sources: Readonly<Record<string, string>>,
): AdHocReport {
  const databases = databasesOf(new Map(Object.entries(sources)));
  try {
    const having = platformsWith(databases, sql, platforms);
    const { problems, columns } = lintSql(databases, sql, { kind: 'ad-hoc', platforms: having });
    return { problems, columns, platforms: having };
  } finally {
    databases.close();
  }
}
