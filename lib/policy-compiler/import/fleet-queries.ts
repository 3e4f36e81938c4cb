import { platformsSaid } from '../osquery/platform.ts';
import type { ImportedDocument } from './documents.ts';
import type { Draft, DraftPack, Origin } from './draft.ts';
import { type FleetLabels, type LabelCondition, UnknownLabel } from './fleet-labels.ts';
import { type JsonObject, textOf, textsOf } from './json.ts';

/** A query of Fleet, and where it is. */
export interface FleetQuery {
  readonly document: ImportedDocument;
  readonly at: readonly PropertyKey[];
  readonly value: JsonObject;
}

/** What the queries of one team, or of all hosts, become. */
export interface QueryGroup {
  /** Name of the pack. Fleet's results are named the same way: `pack/Global/<query>`. */
  readonly pack: string;
  readonly queries: readonly FleetQuery[];
}

/**
 * Adds queries of Fleet to the draft: those with an interval to packs, one for each combination of labels, and the others
 * as rules on a request.
 *
 * @returns the names of the packs
 */
export function importQueries(draft: Draft, labels: FleetLabels, { pack, queries }: QueryGroup): string[] {
  const packs = new Map<string, DraftPack>();
  for (const query of queries) {
    const prepared = prepare(draft, labels, query);
    if (!prepared) continue;
    const { name, sql, platform, discovery, origin } = prepared;
    if (!prepared.interval) {
      const platforms = platformsSaid(platform);
      const answers = textOf(query.value.description) ?? name;
      draft.addRequest({ ...origin, name, answers, sql, platforms, discovery });
      continue;
    }
    const key = discovery ?? '';
    const target = packs.get(key) ?? newPack(draft, { pack, discovery, origin, label: prepared.labelNames });
    packs.set(key, target);
    addTo(draft, target, name, { origin, value: scheduled(draft, query, prepared) });
  }
  return [...packs.values()].map(({ name }) => name);
}

interface Prepared {
  readonly origin: Origin;
  readonly name: string;
  readonly sql: string;
  readonly interval: number;
  /** Comma-separated, without ChromeOS; undefined for all. */
  readonly platform?: string;
  readonly discovery?: string;
  readonly labelNames: readonly string[];
}

function prepare(draft: Draft, labels: FleetLabels, { document, at, value }: FleetQuery): Prepared | undefined {
  const origin = document.origin(...at);
  const [name, sql] = [textOf(value.name), textOf(value.query)];
  if (!name || !sql) {
    draft.leaveOut(origin, name ? `query "${name}"` : 'a query', `it has no "${name ? 'query' : 'name'}"`);
    return undefined;
  }
  const platform = platformOf(value);
  if (platform === 'chrome') {
    draft.leaveOut(origin, `query "${name}"`, "it is for ChromeOS, where Fleet's own extension answers, not osquery");
    return undefined;
  }
  const condition = conditionOf(value);
  try {
    const discovery = condition && labels.discovery(condition);
    return {
      origin,
      name,
      sql,
      interval: Number(value.interval ?? 0),
      platform,
      discovery,
      labelNames: condition?.names ?? [],
    };
  } catch (error) {
    if (!(error instanceof UnknownLabel)) throw error;
    draft.leaveOut(origin, `query "${name}"`, error.message);
    return undefined;
  }
}

/** The platforms of a query without ChromeOS, which runs no osquery; `chrome` if there is no other. */
function platformOf(value: JsonObject): string | undefined {
  const asked = textOf(value.platform)?.split(/\s*,\s*/) ?? [];
  const platforms = asked.filter((one) => one !== '' && one !== 'chrome');
  return platforms.length > 0 ? platforms.join(',') : asked.find((one) => one === 'chrome');
}

function conditionOf(value: JsonObject): LabelCondition | undefined {
  const keys = { any: 'labels_include_any', all: 'labels_include_all', none: 'labels_exclude_any' } as const;
  for (const how of ['any', 'all', 'none'] as const) {
    const names = textsOf(value[keys[how]]);
    if (names.length > 0) return { how, names };
  }
  return undefined;
}

function newPack(
  draft: Draft,
  { pack, discovery, origin, label }: { pack: string; discovery?: string; origin: Origin; label: readonly string[] },
): DraftPack {
  const name = discovery ? `${pack}-${label.join('-').replace(/[^A-Za-z0-9_-]+/g, '-')}`.slice(0, 60) : pack;
  return draft.addPack({ ...origin, name, body: discovery ? { discovery: [discovery] } : {}, queries: new Map() });
}

function addTo(
  draft: Draft,
  pack: DraftPack,
  name: string,
  { origin, value }: { readonly origin: Origin; readonly value: Record<string, unknown> },
): void {
  if (name === '__proto__') draft.leaveOut(origin, `query "${name}"`, 'a policy cannot have this name');
  else if (pack.queries.has(name)) draft.leaveOut(origin, `query "${name}"`, 'another query has the same name');
  else pack.queries.set(name, { ...origin, value });
}

function scheduled(draft: Draft, { value }: FleetQuery, { origin, name, sql, interval, platform }: Prepared) {
  const logging = textOf(value.logging) ?? 'snapshot';
  const query: Record<string, unknown> = { query: sql, interval };
  const version = textOf(value.min_osquery_version);
  const description = textOf(value.description);
  if (logging === 'snapshot') query.snapshot = true;
  if (logging === 'differential_ignore_removals') query.removed = false;
  if (platform) query.platform = platform;
  if (version) query.version = version;
  if (description) query.description = description;
  if (value.automations_enabled === false) {
    draft.change(
      origin,
      `query "${name}"`,
      'Fleet kept its rows only as a report; Mayfly stores them like all results',
    );
  }
  return query;
}
