import type { SettingsText } from '../format/settings.ts';
import type { OsqueryDatabase } from '../lint/osquery-database.ts';
import type { TableFacts } from '../osquery/tables.ts';
import type { SourceDocument } from '../source/source-document.ts';

/** Adds a policy's own tables to a database: tables of extensions, tables over SQLite files, and views. */
export function addOwnTables(db: OsqueryDatabase, settings: SettingsText, configs: readonly SourceDocument[]): void {
  for (const [name, columns] of Object.entries(settings.extension_tables)) db.add(plain(name, columns));
  for (const { value } of configs) {
    const { auto_table_construction: files, views } = (value ?? {}) as Record<string, unknown>;
    for (const [name, table] of entries(files)) {
      const { columns } = (table ?? {}) as { columns?: unknown };
      if (Array.isArray(columns)) db.add(plain(name, [...columns.map(String), 'path']));
    }
    for (const [name, sql] of entries(views)) {
      if (typeof sql === 'string' && !sql.includes('\0')) db.addView(name, sql);
    }
  }
}

const entries = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const plain = (name: string, columns: readonly string[]): TableFacts => ({
  name,
  columns: [...new Set(columns)].map((column) => ({ name: column, type: 'TEXT', hidden: false })),
  key: [],
});
