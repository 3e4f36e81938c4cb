import { Pack, ScheduledQuery } from '../format/profile.ts';
import { nearest } from '../source/nearest.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** How osquery reads a value of a pack. */
type Reading = (value: unknown) => unknown;

/** A number may be text; null means no restriction. */
const number: Reading = (value) => {
  if (value === null || value === '') return undefined;
  return typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
};

/** A flag may be text or a number; null is false. */
const flag: Reading = (value) => {
  if (value === null) return false;
  if (typeof value === 'number') return value !== 0;
  if (typeof value !== 'string') return value;
  if (/^(?:true|t)$/i.test(value)) return true;
  return /^(?:false|f)$/i.test(value) ? false : value;
};

/** An empty text, null and the text "null" mean no restriction. */
const restriction: Reading = (value) => (value === null || value === '' || value === 'null' ? undefined : value);

const RESTRICTIONS: Readonly<Record<string, Reading>> = { platform: restriction, version: restriction, shard: number };

/** osquery ignores a section of files that is null. */
const section: Reading = (value) => value ?? undefined;

const PACK: Readonly<Record<string, Reading>> = {
  ...RESTRICTIONS,
  discovery: restriction,
  oncall: restriction,
  file_paths: section,
  file_paths_query: section,
  file_accesses: section,
  exclude_paths: section,
  yara: section,
};

const QUERY: Readonly<Record<string, Reading>> = {
  ...RESTRICTIONS,
  snapshot: flag,
  removed: flag,
  denylist: flag,
  startup_priority: number,
  // For people, so any value is allowed.
  description: () => undefined,
  value: () => undefined,
};

/**
 * A pack as osquery reads it. Exported packs have numbers and flags as texts, nulls, and keys of other tools. Keys that
 * look like a misspelt key of osquery are kept, so that the schema refuses them.
 *
 * @see osquery, osquery/config/packs.cpp
 */
export function packValues(value: unknown): unknown {
  if (!isObject(value)) return value;
  const pack = valuesOf(value, PACK, Object.keys(Pack.shape));
  if (!isObject(pack.queries)) return pack;
  const queries = Object.entries(pack.queries).map(([name, query]) => [name, queryValues(query)]);
  return { ...pack, queries: Object.fromEntries(queries) };
}

/** A scheduled query as osquery reads it. */
export const queryValues = (query: unknown): unknown =>
  isObject(query) ? valuesOf(query, QUERY, Object.keys(ScheduledQuery.shape)) : query;

function valuesOf(
  object: JsonObject,
  readings: Readonly<Record<string, Reading>>,
  known: readonly string[],
): JsonObject {
  const kept = Object.entries(object).flatMap(([key, value]) => {
    const isOurs = known.includes(key) || nearest(key, known) !== undefined || ELSEWHERE.has(key);
    const read = Object.hasOwn(readings, key) ? readings[key]?.(value) : value;
    return isOurs && read !== undefined ? [[key, read]] : [];
  });
  return Object.fromEntries(kept);
}

/** osquery uses these keys in a pack. In a policy they belong to the profile. */
const ELSEWHERE: ReadonlySet<string> = new Set(['options', 'decorators', 'views', 'events', 'auto_table_construction']);

const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
