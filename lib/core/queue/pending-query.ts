import type { Decorations } from '../decorations.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { ANSWER_GRACE_MS, type PendingKey } from '../ledger/pending-key.ts';
import type { Platform } from '../policy/policy.ts';
import type { Evidence, QuerySet } from '../policy/query-set.ts';
import type { Bindings } from '../sql/render.ts';

/** The part of a query that belongs to one trigger; merged queries have several. */
export interface Asker {
  /** Id of the pending query, derived from its cause. */
  readonly queryId: string;
  /** ECS task ARN or EC2 instance id; absent when the question is about the host itself. */
  readonly workload?: string;
  /** The name by which the host was found, where it goes by another: should it belong to another host, the query moves. */
  readonly alias?: string;
  /** Ids that a returned row may prove: container runtime ids, or the instance id. */
  readonly subjects: readonly string[];
  readonly decorations: Decorations;
  /** Subject → decorations of that subject alone (its container name, image, digest). */
  readonly subjectDecorations: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly receivedAtMs: number; // when we heard of the trigger
  /** Who told of the trigger. @default - an event */
  readonly detectedBy?: DetectedBy;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
  /** Places of a finding, which hold for as long as it may be answered: the answer makes them last. */
  readonly fanOutIds?: readonly string[];
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
  /** Platforms of hosts that can be asked. @default - every one */
  readonly platforms?: readonly Platform[];
}

export const keyOf = ({ host, priority, queryId, set, evidence, expiresAtMs }: PendingQuery): PendingKey => ({
  host,
  priority,
  queryId,
  set,
  answerByMs: evidence && expiresAtMs + ANSWER_GRACE_MS,
});
