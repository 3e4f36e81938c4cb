/**
 * Compares tables.json, which the policy check uses, with osquery's own table specs, or writes it from them.
 *
 *   node --import tsx scripts/osquery-specs.ts FOLDER                      prints every difference; exit code 1 if any
 *   node --import tsx scripts/osquery-specs.ts FOLDER --write VERSION SOURCE
 *
 * FOLDER is `specs/` of osquery's repository. Names, types, options and platforms are copied; descriptions are not.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import type { Platform } from '../lib/core/policy/policy.ts';
import { type ColumnSpec, PLATFORMS, type TableSpec, TableSpecs } from '../lib/policy-compiler/osquery/specs.ts';
import { isCall, namesIn, readSpec, type SpecCall, type SpecValue } from './spec-language.ts';

const DATA = fileURLToPath(new URL('../lib/policy-compiler/osquery/tables.json', import.meta.url));

/** Python's names for platforms, in specs. */
const PLATFORM_SETS: Readonly<Record<string, readonly Platform[]>> = {
  LINUX: ['linux'],
  DARWIN: ['darwin'],
  WINDOWS: ['windows'],
  POSIX: ['linux', 'darwin'],
};
/** Types of specs that osquery stores under another name: dates are texts. */
const TYPES: Readonly<Record<string, string>> = { DATE: 'TEXT', DATETIME: 'TEXT', UNSIGNED_BIGINT: 'UNSIGNED BIGINT' };
const OPTIONS = ['index', 'required', 'additional', 'optimized', 'hidden'] as const;
const ATTRIBUTES = ['event_subscriber', 'user_data', 'cacheable', 'utility'];

/** The tables of a folder of specs, by name. Leaves out specs that no platform's build lists. */
export function tablesIn(folder: string): Record<string, TableSpec> {
  const built = platformsBuilt(readFileSync(join(folder, 'CMakeLists.txt'), 'utf8'));
  const tables = readdirSync(folder, { recursive: true, encoding: 'utf8' }).flatMap((file): [string, TableSpec][] => {
    const platforms = built.get(file);
    return platforms ? [tableOf(readSpec(readFileSync(join(folder, file), 'utf8')), platforms)] : [];
  });
  return Object.fromEntries(tables.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Spec file → the platforms whose build contains it. osquery's own packages have every optional part enabled. */
function platformsBuilt(cmake: string): Map<string, readonly Platform[]> {
  const text = cmake.replace(/#.*$/gm, '');
  return new Map(
    [...text.matchAll(/([\w/]+\.table)(?::([\w,]+))?/g)].map(([, file = '', list]) => {
      const names = list?.split(',').map((name) => (name === 'macos' ? 'darwin' : name));
      return [file, names ? PLATFORMS.filter((platform) => names.includes(platform)) : PLATFORMS];
    }),
  );
}

function tableOf(calls: readonly SpecCall[], platforms: readonly Platform[]): [string, TableSpec] {
  const named = (name: string) => calls.filter(({ call }) => call === name);
  const [head] = named('table_name');
  const name = String(head?.args[0]);
  const columns = [
    ...named('schema').flatMap(({ args }) => columnsIn(args[0], undefined)),
    ...named('extended_schema').flatMap(({ args }) => columnsIn(args[1], platformsOf(args[0]))),
  ];
  const attributes = named('attributes').flatMap(({ named: given }) =>
    ATTRIBUTES.filter((attribute) => given[attribute] === true),
  );
  const aliases = texts(head?.named.aliases);
  return [name, { platforms: [...platforms], ...some({ attributes, aliases }), columns }];
}

const platformsOf = (value: SpecValue | undefined): Platform[] =>
  PLATFORMS.filter((platform) => namesIn(value).some((name) => PLATFORM_SETS[name]?.includes(platform)));

function columnsIn(list: SpecValue | undefined, platforms: Platform[] | undefined): ColumnSpec[] {
  if (!Array.isArray(list)) return [];
  return list
    .filter((value) => isCall(value, 'Column'))
    .map(({ args, named }) => {
      const type = namesIn(args[1])[0] ?? '';
      const options = OPTIONS.filter((option) => named[option] === true);
      const collate = named.collate === undefined ? undefined : String(named.collate).toUpperCase();
      const aliases = texts(named.aliases);
      return {
        name: String(args[0]),
        type: TYPES[type] ?? type,
        ...some({ options, collate, platforms, aliases }),
      } as ColumnSpec;
    });
}

const texts = (value: SpecValue | undefined): string[] => (Array.isArray(value) ? value.map(String) : []);

/** Removes absent and empty fields, which keeps the file short. */
const some = (fields: Readonly<Record<string, unknown>>) =>
  Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value !== undefined && !(Array.isArray(value) && value.length === 0)),
  );

/** One line for each difference between two sets of tables: `-` only in `ours`, `+` only in `theirs`, `~` in both but different. */
export function differences(
  ours: Readonly<Record<string, TableSpec>>,
  theirs: Readonly<Record<string, TableSpec>>,
): string[] {
  const names = [...new Set([...Object.keys(ours), ...Object.keys(theirs)])].sort();
  return names.flatMap((name) => {
    const [mine, other] = [ours[name], theirs[name]];
    if (!other) return [`- ${name}`];
    if (!mine) return [`+ ${name}`];
    const { columns: myColumns, ...myHead } = mine;
    const { columns: otherColumns, ...otherHead } = other;
    const head =
      JSON.stringify(myHead) === JSON.stringify(otherHead) ? [] : [`~ ${name}: ${JSON.stringify(otherHead)}`];
    return [...head, ...columnDifferences(name, myColumns, otherColumns)];
  });
}

function columnDifferences(table: string, ours: readonly ColumnSpec[], theirs: readonly ColumnSpec[]): string[] {
  const [mine, other] = [ours, theirs].map(
    (list) => new Map(list.map((column) => [column.name, JSON.stringify(column)])),
  );
  const lines = [...new Set([...(mine?.keys() ?? []), ...(other?.keys() ?? [])])].flatMap((name) => {
    const [before, after] = [mine?.get(name), other?.get(name)];
    if (before === after) return [];
    return [`${after === undefined ? '-' : before === undefined ? '+' : '~'} ${table}.${name}: ${after ?? before}`];
  });
  const isReordered = lines.length === 0 && ours.some(({ name }, index) => name !== theirs[index]?.name);
  return isReordered ? [`~ ${table}: the order of its columns`] : lines;
}

/** Writes one column per line, so that a new version of osquery gives a readable diff. */
function dataText(version: string, source: string, tables: Readonly<Record<string, TableSpec>>): string {
  const lines = Object.entries(tables).map(([name, { columns, ...head }]) => {
    const rows = columns.map((column) => `      ${JSON.stringify(column)}`).join(',\n');
    return `    ${JSON.stringify(name)}: ${JSON.stringify(head).slice(0, -1)}, "columns": [\n${rows}\n    ]}`;
  });
  return `{\n  "version": ${JSON.stringify(version)},\n  "source": ${JSON.stringify(source)},\n  "tables": {\n${lines.join(',\n')}\n  }\n}\n`;
}

function main([folder, write, version, source]: readonly string[]): void {
  if (!folder || (write && (write !== '--write' || !version || !source))) {
    throw new Error(`usage: ${basename(argv[1] ?? '')} FOLDER [--write VERSION SOURCE]`);
  }
  const tables = tablesIn(folder);
  if (version && source) {
    writeFileSync(DATA, dataText(version, source, tables));
    return;
  }
  const ours = TableSpecs.parse(JSON.parse(readFileSync(DATA, 'utf8')));
  const found = differences(ours.tables, tables);
  for (const line of found) process.stdout.write(`${line}\n`);
  process.stdout.write(
    `${Object.keys(tables).length} tables in ${folder}; ${found.length} differences to ${ours.version}\n`,
  );
  process.exitCode = found.length > 0 ? 1 : 0;
}

if (argv[1] === fileURLToPath(import.meta.url)) main(argv.slice(2));
