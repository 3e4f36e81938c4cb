import * as z from 'zod';
import { GUARDDUTY_FINDINGS } from '../../core/policy/guardduty-finding.ts';
import type { EventPattern, Platform, PolicyQuery, PolicyRule, Target, Trigger } from '../../core/policy/policy.ts';
import { seconds } from '../format/duration.ts';
import { nodeMatch } from '../format/match.ts';
import { Query, type QueryText, Rule, type RuleText } from '../format/rules.ts';
import { PLATFORMS } from '../osquery/specs.ts';
import type { Position } from '../source/problem.ts';
import { readShape } from '../source/shape-problems.ts';
import type { Path, SourceDocument } from '../source/source-document.ts';
import {
  checkDetail,
  checkEnvelope,
  checkPattern,
  isNoticePattern,
  isPatternAbout,
  unknownDetail,
} from './check-pattern.ts';
import { checkExpression, compileQuery, type QueryPurpose, type Reading } from './check-query.ts';
import { NOTICE_TYPES, TASK_STATE_CHANGES } from './event-facts.ts';
import { platformsOfMatch } from './platforms.ts';

/** A rule, the position of its trigger, and whether an event can match it. */
export interface CompiledRule {
  readonly rule: PolicyRule;
  readonly document: SourceDocument;
  readonly at: Position;
  readonly onPath: Path;
  readonly canMatch: boolean;
}

/** Compiles the rules of one file, in order. Leaves out a rule of the wrong shape, but still checks its SQL and the other rules. */
export function compileRules(reading: Reading): CompiledRule[] {
  const { document } = reading;
  if (document.value === undefined || document.value === null) return [];
  const list = readShape(z.array(z.unknown(), NO_LIST), reading) ?? [];
  return list.flatMap((value, index) => {
    const text = readShape(Rule, reading, { value, at: [index] });
    if (text) return [compileRule(reading, [index], text)];
    for (const set of ['queries', 'post-mortem'] as const) checkQueriesAlone(reading, [index, set], value);
    return [];
  });
}

const NO_LIST = 'must be a list of rules, each beginning with "- rule: <name>"';

/** Checks the queries of a rule of the wrong shape. Problems of their shape have been reported already. */
function checkQueriesAlone(reading: Reading, path: Path, rule: unknown): void {
  const queries = (rule as Record<string, unknown> | null)?.[String(path.at(-1))];
  const part = { value: queries ?? {}, at: path };
  const read = readShape(z.record(z.string(), Query), { document: reading.document, problems: [] }, part) ?? {};
  compileQueries(reading, path, read, {
    kind: path.at(-1) === 'queries' ? 'query' : 'post-mortem',
    onEc2Only: true,
    platforms: PLATFORMS,
  });
}

/** The platforms of the hosts that a rule can ask: its own `platforms`, else those of its conditions on nodes. */
function platformsOfRule({ platforms, on, target }: RuleText): readonly Platform[] {
  if (platforms) return platforms;
  const where = typeof target === 'object' && 'hosts-where' in target ? target['hosts-where'] : undefined;
  return platformsOfMatch(where ?? (on.enrollment === true ? undefined : on.enrollment));
}

function compileRule(reading: Reading, path: Path, text: RuleText): CompiledRule {
  const { document, problems } = reading;
  const { trigger, canMatch } = triggerOf(reading, path, text);
  const target = targetOf(reading, path, text);
  const hosts = { platforms: platformsOfRule(text), said: text.platforms };
  const onEc2Only = target === 'ec2-instance' || target === 'finding-host';
  const live = { ...hosts, kind: 'query', onEc2Only } as const;
  const queries = compileQueries(reading, [...path, 'queries'], text.queries, live);
  const dead = { ...hosts, kind: 'post-mortem' } as const;
  const postMortem = compileQueries(reading, [...path, 'post-mortem'], text['post-mortem'] ?? {}, dead);
  if (text.on.event) {
    checkBindings(reading, [...path, 'queries'], text.queries, text.on.event);
    checkBindings(reading, [...path, 'post-mortem'], text['post-mortem'] ?? {}, text.on.event);
  }
  if (text['last-gasp']) checkLastGasp(reading, path, text, target);
  if (text['post-mortem'] && target !== 'ecs-task-host') {
    const at = document.position([...path, 'post-mortem'], 'key');
    problems.push(document.problem('error', at, 'post-mortem is for tasks: the target must be ecs-task-host'));
  }
  if (queries.length + postMortem.length === 0 && Object.keys(text.queries).length === 0) {
    const at = document.position([...path, 'queries'], 'key');
    problems.push(document.problem('warning', at, `the rule "${text.rule}" has no query`));
  }
  const rule: PolicyRule = {
    name: text.rule,
    answers: text.answers,
    on: trigger ?? { request: text.rule },
    target: target ?? 'same-node',
    priority: text.priority,
    expiresSeconds: seconds(text.expires),
    lastGasp: text['last-gasp'],
    accelerateSeconds: seconds(text.accelerate === '0s' || text.accelerate === '0' ? 0 : text.accelerate),
    queries,
    postMortem,
    postMortemExpiresSeconds: seconds(text['post-mortem-expires']),
  };
  const onPath = [...path, 'on'];
  return { rule, document, at: document.position([...path, 'rule']), onPath, canMatch };
}

/** Warns about bindings that no event of the rule can fill: their queries are never sent. */
function checkBindings(
  { document, problems }: Reading,
  path: Path,
  queries: Readonly<Record<string, QueryText>>,
  event: EventPattern,
): void {
  for (const [query, { bind = {} }] of Object.entries(queries)) {
    for (const [placeholder, expression] of Object.entries(bind)) {
      for (const field of unknownDetail(event, expression)) {
        const message = `no event of this kind has detail.${field}: nothing is bound`;
        problems.push(document.warning([...path, query, 'bind', placeholder], message));
      }
    }
  }
}

/** Reports last-gasp rules whose trigger does not announce an end while the workload still runs. */
function checkLastGasp({ document, problems }: Reading, path: Path, text: RuleText, target: Target | undefined): void {
  const refuse = (key: string, message: string, hint?: string) =>
    problems.push(document.problem('error', document.position([...path, key], 'key'), message, hint));
  const { event } = text.on;
  if (!event) refuse('last-gasp', 'last-gasp needs an event that announces an end', 'such as on: { event: … }');
  else if (target !== undefined && target !== 'ecs-task-host' && target !== 'ec2-instance')
    refuse('last-gasp', 'last-gasp is for tasks and instances: the target must be ecs-task-host or ec2-instance');
  else if (target === 'ec2-instance' && !isNoticePattern(event))
    refuse(
      'last-gasp',
      'last-gasp on an instance needs an event that announces its end',
      `detail-type: one of ${NOTICE_TYPES.join(', ')}`,
    );
  if (text['post-mortem'])
    refuse('post-mortem', 'a last-gasp rule asks before the end: post-mortem is for another rule');
}

function compileQueries(
  reading: Reading,
  path: Path,
  queries: Readonly<Record<string, QueryText>>,
  purpose: QueryPurpose,
): PolicyQuery[] {
  return Object.entries(queries).map(([name, text]) => compileQuery(reading, [...path, name], text, purpose));
}

function triggerOf(
  { document, problems }: Reading,
  path: Path,
  { on }: RuleText,
): { trigger?: Trigger; canMatch: boolean } {
  const at = [...path, 'on'];
  const given = Object.keys(on);
  if (given.length !== 1) {
    const found = given.length === 0 ? 'none' : given.join(' and ');
    problems.push(document.error(at, `"on" is exactly one of event, enrollment, log, request; here ${found}`));
    return { canMatch: true };
  }
  if (on.event) {
    const canMatch = checkPattern(document, problems, [...at, 'event'], on.event);
    checkEnvelope(document, problems, [...at, 'event'], on.event);
    checkDetail(document, problems, [...at, 'event'], on.event);
    return { trigger: { event: on.event }, canMatch };
  }
  if (on.enrollment) {
    return { trigger: { enrollment: on.enrollment === true ? true : nodeMatch(on.enrollment) }, canMatch: true };
  }
  if (on.log) {
    if (on.log.columns) checkPattern(document, problems, [...at, 'log', 'columns'], on.log.columns);
    return { trigger: { log: on.log }, canMatch: true };
  }
  return on.request ? { trigger: { request: on.request }, canMatch: true } : { canMatch: true };
}

type TargetText = NonNullable<RuleText['target']>;
type NamedTarget = Extract<TargetText, string>;

/** The target of a rule; undefined, with the problem reported, where its trigger cannot name that target. */
function targetOf(reading: Reading, path: Path, { on, target, rule }: RuleText): Target | undefined {
  const { document, problems } = reading;
  const at = [...path, 'target'];
  if (target === undefined) {
    if (isOfNode(on) || Object.keys(on).length === 0) return 'same-node';
    const hint = on.event ? 'such as target: ec2-instance' : 'such as target: { host: detail.host }';
    problems.push(document.error(at, `the rule "${rule}" names no target`, hint));
    return undefined;
  }
  if (typeof target === 'string') {
    if (canName(target, on)) return target;
    problems.push(document.error(at, ...NEEDS[target]));
    return undefined;
  }
  if ('hosts-where' in target) return { 'hosts-where': nodeMatch(target['hosts-where']) };
  checkExpression(reading, [...at, 'host'], target.host);
  return { host: target.host };
}

/** Whether the trigger is a node's own: its enrollment, or a row that it logged. */
const isOfNode = ({ enrollment, log }: RuleText['on']): boolean => enrollment !== undefined || log !== undefined;

/** Whether a trigger names the host that a target stands for. */
function canName(target: NamedTarget, on: RuleText['on']): boolean {
  switch (target) {
    case 'same-node':
      return isOfNode(on);
    case 'ec2-instance':
      return !isOfNode(on);
    case 'ecs-task-host':
      return on.event !== undefined && isPatternAbout(on.event, TASK_STATE_CHANGES);
    case 'finding-host':
      return on.event !== undefined && isPatternAbout(on.event, GUARDDUTY_FINDINGS);
    default:
      return target satisfies never;
  }
}

/** What a target needs of its trigger. */
const NEEDS: Readonly<Record<NamedTarget, readonly [message: string, hint?: string]>> = {
  'same-node': ['same-node is the node that enrolled or logged a row; this trigger has none'],
  'ec2-instance': ['ec2-instance needs an event that names an instance', 'use same-node'],
  'ecs-task-host': [
    'ecs-task-host needs an event about a task',
    'on: { event: { source: [aws.ecs], detail-type: [ECS Task State Change], … } }',
  ],
  'finding-host': [
    'finding-host needs an event about a GuardDuty finding',
    'on: { event: { source: [aws.guardduty], detail-type: [GuardDuty Finding], … } }',
  ],
};
