import type { Platform } from '../../core/policy/policy.ts';
import { type ColumnSpec, type TableSpec, TableSpecs } from './specs.ts';
import data from './tables.json' with { type: 'json' };

export interface ColumnFacts {
  readonly name: string;
  readonly type: string;
  /** Not in `SELECT *`. */
  readonly hidden: boolean;
  readonly collate?: string;
  readonly isRequired?: boolean;
  /** The table evaluates constraints on it. SQLite filters by other columns. */
  readonly isIndexed?: boolean;
  /** The table takes all values of an IN list at once. */
  readonly isOptimized?: boolean;
}

/** A table on one platform, as osquery declares it to SQLite. */
export interface TableFacts {
  readonly name: string;
  readonly columns: readonly ColumnFacts[];
  /** Its PRIMARY KEY. A table with one has no rowid. */
  readonly key: readonly string[];
  /** The table that it is a view of. */
  readonly aliasOf?: string;
}

const SPECS = TableSpecs.parse(data);

/** The release of osquery that tables.json describes. */
export const OSQUERY_VERSION = SPECS.version;

/** The platforms of a table or alias; undefined for an unknown name. */
export const platformsOf = (name: string): readonly Platform[] | undefined =>
  SPECS.tables[name]?.platforms ??
  Object.values(SPECS.tables).find(({ aliases }) => aliases?.includes(name))?.platforms;

/** osquery's tables on a platform, by name. An alias is a view of its table without the hidden columns. */
export const tablesOn = (platform: Platform): ReadonlyMap<string, TableFacts> => TABLES[platform];

const factsOn = (platform: Platform): ReadonlyMap<string, TableFacts> =>
  new Map(
    Object.entries(SPECS.tables)
      .filter(([, { platforms }]) => platforms.includes(platform))
      .flatMap(([name, spec]) => {
        const facts = factsOf(name, spec, platform);
        const shown = facts.columns.filter(({ hidden }) => !hidden);
        const key = facts.key.filter((column) => shown.some((one) => one.name === column));
        const aliases = (spec.aliases ?? []).map((alias) => ({ name: alias, columns: shown, key, aliasOf: name }));
        return [facts, ...aliases];
      })
      .map((facts) => [facts.name, facts]),
  );

function factsOf(name: string, { columns }: TableSpec, platform: Platform): TableFacts {
  const own = columns.map((column) => columnOf(column, platform));
  const aliases = columns.flatMap(({ aliases: names = [], type }) =>
    names.map((alias): ColumnFacts => ({ name: alias, type, hidden: true })),
  );
  return { name, columns: [...own, ...aliases], key: keyOf(columns) };
}

function columnOf({ name, type, options = [], collate, platforms }: ColumnSpec, on: Platform): ColumnFacts {
  return {
    name,
    type,
    collate,
    hidden: options.includes('hidden') || platforms?.includes(on) === false,
    isRequired: options.includes('required'),
    isIndexed: options.some((option) => option === 'index' || option === 'additional' || option === 'required'),
    isOptimized: options.includes('optimized'),
  };
}

/** The indexed and additional columns; all columns if there are only additional ones. */
function keyOf(columns: readonly ColumnSpec[]): string[] {
  const has = (option: 'index' | 'additional') => columns.filter(({ options }) => options?.includes(option));
  const [index, additional] = [has('index'), has('additional')];
  if (index.length === 0) return additional.length > 0 ? columns.map(({ name }) => name) : [];
  return columns.filter((column) => index.includes(column) || additional.includes(column)).map(({ name }) => name);
}

const TABLES: Readonly<Record<Platform, ReadonlyMap<string, TableFacts>>> = {
  linux: factsOn('linux'),
  darwin: factsOn('darwin'),
  windows: factsOn('windows'),
};
