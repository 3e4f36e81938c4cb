import type { SettingsText } from '../format/settings.ts';
import type { OwnTable } from '../lint/osquery-databases.ts';
import type { TableFacts } from '../osquery/tables.ts';
import type { SourceDocument } from '../source/source-document.ts';

/** A policy's own tables: tables of extensions, tables over SQLite files, and views. */
export function ownTables(settings: SettingsText, configs: readonly SourceDocument[]): OwnTable[] {
  const ofExtensions = Object.entries(settings.extension_tables).map(([name, columns]) => plain(name, columns));
  return [...ofExtensions, ...configs.flatMap(({ value }) => tablesOfConfig(value))];
}

function tablesOfConfig(config: unknown): OwnTable[] {
  const { auto_table_construction: files, views } = Object(config) as Record<string, unknown>;
  const overFiles = entries(files).flatMap(([name, table]) => {
    const { columns } = Object(table) as { columns?: unknown };
    return Array.isArray(columns) ? [plain(name, [...columns.map(String), 'path'])] : [];
  });
  const readable = entries(views).flatMap(([name, sql]) =>
    typeof sql === 'string' && !sql.includes('\0') ? [{ name, sql }] : [],
  );
  return [...overFiles, ...readable];
}

const entries = (value: unknown): [string, unknown][] =>
  typeof value === 'object' && value !== null ? Object.entries(value) : [];

const plain = (name: string, columns: readonly string[]): TableFacts => ({
  name,
  columns: [...new Set(columns)].map((column) => ({ name: column, type: 'TEXT', hidden: false })),
  key: [],
});
