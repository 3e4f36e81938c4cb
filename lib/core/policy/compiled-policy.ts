import { endingIn } from './ending.ts';
import { compilePattern } from './event-pattern.ts';
import { globMatcher } from './glob.ts';
import type { Policy, PolicyRule } from './policy.ts';

/** Detail type of a request event on Mayfly's bus; `detail.request` names the rules it triggers. */
export const REQUEST = 'Mayfly Query Request';

/** A policy with compiled patterns; compiled once for each version. */
export interface CompiledPolicy {
  readonly policy: Policy;
  /** Rules that match this event or that it requests by name, in the policy's order, without last-gasp rules. */
  eventRules(event: unknown): PolicyRule[];
  /**
   * Last-gasp rules that match, if the event announces an end (see `endingIn`); otherwise none. If the stop signal of a task
   * was lost, its next event is matched as if it were the first one.
   */
  lastGaspRules(event: unknown): PolicyRule[];
  /** Rules whose post-mortem queries apply to a stopped task: those that match its event, or would match it while running. */
  postMortemRules(event: unknown): PolicyRule[];
  /** Rules on enrollment; the caller matches them with the node. */
  readonly enrollmentRules: readonly PolicyRule[];
  /** Rules that match a row of a node's result log. */
  logRules(row: LogRow): PolicyRule[];
}

/** One row of a scheduled query's results, in any of the forms an agent logs. */
export interface LogRow {
  readonly query: string; // the scheduled query's name, `pack/<pack>/<query>` for one of a pack
  readonly action: string; // added, removed, snapshot
  readonly columns: Readonly<Record<string, unknown>>;
}

/** Compiles a policy. @throws {EventPatternError} for a pattern that AWS would reject, as does `mayfly policy check` */
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

/** A task's event as it would look while the task runs, or, with STOPPED, right after its stop was requested. */
export function asIfRunning(event: unknown, desiredStatus: 'RUNNING' | 'STOPPED' = 'RUNNING'): unknown {
  const { detail, ...envelope } = Object(event) as { detail?: { containers?: unknown } };
  const running = { ...detail, lastStatus: 'RUNNING', desiredStatus };
  if (!Array.isArray(detail?.containers)) return { ...envelope, detail: running };
  const containers = detail.containers.map((container: unknown) => ({ ...Object(container), lastStatus: 'RUNNING' }));
  return { ...envelope, detail: { ...running, containers } };
}
