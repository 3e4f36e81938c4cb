import * as z from 'zod';
import { canonical } from '../../core/policy/canonical.ts';
import type { Platform, Profile } from '../../core/policy/policy.ts';
import { nodeMatch } from '../format/match.ts';
import {
  Pack,
  type PackText,
  ProfileFile,
  type ProfileText,
  ScheduledQuery,
  type ScheduledQueryText,
} from '../format/profile.ts';
import { platformsSaid } from '../osquery/platform.ts';
import { nearest } from '../source/nearest.ts';
import { readShape } from '../source/shape-problems.ts';
import type { Path, SourceDocument } from '../source/source-document.ts';
import { checkDecoratorIntervals, checkDocument, checkOptions, checkScheduled } from './check-config.ts';
import { checkSql, type Reading } from './check-query.ts';
import { packValues } from './pack-values.ts';
import { among, platformsOfMatch } from './platforms.ts';

/** A profile, with its order among the others. */
export interface CompiledProfile {
  readonly profile: Profile;
  readonly order: number;
  readonly document: SourceDocument;
  /** The names of its scheduled queries in result logs. */
  readonly logNames: readonly string[];
}

export interface CompiledPack {
  readonly name: string;
  readonly pack: PackText;
  readonly document: SourceDocument;
}

/** The hosts that run scheduled queries: their platforms, and whether all are on EC2. */
interface Hosts {
  readonly platforms: readonly Platform[];
  readonly onEc2Only: boolean;
}

/**
 * Reads a pack, and checks its SQL once for all profiles that use it.
 *
 * @param platforms of the hosts of these profiles
 */
export function compilePack(reading: Reading, platforms: readonly Platform[]): CompiledPack | undefined {
  const { document, problems } = reading;
  const name = packName(document.file);
  if (name === 'main') {
    problems.push(document.error([], 'a pack must not be named "main": osquery keeps the schedule under that name'));
  }
  const pack = readShape(Pack, reading, { value: packValues(document.value) });
  if (!pack) {
    checkQueriesAlone(reading, 'queries', platforms);
    return undefined;
  }
  const here = platformsFor(platforms, pack.platform);
  if (here.length === 0) problems.push(neverRuns(document, ['platform'], pack.platform));
  const discoveries = (pack.discovery ?? []).map((sql, index) =>
    checkSql(reading, ['discovery', index], sql, { kind: 'discovery', platforms: here }),
  );
  const onEc2Only = discoveries.some(({ asksForEc2 }) => asksForEc2);
  for (const [query, text] of Object.entries(pack.queries)) {
    checkScheduledQuery(reading, ['queries', query], text, { onEc2Only, platforms: here });
  }
  return { name, pack, document };
}

/**
 * The platforms in `platforms` on which a query or pack with this `platform` runs. If there are none, the platforms that it
 * is written for.
 */
function platformsFor(platforms: readonly Platform[], platform: string | null | undefined): readonly Platform[] {
  const said = platformsSaid(platform);
  const both = among(platforms, said);
  return both.length > 0 ? both : said;
}

const neverRuns = (document: SourceDocument, path: Path, platform: string | null | undefined) =>
  document.warning(
    path,
    `platform "${platform}" is none of osquery's: this never runs`,
    'linux, darwin, windows, posix or all',
  );

/** The name of a pack, which is the name of its file. @example packName('packs/web.conf') // 'web' */
export const packName = (file: string): string => file.replace(/^.*\//, '').replace(/\.[^.]*$/, '');

/**
 * Compiles a profile into the configuration of its agents.
 *
 * @param packs by name; undefined for a file that could not be read
 */
export function compileProfile(
  reading: Reading,
  packs: ReadonlyMap<string, CompiledPack | undefined>,
): CompiledProfile | undefined {
  const { document, problems } = reading;
  const text = readShape(ProfileFile, reading);
  if (!text) {
    checkQueriesAlone(reading, 'schedule', ['linux']);
    return undefined;
  }
  const { profile, order, match, packs: packNames = [], schedule = {}, decorators, ...rest } = text;
  const hosts = { onEc2Only: [match?.vendor].flat().includes('Amazon EC2'), platforms: platformsOfMatch(match) };
  for (const key of ['profile', 'seen_within'] as const) {
    if (match?.[key] === undefined) continue;
    const at = document.position(['match', key], 'key');
    problems.push(document.problem('error', at, `${key} cannot choose a profile: it is known only after`));
  }
  checkOptions(document, problems, text.options);
  for (const [name, query] of Object.entries(schedule)) {
    checkScheduledQuery(reading, ['schedule', name], query, hosts);
  }
  checkOtherSql(reading, text, hosts);
  checkDecoratorIntervals(document, problems, Object.keys(decorators?.interval ?? {}));
  const used = usedPacks(reading, packNames, packs);
  const config = canonical({
    ...rest,
    schedule: Object.keys(schedule).length > 0 ? sentQueries(schedule) : undefined,
    packs: used.length > 0 ? sentPacks(used) : undefined,
    decorators: trimmed(decorators),
    views: trimmed(text.views),
  });
  checkDocument(document, problems, config);
  return {
    profile: { name: profile, match: match && nodeMatch(match), config },
    order,
    document,
    logNames: logNames(text, used),
  };
}

function usedPacks(
  { document, problems }: Reading,
  names: readonly string[],
  packs: ReadonlyMap<string, CompiledPack | undefined>,
) {
  return names.flatMap((name, index) => {
    const pack = packs.get(name);
    if (names.indexOf(name) !== index) {
      problems.push(document.error(['packs', index], `the pack "${name}" is named twice`));
    } else if (!packs.has(name)) {
      const near = nearest(name, packs.keys());
      const hint = near ? `did you mean "${near}"?` : `there would have to be packs/${name}.conf`;
      problems.push(document.error(['packs', index], `there is no pack "${name}"`, hint));
    }
    return pack ? [pack] : [];
  });
}

function checkScheduledQuery(reading: Reading, path: Path, query: ScheduledQueryText, hosts: Hosts): void {
  const { document, problems } = reading;
  checkScheduled(document, problems, path, query);
  const platforms = platformsFor(hosts.platforms, query.platform);
  if (platforms.length === 0) problems.push(neverRuns(document, [...path, 'platform'], query.platform));
  checkSql(reading, [...path, 'query'], query.query, { kind: 'schedule', platforms, onEc2Only: hosts.onEc2Only });
}

/** Checks the scheduled queries of a file with other errors. Problems of their shape have been reported already. */
function checkQueriesAlone(reading: Reading, key: 'schedule' | 'queries', platforms: readonly Platform[]): void {
  const whole = packValues(reading.document.value) as Record<string, unknown> | null | undefined;
  const value = whole?.[key];
  const part = { value: value ?? {}, at: [key] };
  const queries =
    readShape(z.record(z.string(), ScheduledQuery), { document: reading.document, problems: [] }, part) ?? {};
  for (const [name, query] of Object.entries(queries)) {
    checkScheduledQuery(reading, [key, name], query, { onEc2Only: true, platforms });
  }
}

/** Checks decorators, views and queries that yield paths. */
function checkOtherSql(
  reading: Reading,
  { decorators, views, file_paths_query: paths }: ProfileText,
  hosts: Hosts,
): void {
  const check = (path: Path, sql: string, kind: 'decorator' | 'other') =>
    checkSql(reading, path, sql, { kind, ...hosts });
  const { load = [], always = [], interval = {} } = decorators ?? {};
  for (const [index, sql] of load.entries()) check(['decorators', 'load', index], sql, 'decorator');
  for (const [index, sql] of always.entries()) check(['decorators', 'always', index], sql, 'decorator');
  for (const [seconds, list] of Object.entries(interval)) {
    for (const [index, sql] of list.entries()) check(['decorators', 'interval', seconds, index], sql, 'decorator');
  }
  for (const [name, sql] of Object.entries(views ?? {})) check(['views', name], sql, 'other');
  for (const [category, list] of Object.entries(paths ?? {})) {
    for (const [index, sql] of list.entries()) check(['file_paths_query', category, index], sql, 'other');
  }
}

const sentPacks = (packs: readonly CompiledPack[]) =>
  Object.fromEntries(packs.map(({ name, pack }) => [name, { ...pack, queries: sentQueries(pack.queries) }]));

/** Scheduled queries as osquery gets them: without descriptions, and with SQL and interval in one spelling. */
function sentQueries(queries: Readonly<Record<string, ScheduledQueryText>>) {
  return Object.fromEntries(
    Object.entries(queries).map(([name, { description: _, value: __, allow_fast: ___, ...query }]) => [
      name,
      { ...query, query: query.query.trim(), interval: Number(query.interval) },
    ]),
  );
}

/** Trims every text in a value: all of them are SQL. */
function trimmed(value: unknown): unknown {
  if (typeof value === 'string') return value.trim();
  if (Array.isArray(value)) return value.map(trimmed);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, trimmed(member)]));
}

function logNames({ options, schedule }: ProfileText, packs: readonly CompiledPack[]): string[] {
  const delimiter = String(options?.pack_delimiter ?? '_');
  return [
    ...Object.keys(schedule ?? {}),
    ...packs.flatMap(({ name, pack }) =>
      Object.keys(pack.queries).map((query) => ['pack', name, query].join(delimiter)),
    ),
  ];
}
