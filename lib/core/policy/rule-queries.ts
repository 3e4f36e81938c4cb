import type { PolicyQuery, PolicyRule } from './policy.ts';
import type { QuerySet } from './query-set.ts';

/** A rule that asks on a trigger, with the set of its queries that is meant. */
export interface RuleQueries {
  readonly rule: PolicyRule;
  readonly set: QuerySet;
  readonly queries: readonly PolicyQuery[];
  readonly expiresSeconds: number;
}

/** A query that a rule wanted to ask and cannot, or an id that was left out of one. */
export interface Refusal {
  readonly rule: string;
  readonly query: string;
  readonly problem: string;
}

/** The rule's queries for what triggers it while its subject lives. */
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

/** The rule's queries for what is about to end: of no use once it has. */
export const lastGaspQueriesOf = (rule: PolicyRule, secondsLeft: number): RuleQueries => ({
  ...ruleQueriesOf(rule, 'last-gasp'),
  expiresSeconds: Math.min(rule.expiresSeconds, secondsLeft),
});

/** For how long all of this together keeps the host's agent polling fast; 0 not at all. */
export const heatSecondsOf = (askings: readonly RuleQueries[]): number => Math.max(0, ...askings.map(heatSecondsOfOne));

/** As the rule says; for a last gasp at least as long as an answer is of use, unless the rule wants no haste. */
const heatSecondsOfOne = ({ rule: { accelerateSeconds }, set, expiresSeconds }: RuleQueries): number =>
  set === 'last-gasp' && accelerateSeconds > 0 ? Math.max(accelerateSeconds, expiresSeconds) : accelerateSeconds;

/**
 * A delivery has room for few queries: last gasps go first. Post-mortem ones can wait, but for those with evidence, which
 * make the verdict.
 */
export function priorityOf({ set, rule }: Pick<RuleQueries, 'set' | 'rule'>, { evidence }: PolicyQuery): number {
  if (set === 'last-gasp') return 0;
  return set === 'post-mortem' && !evidence ? Math.min(9, rule.priority + 2) : rule.priority;
}

/** Lists about a task, and lists that evidence refers to, hold ids. */
export const listsAreIds = (rule: PolicyRule, query: PolicyQuery): boolean =>
  rule.target === 'ecs-task-host' || query.evidence !== undefined;
