import type { Decorations } from '../decorations.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { ANSWER_GRACE_MS, type PendingKey } from '../ledger/pending-key.ts';
import type { Platform } from '../policy/policy.ts';
import type { Evidence, QuerySet } from '../policy/query-set.ts';
import type { Bindings } from '../sql/render.ts';

/** The part of a query that belongs to one trigger; a merged query has several. */
export interface Asker {
  /** Id of the pending query, derived from its cause. */
  readonly queryId: string;
  /** ECS task ARN or EC2 instance id; absent if the query is about the host itself. */
  readonly workload?: string;
  /** The alias that led to the host. If the alias turns out to belong to another host, the query moves there. */
  readonly alias?: string;
  /** Ids that a returned row may prove: container runtime ids, or the instance id. */
  readonly subjects: readonly string[];
  readonly decorations: Decorations;
  /** Subject → decorations of that subject only (container name, image, digest). */
  readonly subjectDecorations: Readonly<Record<string, Decorations>>;
  readonly triggeredAtMs: number;
  readonly receivedAtMs: number; // when Mayfly received the trigger
  /** How Mayfly learned of the trigger. @default - by an event */
  readonly detectedBy?: DetectedBy;
  readonly queuedAtMs: number;
  readonly expiresAtMs: number;
  /** Fan-out ids of a GuardDuty finding: its answer saves their progress for as long as GuardDuty may repeat the finding. */
  readonly fanOutIds?: readonly string[];
  /** The campaign it belongs to. @default - a trigger of the policy asked */
  readonly campaign?: AskingCampaign;
}

/** The campaign of a query, and how many bytes of rows it keeps of this host. */
export interface AskingCampaign {
  readonly id: string;
  readonly keepBytes: number;
}

/** One distributed query pending for one host; self-contained, so a drain needs no policy. */
export interface PendingQuery extends Asker {
  /** The host it is pending for: a `host_identifier`, or an instance id while the instance's host is unknown. */
  readonly host: string;
  readonly priority: number; // 0 first, 9 last
  readonly rule: string;
  readonly query: string;
  readonly set: QuerySet;
  readonly sql: string; // with `:name` placeholders
  readonly bindings: Bindings;
  readonly evidence?: Evidence;
  readonly discovery?: string;
  /** Platforms whose osquery has the query's tables. @default - all */
  readonly platforms?: readonly Platform[];
}

export const keyOf = ({ host, priority, queryId, set, evidence, expiresAtMs }: PendingQuery): PendingKey => ({
  host,
  priority,
  queryId,
  set,
  answerByMs: evidence && expiresAtMs + ANSWER_GRACE_MS,
});
