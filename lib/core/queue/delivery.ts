import type { Evidence, QuerySet } from '../policy/query-set.ts';
import { type Bindings, renderSql } from '../sql/render.ts';
import type { Asker, PendingQuery } from './pending-query.ts';

/** One query as a node receives it: possibly several pending queries merged into one. */
export interface DeliveredQuery {
  readonly rule: string;
  readonly query: string;
  readonly set: QuerySet;
  readonly sql: string; // rendered
  readonly evidence?: Evidence;
  readonly discovery?: string;
  readonly askers: readonly Asker[];
  readonly expiresAtMs: number; // the latest of its askers
}

/** One hand-over of queries of a delivery. Its number, counted from 0, is part of its wire ids. */
export interface Offer {
  readonly atMs: number;
  /** Of its queries, within the delivery. */
  readonly positions: readonly number[];
  /** The agent's own repeat of a read: not a further attempt. */
  readonly isRepeat?: boolean;
}

/** Queries that a node took together. Delivery is not execution: they are offered again until answered or given up. */
export interface Delivery {
  readonly id: string;
  readonly host: string;
  readonly queries: readonly DeliveredQuery[];
  readonly offers: readonly Offer[]; // at least one
  /** Marks of the runs that were stored and settled: `markOf`. */
  readonly answered: readonly string[];
  readonly leaseUntilMs: number; // of the latest offer that is no repeat
  /** Ids of pending queries that another host is asked by now: they were meant for it. @default - none */
  readonly moved?: readonly string[];
}

/** It has waited for another agent already. */
const PRIORITY_AGAIN = 1;

// An id of 64 hex digits with quotes is 68 bytes: about 230 of them. Docker is asked once per id.
const MAX_SQL_BYTES = 16_384;
const MAX_ASKERS = 100;
// A delivery is one item of the table, at most 400 KB with all it knows of its askers; three full groups fit: those
// with evidence, which are the first.
const MAX_GROUP_BYTES = 100_000;
const MAX_DELIVERY_BYTES = 300_000;

/** Pending queries that are asked as one. */
export type Group = [PendingQuery, ...PendingQuery[]];

/**
 * Groups pending queries that one SQL text can answer: same rule, set, query and text, every binding a list. Fifty task
 * starts then cost the host one query. Groups keep the order of their first member; a group that would outgrow the
 * bound on SQL length, or its share of an item, is split.
 */
export function mergeable(pending: readonly PendingQuery[]): Group[] {
  const groups: Group[] = [];
  const open = new Map<string, Group>();
  for (const query of pending) {
    const lists = Object.values(query.bindings);
    const shared = lists.length > 0 && lists.every(Array.isArray);
    // The set too: the same words prove another thing about a task that runs than about one that has stopped.
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

// A little more than it takes in a delivery.
const bytesOf = (group: Group): number => Buffer.byteLength(JSON.stringify(group));

/** The first of these groups, as many as one delivery can hold; a single one always fits. */
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

/** The rendered SQL of a group: list bindings united, each value once, in order of arrival. */
export function sqlOf(group: Group): string {
  const [first, ...rest] = group;
  if (rest.length === 0) return renderSql(first.sql, first.bindings);
  const united: Bindings = Object.fromEntries(
    Object.keys(first.bindings).map((name) => [name, [...new Set(group.flatMap((q) => q.bindings[name] ?? []))]]),
  );
  return renderSql(first.sql, united);
}

/** A delivery of these groups, first offered now. */
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

/** What one asks in a delivery, as a query that waits for another host. It keeps its id, so a repeat asks nothing new. */
export function pendingAgain(query: DeliveredQuery, asker: Asker, host: string, alias?: string): PendingQuery {
  const { rule, query: name, set, sql, evidence, discovery } = query;
  const asked = { rule, query: name, set, sql, bindings: {}, evidence, discovery };
  return { ...asker, ...asked, alias, host, priority: PRIORITY_AGAIN };
}

function askerOf(query: PendingQuery): Asker {
  const { queryId, workload, alias, subjects, decorations, subjectDecorations } = query;
  const { triggeredAtMs, receivedAtMs, detectedBy, queuedAtMs, expiresAtMs, fanOutIds } = query;
  const clocks = { triggeredAtMs, receivedAtMs, queuedAtMs, expiresAtMs, detectedBy };
  return { queryId, workload, alias, subjects, decorations, subjectDecorations, ...clocks, fanOutIds };
}
