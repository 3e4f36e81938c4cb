import { createHash } from 'node:crypto';
import type { Evidence, QuerySet, Rule } from '../policy/rule.ts';
import { type Bindings, renderSql } from '../sql/render.ts';

/** What we know of a workload as of the event, attached to every row that answers for it. */
export type Decorations = Readonly<Record<string, string>>;

/** The part of a query that belongs to one trigger; merged queries have several. */
export interface Asker {
  /** Id of the pending query, derived from its cause. */
  readonly queryId: string;
  /** ECS task ARN or EC2 instance id; absent when the question is about the host itself. */
  readonly workload?: string;
  /** Ids that a returned row may prove: container runtime ids, or the instance id. */
  readonly subjects: readonly string[];
  readonly decorations: Decorations;
  /** Subject → decorations of that subject alone (its container name, image, digest). */
  readonly subjectDecorations: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
}

/** One distributed query waiting for one host's next poll; self-contained, so a drain needs no policy. */
export interface PendingQuery extends Asker {
  /** The `host_identifier` it waits for, or an instance id while no host is known by another name. */
  readonly host: string;
  readonly priority: number; // 0 first, 9 last
  readonly rule: string;
  readonly query: string;
  readonly set: QuerySet;
  readonly sql: string; // with `:name` placeholders
  readonly bindings: Bindings;
  readonly evidence?: Evidence;
  readonly discovery?: string;
}

/** Where a pending query lives: its host, and priority and id as they sort. */
export interface PendingKey {
  readonly host: string;
  readonly priority: number;
  readonly queryId: string;
}

/** What a trigger gives to the queries it asks for. */
export interface Cause {
  readonly host: string;
  /** Makes the id: task ARN and version, instance and launch time, or host and enrollment. */
  readonly key: string;
  readonly workload?: string;
  readonly runtimeIds?: readonly string[];
  readonly instanceId?: string;
  readonly decorations: Decorations;
  readonly subjectDecorations?: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly nowMs: number;
}

/**
 * The queries one rule asks for on one trigger, in rule order. Ids come from cause, rule and query alone, so an event
 * delivered twice yields the same ids.
 *
 * @throws {MayflyError} when a binding is unsafe: nothing that cannot be rendered is ever queued
 */
export function queriesFor(rule: Rule, cause: Cause): PendingQuery[] {
  return rule.queries.map((query) => {
    const bindings = Object.fromEntries(
      Object.entries(query.bind).map(([name, source]) => [
        name,
        source === 'runtime-ids' ? [...(cause.runtimeIds ?? [])] : (cause.instanceId ?? null),
      ]),
    );
    renderSql(query.sql, bindings);
    return {
      queryId: idOf(cause.key, rule.name, query.name),
      host: cause.host,
      priority: rule.priority,
      rule: rule.name,
      query: query.name,
      set: rule.set,
      sql: query.sql,
      bindings,
      ...(query.evidence ? { evidence: query.evidence } : {}),
      ...(query.discovery ? { discovery: query.discovery } : {}),
      ...(cause.workload ? { workload: cause.workload } : {}),
      subjects: cause.runtimeIds ?? (cause.instanceId ? [cause.instanceId] : []),
      decorations: cause.decorations,
      subjectDecorations: cause.subjectDecorations ?? {},
      triggeredAtMs: cause.triggeredAtMs,
      queuedAtMs: cause.nowMs,
      expiresAtMs: cause.nowMs + rule.expiresSeconds * 1000,
    };
  });
}

export const keyOf = ({ host, priority, queryId }: PendingQuery): PendingKey => ({ host, priority, queryId });

function idOf(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 32);
}
