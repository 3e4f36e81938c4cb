import { renderSql } from '../sql/render.ts';
import { type BindingProblem, bind } from './binding.ts';
import { compiledPolicy } from './compiled-policy.ts';
import { lastGaspSeconds } from './ending.ts';
import type { Policy, Target } from './policy.ts';
import type { QuerySet } from './query-set.ts';
import {
  lastGaspQueriesOf,
  listsAreIds,
  postMortemQueriesOf,
  priorityOf,
  type RuleQueries,
  ruleQueriesOf,
} from './rule-queries.ts';
import { type Named, namedBy } from './target.ts';

/** What a policy would do about an event, for people to read: nothing is looked up and nothing queued. */
export interface Evaluation {
  readonly matches: readonly {
    readonly rule: string;
    readonly answers: string;
    readonly target: Target;
    /** Container-instance ARN, instance id, task ARN or host identifier, as the event gives it; several after commas. */
    readonly host?: string;
    readonly hostProblem?: string;
    readonly priority: number;
    readonly expiresSeconds: number;
    readonly queries: readonly {
      readonly name: string;
      readonly set: QuerySet; // live, last-gasp, post-mortem
      readonly sql: string;
      /** Whether its rows prove something: such queries have room of their own in a delivery. */
      readonly evidence: boolean;
      readonly problem?: BindingProblem;
      /** Ids outside the allowed alphabet, left out. */
      readonly refused: readonly string[];
    }[];
  }[];
  /** Queries beyond so many with evidence, and so many others, are delivered by later polls. */
  readonly queriesPerDelivery: number;
}

/** Matches and binds as the functions do. @throws {EventPatternError} for a policy that `check` would refuse */
export function evaluate(policy: Policy, event: unknown): Evaluation {
  const compiled = compiledPolicy(policy);
  const stopped = ['STOPPED', 'DELETED'].includes(
    String((event as { detail?: { lastStatus?: unknown } })?.detail?.lastStatus),
  );
  const lastGasps = compiled.lastGaspRules(event).map((rule) => lastGaspQueriesOf(rule, lastGaspSeconds(rule, event)));
  const asked = compiled
    .eventRules(event)
    .filter((rule) => !stopped || rule.postMortem.length === 0)
    .map((rule) => ruleQueriesOf(rule, stopped ? 'post-mortem' : 'live'));
  const postMortem = stopped ? compiled.postMortemRules(event).map(postMortemQueriesOf) : [];
  return {
    matches: [...lastGasps, ...asked, ...postMortem].map((asking) => matched(asking, event)),
    queriesPerDelivery: policy.limits.queriesPerDelivery,
  };
}

function matched(asking: RuleQueries, event: unknown): Evaluation['matches'][number] {
  const { rule, set, queries, expiresSeconds } = asking;
  const named = namedBy(rule.target, event);
  return {
    rule: rule.name,
    answers: rule.answers,
    target: rule.target,
    ...hostOf(named),
    ...(named.kind === 'nobody' ? { hostProblem: named.why } : {}),
    priority: Math.min(...queries.map((query) => priorityOf(asking, query)), 9),
    expiresSeconds,
    queries: queries.map((query) => {
      const bound = bind(query, event, listsAreIds(rule, query));
      const asked = { name: query.name, set, evidence: query.evidence !== undefined };
      return bound.ok
        ? { ...asked, sql: renderSql(query.sql, bound.bindings), refused: bound.refused }
        : { ...asked, sql: query.sql, problem: bound.problem, refused: [] };
    }),
  };
}

function hostOf(named: Named): { host?: string } {
  if (named.kind === 'container-instance') return { host: named.arn };
  if (named.kind === 'alias') return { host: named.alias };
  return named.kind === 'finding' ? { host: named.subjects.map(({ name }) => name).join(', ') } : {};
}
