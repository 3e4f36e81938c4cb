import type { Evidence, QuerySet } from '../policy/query-set.ts';
import { type Bindings, renderSql } from '../sql/render.ts';
import type { Asker, PendingQuery } from './pending-query.ts';

/** One query as a node receives it; several pending queries may be merged into it. */
export interface DeliveredQuery {
  readonly rule: string;
  readonly query: string;
  readonly set: QuerySet;
  readonly sql: string; // rendered
  readonly evidence?: Evidence;
  readonly discovery?: string;
  readonly askers: readonly Asker[];
  readonly expiresAtMs: number; // the latest among its askers
}

/** One time that queries of a delivery are handed to the node. Its number, from 0, is part of the wire ids. */
export interface Offer {
  readonly atMs: number;
  /** Positions of the offered queries in the delivery. */
  readonly positions: readonly number[];
  /** True if the agent only repeated its read; such an offer is no further attempt. */
  readonly isRepeat?: boolean;
}

/** Queries handed to a node together. A node may not run them, so they are offered again until answered or given up. */
export interface Delivery {
  readonly id: string;
  readonly host: string;
  readonly queries: readonly DeliveredQuery[];
  readonly offers: readonly Offer[]; // at least one
  /** Marks (`markOf`) of the runs whose answers are stored and settled. */
  readonly answered: readonly string[];
  readonly leaseUntilMs: number; // of the latest offer that is not a repeat
  /** Ids of queries that have moved to another host, for which they were meant. @default - none */
  readonly moved?: readonly string[];
}

/** Queries that move to another agent have waited already, so they come early. */
const PRIORITY_AGAIN = 1;

/** The longest SQL of one query: about 230 container ids of 68 bytes (64 hex digits, quotes and a comma). The agent calls Docker once per id. */
export const MAX_SQL_BYTES = 16_384;
const MAX_ASKERS = 100;
// A delivery is one table item of at most 400 KB, including its askers. Three full groups fit: the first three, which have
// evidence.
const MAX_GROUP_BYTES = 100_000;
const MAX_DELIVERY_BYTES = 300_000;

/** Pending queries that are merged into one. */
export type Group = [PendingQuery, ...PendingQuery[]];

/**
 * Groups pending queries that one SQL text can answer: same rule, set, query and SQL, and every binding a list. Fifty task
 * starts then cost the host one query. Groups are in the order of their first member. A group that would exceed the bound on
 * SQL length, or its share of a table item, is split.
 */
export function mergeable(pending: readonly PendingQuery[]): Group[] {
  const groups: Group[] = [];
  const open = new Map<string, Group>();
  for (const query of pending) {
    const lists = Object.values(query.bindings);
    const shared = lists.length > 0 && lists.every(Array.isArray);
    // The set is part of the key: the same SQL proves different things about running and stopped tasks.
    const key = JSON.stringify([query.rule, query.set, query.query, query.sql, query.discovery ?? null]);
    const group = shared ? open.get(key) : undefined;
    if (group && fits(group, query)) group.push(query);
    else {
      const fresh: Group = [query];
      groups.push(fresh);
      if (shared) open.set(key, fresh);
    }
  }
  return groups;
}

function fits(group: Group, query: PendingQuery): boolean {
  const larger: Group = [...group, query];
  if (group.length >= MAX_ASKERS || Buffer.byteLength(sqlOf(larger)) > MAX_SQL_BYTES) return false;
  return bytesOf(larger) <= MAX_GROUP_BYTES;
}

// Slightly more than the group takes in a delivery.
const bytesOf = (group: Group): number => Buffer.byteLength(JSON.stringify(group));

/** As many of the first groups as one delivery can hold, at least one. */
export function fitting(groups: readonly Group[]): Group[] {
  const fit: Group[] = [];
  let bytes = 0;
  for (const group of groups) {
    bytes += bytesOf(group);
    if (fit.length > 0 && bytes > MAX_DELIVERY_BYTES) break;
    fit.push(group);
  }
  return fit;
}

/** The rendered SQL of a group: list bindings are merged, each value once, in order of arrival. */
export function sqlOf(group: Group): string {
  const [first, ...rest] = group;
  if (rest.length === 0) return renderSql(first.sql, first.bindings);
  const united: Bindings = Object.fromEntries(
    Object.keys(first.bindings).map((name) => [name, [...new Set(group.flatMap((q) => q.bindings[name] ?? []))]]),
  );
  return renderSql(first.sql, united);
}

/** A new delivery of these groups, with its first offer at `nowMs`. */
export function deliveryOf(id: string, groups: readonly Group[], nowMs: number, leaseMs: number): Delivery {
  const host = groups[0]?.[0].host ?? '';
  return {
    id,
    host,
    answered: [],
    offers: [{ atMs: nowMs, positions: groups.map((_, position) => position) }],
    leaseUntilMs: nowMs + leaseMs,
    queries: groups.map((group) => ({
      rule: group[0].rule,
      query: group[0].query,
      set: group[0].set,
      sql: sqlOf(group),
      evidence: group[0].evidence,
      discovery: group[0].discovery,
      askers: group.map(askerOf),
      expiresAtMs: Math.max(...group.map((q) => q.expiresAtMs)),
    })),
  };
}

/** The query of one asker in a delivery, pending for another host. It keeps its id, so a repeat queues nothing new. */
export function pendingAgain(query: DeliveredQuery, asker: Asker, host: string, alias?: string): PendingQuery {
  const { rule, query: name, set, sql, evidence, discovery } = query;
  const same = { rule, query: name, set, sql, bindings: {}, evidence, discovery };
  return { ...asker, ...same, alias, host, priority: PRIORITY_AGAIN };
}

/**
 * The part of a pending query that stays its own when queries are merged.
 *
 * @example { queryId: 'a1…', workload: 'arn:aws:ecs:…', subjects: ['4f2c…'], decorations: { cluster: 'web' }, queuedAtMs: … }
 */
function askerOf(query: PendingQuery): Asker {
  const { queryId, workload, alias, subjects, decorations, subjectDecorations } = query;
  const { triggeredAtMs, receivedAtMs, detectedBy, queuedAtMs, expiresAtMs, fanOutIds, campaign } = query;
  const clocks = { triggeredAtMs, receivedAtMs, queuedAtMs, expiresAtMs, detectedBy };
  return { queryId, workload, alias, subjects, decorations, subjectDecorations, ...clocks, fanOutIds, campaign };
}
