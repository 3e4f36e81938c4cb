/** How a query came to be asked; an answer to it proves different things. */
export type QuerySet = 'live' | 'post-mortem' | 'launch' | 'enrollment';

/** Which returned rows prove what: the value of `column` names the subject (a container, an instance). */
export interface Evidence {
  readonly column: string;
  /** When present, a subject counts as seen alive only if this column holds one of these values. */
  readonly alive?: { readonly column: string; readonly oneOf: readonly string[] };
}

/** A question in the policy. */
export interface RuleQuery {
  readonly name: string;
  /** `:name` placeholders become quoted literals; see `lib/core/sql/render.ts`. */
  readonly sql: string;
  /** Placeholder name → what of the trigger is bound to it. */
  readonly bind: Readonly<Record<string, 'runtime-ids' | 'instance-id'>>;
  readonly evidence?: Evidence;
  /** SQL that must return a row before the query is run on the node; osquery never reports a skip. */
  readonly discovery?: string;
}

/** What to ask, when, how urgently and for how long the question makes sense. */
export interface Rule {
  readonly name: string;
  /** The question it answers, in one line. */
  readonly answers: string;
  readonly set: QuerySet;
  /** 0 is delivered first, 9 last. */
  readonly priority: number;
  /** Counted from the trigger's arrival; a query is never handed out after it. */
  readonly expiresSeconds: number;
  readonly queries: readonly RuleQuery[];
}

/** All rules in force, and how long a trigger keeps its host polling fast. */
export interface Policy {
  readonly taskRunning: Rule;
  readonly taskStopped: Rule;
  readonly instanceLaunched: Rule;
  readonly enrollment: Rule;
  /** A start or stop on a host asks its agent to poll every 5 s for this long (osquery: `accelerate`). */
  readonly heatSeconds: number;
}
