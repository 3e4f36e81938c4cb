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

/** What a policy would do about an event, for display: nothing is looked up or queued. */
export interface Evaluation {
  readonly matches: readonly {
    readonly rule: string;
    readonly answers: string;
    readonly target: Target;
    /** Container-instance ARN, instance id, task ARN or host identifier from the event; several are separated by commas. */
    readonly host?: string;
    readonly hostProblem?: string;
    readonly priority: number;
    readonly expiresSeconds: number;
    readonly queries: readonly {
      readonly name: string;
      readonly set: QuerySet; // live, last-gasp, post-mortem
      readonly sql: string;
      /** Whether its rows prove sightings: a delivery has separate room for such queries. */
      readonly evidence: boolean;
      readonly problem?: BindingProblem;
      /** Ids that were left out because they are outside the allowed alphabet. */
      readonly refused: readonly string[];
    }[];
  }[];
  /** A delivery holds this many queries with evidence and this many others; later polls deliver the rest. */
  readonly queriesPerDelivery: number;
}

/** Matches and binds like the functions. @throws {EventPatternError} for a policy that `mayfly policy check` would reject */
export function evaluate(policy: Policy, event: unknown): Evaluation {
  const compiled = compiledPolicy(policy);
  const stopped = ['STOPPED', 'DELETED'].includes(
    String((event as { detail?: { lastStatus?: unknown } })?.detail?.lastStatus),
  );
  const lastGasps = compiled.lastGaspRules(event).map((rule) => lastGaspQueriesOf(rule, lastGaspSeconds(rule, event)));
  const live = compiled
    .eventRules(event)
    .filter((rule) => !stopped || rule.postMortem.length === 0)
    .map((rule) => ruleQueriesOf(rule, stopped ? 'post-mortem' : 'live'));
  const postMortem = stopped ? compiled.postMortemRules(event).map(postMortemQueriesOf) : [];
  return {
    matches: [...lastGasps, ...live, ...postMortem].map((one) => matched(one, event)),
    queriesPerDelivery: policy.limits.queriesPerDelivery,
  };
}

function matched(ruleQueries: RuleQueries, event: unknown): Evaluation['matches'][number] {
  const { rule, set, queries, expiresSeconds } = ruleQueries;
  const named = namedBy(rule.target, event);
  return {
    rule: rule.name,
    answers: rule.answers,
    target: rule.target,
    host: hostOf(named),
    hostProblem: named.kind === 'none' ? named.why : undefined,
    priority: Math.min(...queries.map((query) => priorityOf(ruleQueries, query)), 9),
    expiresSeconds,
    queries: queries.map((query) => {
      const bound = bind(query, event, listsAreIds(rule, query));
      const known = { name: query.name, set, evidence: query.evidence !== undefined };
      return bound.ok
        ? { ...known, sql: renderSql(query.sql, bound.bindings), refused: bound.refused }
        : { ...known, sql: query.sql, problem: bound.problem, refused: [] };
    }),
  };
}

function hostOf(named: Named): string | undefined {
  switch (named.kind) {
    case 'container-instance':
      return named.arn;
    case 'alias':
      return named.alias;
    case 'finding':
      return named.subjects.map(({ name }) => name).join(', ');
    case 'same-node':
    case 'many':
    case 'none':
      return undefined;
    default: {
      const never: never = named;
      return never;
    }
  }
}
