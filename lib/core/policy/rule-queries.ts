import type { PolicyQuery, PolicyRule } from './policy.ts';
import type { QuerySet } from './query-set.ts';

/** A rule that matched a trigger, with the set of its queries that applies. */
export interface RuleQueries {
  readonly rule: PolicyRule;
  readonly set: QuerySet;
  readonly queries: readonly PolicyQuery[];
  readonly expiresSeconds: number;
}

/** A query of a rule that cannot be queued, or an id that was left out of one. */
export interface Refusal {
  readonly rule: string;
  readonly query: string;
  readonly problem: string;
}

/** The rule's queries for a trigger while its subject is alive. */
export const ruleQueriesOf = (rule: PolicyRule, set: QuerySet): RuleQueries => ({
  rule,
  set,
  queries: rule.queries,
  expiresSeconds: rule.expiresSeconds,
});

/** The rule's queries for a task that has stopped. */
export const postMortemQueriesOf = (rule: PolicyRule): RuleQueries => ({
  rule,
  set: 'post-mortem',
  queries: rule.postMortem,
  expiresSeconds: rule.postMortemExpiresSeconds,
});

/** The rule's queries for a subject that is about to end; they expire at its end. */
export const lastGaspQueriesOf = (rule: PolicyRule, secondsLeft: number): RuleQueries => ({
  ...ruleQueriesOf(rule, 'last-gasp'),
  expiresSeconds: Math.min(rule.expiresSeconds, secondsLeft),
});

/** How long these queries together accelerate the host's agent, in seconds; 0 for not at all. */
export const heatSecondsOf = (matched: readonly RuleQueries[]): number => Math.max(0, ...matched.map(heatSecondsOfOne));

/** The rule's own seconds; for a last gasp at least until its expiry, unless the rule disables acceleration. */
const heatSecondsOfOne = ({ rule: { accelerateSeconds }, set, expiresSeconds }: RuleQueries): number =>
  set === 'last-gasp' && accelerateSeconds > 0 ? Math.max(accelerateSeconds, expiresSeconds) : accelerateSeconds;

/**
 * Priority in the queue, 0 first. A delivery has room for few queries: last gasps go first. Post-mortem queries can wait,
 * except those with evidence, which decide the verdict.
 */
export function priorityOf({ set, rule }: Pick<RuleQueries, 'set' | 'rule'>, { evidence }: PolicyQuery): number {
  if (set === 'last-gasp') return 0;
  return set === 'post-mortem' && !evidence ? Math.min(9, rule.priority + 2) : rule.priority;
}

/** Whether lists bound by the query hold ids: true for rules about a task, and for queries with evidence. */
export const listsAreIds = (rule: PolicyRule, query: PolicyQuery): boolean =>
  rule.target === 'ecs-task-host' || query.evidence !== undefined;
