import { createHash } from 'node:crypto';
import { type Json, JsonNumber, JsonObject } from './json.ts';
import { compareVersions } from './profile.ts';

/** A query of a schedule or a pack, resolved for this host. */
export interface ScheduledQuery {
  /** The name in its log lines. */
  readonly name: string;
  readonly sql: string;
  /** Seconds, before splay. */
  readonly interval: number;
  readonly snapshot: boolean;
  readonly removed: boolean;
  /** Whether the node skips it for a day after a worker died running it. */
  readonly denylist: boolean;
  /** Whether it also runs once when the process starts: `startup_priority`, since 5.17.0. */
  readonly atStart: boolean;
  /** The discovery queries of its pack: each must return a row. */
  readonly discovery: readonly string[];
  readonly pack: string | null;
}

export interface ScheduleFacts {
  readonly version: string;
  readonly hostname: string;
  readonly packDelimiter: string;
  /** Seconds, for a query without an interval. */
  readonly defaultInterval: number;
}

const LONGEST_INTERVAL = 604_800;
const RESERVED_NAME = /^(query\.|cache\.|config_views\.)|(epoch|counter)$/;

/** The queries a configuration schedules on this host: its `schedule`, then its packs. Unusable entries are skipped. */
export function scheduledQueries(config: JsonObject, facts: ScheduleFacts): ScheduledQuery[] {
  const own = queriesIn(config.get('schedule'), facts, { nameOf: (name) => name, pack: null, discovery: [] });
  const packs = config.get('packs');
  if (!(packs instanceof JsonObject)) return own;
  const packed = packs.members.flatMap(([pack, content]) => {
    if (!(content instanceof JsonObject) || !appliesHere(content, facts)) return []; // text cannot be resolved
    const discovery = content.get('discovery');
    const checks = Array.isArray(discovery) ? discovery.filter((sql) => typeof sql === 'string') : [];
    const d = facts.packDelimiter;
    return queriesIn(content.get('queries'), facts, {
      nameOf: (name) => `pack${d}${pack}${d}${name}`,
      pack,
      discovery: checks,
    });
  });
  return [...own, ...packed];
}

/** What the queries of one pack have in common, or the queries outside packs. */
interface Group {
  readonly nameOf: (name: string) => string;
  readonly pack: string | null;
  readonly discovery: readonly string[];
}

function queriesIn(
  queries: Json | undefined,
  facts: ScheduleFacts,
  { nameOf, pack, discovery }: Group,
): ScheduledQuery[] {
  if (!(queries instanceof JsonObject)) return [];
  return queries.members.flatMap(([name, query]) => {
    if (!(query instanceof JsonObject) || RESERVED_NAME.test(name) || !appliesHere(query, facts)) return [];
    const sql = query.get('query');
    const interval = number(query.get('interval')) ?? facts.defaultInterval;
    if (typeof sql !== 'string' || sql === '' || interval < 1 || interval > LONGEST_INTERVAL) return [];
    return [
      {
        name: nameOf(name),
        sql,
        interval,
        snapshot: query.get('snapshot') === true,
        removed: query.get('removed') !== false,
        denylist: query.get('denylist') !== false,
        atStart: query.has('startup_priority') && compareVersions(facts.version, '5.17.0') >= 0,
        discovery,
        pack,
      },
    ];
  });
}

/** Whether `platform`, `version` and `shard` of a query or pack let it run on this host. */
function appliesHere(entry: JsonObject, { version, hostname }: ScheduleFacts): boolean {
  const platform = entry.get('platform');
  if (typeof platform === 'string' && platform !== '' && !/linux|posix|any|all/.test(platform)) return false;
  const since = entry.get('version');
  if (typeof since === 'string' && compareVersions(version, since) < 0) return false;
  const shard = number(entry.get('shard')) ?? 0;
  return shard === 0 || shard >= shardOf(hostname);
}

/** 0 to 100: the host's position for queries that run on a share of all hosts. */
function shardOf(hostname: string): number {
  const [first = 0] = createHash('sha1').update(hostname).digest();
  return Math.floor((first * 100) / 255);
}

/** Reads a number, also one written as text. */
function number(json: Json | undefined): number | undefined {
  if (json instanceof JsonNumber) return json.value;
  return typeof json === 'string' && /^\d+$/.test(json) ? Number(json) : undefined;
}
