import type { LintView, PlatformName, SchemaView } from '../../console/api.ts';
import type { Platform } from '../../core/policy/policy.ts';
import { lintAdHoc } from '../../policy-compiler/index.ts';
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

/**
 * Checks a live query as osquery would on these platforms.
 *
 * @param sources files of the policy, which may add tables
 */
export function lintView(
  sql: string,
  platforms: readonly Platform[],
  sources: Readonly<Record<string, string>>,
): LintView {
  const { problems, columns = [] } = lintAdHoc(sql, platforms, sources);
  return { problems, columns };
}
