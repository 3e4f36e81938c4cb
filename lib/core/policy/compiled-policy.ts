import { endingIn } from './ending.ts';
import { compilePattern } from './event-pattern.ts';
import { globMatcher } from './glob.ts';
import type { Policy, PolicyRule } from './policy.ts';

/** The detail type of a request on Mayfly's bus: its `detail.request` names the rules it is for. */
export const REQUEST = 'Mayfly Query Request';

/** A policy with its patterns compiled, made once a version. */
export interface CompiledPolicy {
  readonly policy: Policy;
  /** Rules on events that this one matches, and those it requests by name, in the policy's order; no last-gasp rule. */
  eventRules(event: unknown): PolicyRule[];
  /**
   * Last-gasp rules about what this event says will end: none for any other event, whatever their patterns say. A task whose
   * stop signal got lost is asked at the next sign, as if it were the first.
   */
  lastGaspRules(event: unknown): PolicyRule[];
  /** Rules that would have asked about a task's event had it been seen running: their post-mortem sets apply. */
  postMortemRules(event: unknown): PolicyRule[];
  /** Rules on enrollment; which node they concern is for the caller to say. */
  readonly enrollmentRules: readonly PolicyRule[];
  /** Rules that a row of a node's scheduled results sets off. */
  logRules(row: LogRow): PolicyRule[];
}

/** One row of a scheduled query's results, in whichever form the agent logs. */
export interface LogRow {
  readonly query: string; // the scheduled query's name, `pack/<pack>/<query>` for one of a pack
  readonly action: string; // added, removed, snapshot
  readonly columns: Readonly<Record<string, unknown>>;
}

/** @throws {EventPatternError} for a pattern that AWS would refuse; `mayfly policy check` lets none through */
export function compiledPolicy(policy: Policy): CompiledPolicy {
  const events = policy.rules.flatMap((rule) => {
    if ('event' in rule.on) return [{ rule, matches: compilePattern(rule.on.event) }];
    if (!('request' in rule.on)) return [];
    return [{ rule, matches: compilePattern({ 'detail-type': [REQUEST], detail: { request: [rule.on.request] } }) }];
  });
  const logs = policy.rules.flatMap((rule) => {
    if (!('log' in rule.on)) return [];
    const { query, columns, action } = rule.on.log;
    const named = globMatcher(query);
    const like = columns ? compilePattern(columns) : () => true;
    return [
      {
        rule,
        matches: (row: LogRow) => named(row.query) && (!action || action.includes(row.action)) && like(row.columns),
      },
    ];
  });
  return {
    policy,
    eventRules: (event) => events.flatMap(({ rule, matches }) => (!rule.lastGasp && matches(event) ? [rule] : [])),
    lastGaspRules: (event) => {
      const ending = endingIn(event);
      const first = ending === 'ecs-task-host' ? asIfRunning(event, 'STOPPED') : event;
      return events.flatMap(({ rule, matches }) =>
        rule.lastGasp && rule.target === ending && (matches(first) || matches(event)) ? [rule] : [],
      );
    },
    postMortemRules: (event) => {
      const running = asIfRunning(event);
      return events.flatMap(({ rule, matches }) =>
        rule.postMortem.length > 0 && (matches(running) || matches(event)) ? [rule] : [],
      );
    },
    enrollmentRules: policy.rules.filter((rule) => 'enrollment' in rule.on),
    logRules: (row) => logs.flatMap(({ rule, matches }) => (matches(row) ? [rule] : [])),
  };
}

/** A task's event as it would have looked while the task ran, or when its stop had just been decided. */
export function asIfRunning(event: unknown, desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING'): unknown {
  const { detail, ...envelope } = Object(event) as { detail?: { containers?: unknown } };
  const containers = Array.isArray(detail?.containers)
    ? detail.containers.map((container: unknown) => ({ ...Object(container), lastStatus: 'RUNNING' }))
    : undefined;
  return {
    ...envelope,
    detail: { ...detail, lastStatus: 'RUNNING', desiredStatus, ...(containers ? { containers } : {}) },
  };
}
