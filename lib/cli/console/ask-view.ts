import type { LintView, PlatformName, SchemaView } from '../../console/api.ts';
import type { Platform } from '../../core/policy/policy.ts';
import { lintSql } from '../../policy-compiler/lint/lint-sql.ts';
import { OsqueryDatabases } from '../../policy-compiler/lint/osquery-databases.ts';
import { PLATFORMS } from '../../policy-compiler/osquery/specs.ts';
import { OSQUERY_VERSION, type TableFacts, tablesOn } from '../../policy-compiler/osquery/tables.ts';

/** osquery's tables and their columns on all platforms, for completion; hidden columns are left out. */
export function schemaView(): SchemaView {
  const tables = new Map<string, { facts: TableFacts; platforms: PlatformName[] }>();
  for (const platform of PLATFORMS) {
    for (const [name, facts] of tablesOn(platform)) {
      const known = tables.get(name) ?? { facts, platforms: [] };
      tables.set(name, known);
      known.platforms.push(platform);
    }
  }
  return {
    osquery: OSQUERY_VERSION,
    tables: [...tables]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, { facts, platforms }]) => ({
        name,
        platforms,
        columns: facts.columns.flatMap((column): [string, string, boolean][] =>
          column.hidden ? [] : [[column.name, column.type, column.isRequired === true]],
        ),
      })),
  };
}

let databases: OsqueryDatabases | undefined;

/** Checks a live query as osquery would on these platforms. */
export function lintView(sql: string, platforms: readonly Platform[]): LintView {
  databases ??= new OsqueryDatabases(() => undefined);
  const { problems, columns = [], tables } = lintSql(databases, sql, { kind: 'query', platforms });
  return { problems, columns, tables };
}
