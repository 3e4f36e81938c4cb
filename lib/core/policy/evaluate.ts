import { listsAreIds } from '../queue/ask.ts';
import { renderSql } from '../sql/render.ts';
import { type BindingProblem, bind } from './binding.ts';
import { compiledPolicy } from './compiled-policy.ts';
import type { Policy, PolicyQuery, PolicyRule, Target } from './policy.ts';
import { namedBy } from './target.ts';

/** What a policy would do about an event, for people to read: nothing is looked up and nothing queued. */
export interface Evaluation {
  readonly matches: readonly {
    readonly rule: string;
    readonly answers: string;
    readonly target: Target;
    /** Container-instance ARN, instance id or host identifier, as the event gives it. */
    readonly host?: string;
    readonly hostProblem?: string;
    readonly priority: number;
    readonly expiresSeconds: number;
    readonly queries: readonly {
      readonly name: string;
      readonly set: 'live' | 'post-mortem';
      readonly sql: string;
      readonly problem?: BindingProblem;
      /** Ids outside the allowed alphabet, left out. */
      readonly refused: readonly string[];
    }[];
  }[];
  /** Queries beyond this are delivered by later polls. */
  readonly queriesPerDelivery: number;
}

/** Matches and binds as the functions do. @throws {EventPatternError} for a policy that `check` would refuse */
export function evaluate(policy: Policy, event: unknown): Evaluation {
  const compiled = compiledPolicy(policy);
  const stopped = ['STOPPED', 'DELETED'].includes(
    String((event as { detail?: { lastStatus?: unknown } })?.detail?.lastStatus),
  );
  const set = stopped ? 'post-mortem' : 'live';
  const asked = compiled
    .eventRules(event)
    .filter((rule) => !stopped || rule.postMortem.length === 0)
    .map((rule) => matched(rule, rule.queries, set, event));
  const postMortem = stopped
    ? compiled.postMortemRules(event).map((rule) => matched(rule, rule.postMortem, 'post-mortem', event))
    : [];
  return { matches: [...asked, ...postMortem], queriesPerDelivery: policy.limits.queriesPerDelivery };
}

function matched(
  rule: PolicyRule,
  queries: readonly PolicyQuery[],
  set: 'live' | 'post-mortem',
  event: unknown,
): Evaluation['matches'][number] {
  const named = namedBy(rule.target, event);
  const host =
    named.kind === 'container-instance' ? { host: named.arn } : named.kind === 'alias' ? { host: named.alias } : {};
  return {
    rule: rule.name,
    answers: rule.answers,
    target: rule.target,
    ...host,
    ...(named.kind === 'nobody' ? { hostProblem: named.why } : {}),
    priority: rule.priority,
    expiresSeconds: set === 'live' ? rule.expiresSeconds : rule.postMortemExpiresSeconds,
    queries: queries.map((query) => {
      const bound = bind(query, event, listsAreIds(rule, query));
      return bound.ok
        ? { name: query.name, set, sql: renderSql(query.sql, bound.bindings), refused: bound.refused }
        : { name: query.name, set, sql: query.sql, problem: bound.problem, refused: [] };
    }),
  };
}
