import { compilePattern } from '../../lib/core/policy/event-pattern.ts';
import type { EventRule } from './events/event-bus.ts';
import { rateMs, type ScheduleConfig, type ScheduleTarget } from './events/schedule.ts';
import { LocalError } from './machine/local-error.ts';
import type { Assembly } from './template/assembly.ts';
import type { Resource } from './template/template.ts';
import type { Functions, Queues } from './wiring.ts';

interface RuleTarget {
  readonly Arn?: unknown;
  readonly Input?: unknown;
}

/** Creates the enabled event rules. Compiles their patterns and looks up their targets. */
export function createRules(resources: readonly Resource[], queues: Queues): EventRule[] {
  const rules = enabledRules(resources).filter((rule) => !isScheduled(rule));
  return rules.map((rule) => ({
    bus: busOf(rule),
    matches: accepted(rule, 'pattern', () => compilePattern(rule.properties.EventPattern)),
    targets: targetsOf(rule).flatMap(({ Arn, Input }) => {
      if (isTopic(Arn)) return []; // the runner publishes nothing to topics
      const queue = queues.get(String(Arn));
      if (!queue) throw refusal(rule, `the target ${Arn} is no queue of this template: not implemented locally`);
      if (Input !== undefined) throw refusal(rule, 'an input for a queue is not implemented locally');
      return [queue];
    }),
  }));
}

/** Reads the enabled schedule rules and looks up their targets. */
export function readSchedules(
  { account, region, resources }: Pick<Assembly, 'account' | 'region' | 'resources'>,
  functions: Functions,
): ScheduleConfig[] {
  const rules = enabledRules(resources).filter(isScheduled);
  return rules.map((rule) => {
    if (rule.properties.EventPattern !== undefined)
      throw refusal(rule, 'a pattern beside a schedule is not implemented locally');
    if (busOf(rule) !== 'default')
      throw refusal(rule, 'AWS would refuse a schedule on another bus than the default one');
    const targets = targetsOf(rule).map((target) => scheduleTarget(rule, target, functions));
    return { ruleArn: rule.arn, account, region, everyMs: intervalOf(rule), targets };
  });
}

const enabledRules = (resources: readonly Resource[]) =>
  resources.filter(
    ({ type, properties }) => type === 'AWS::Events::Rule' && (properties.State ?? 'ENABLED') !== 'DISABLED',
  );

const isScheduled = ({ properties }: Resource) => properties.ScheduleExpression !== undefined;

const targetsOf = ({ properties }: Resource) => (properties.Targets ?? []) as readonly RuleTarget[];

const isTopic = (arn: unknown): boolean => /^arn:[^:]+:sns:/.test(String(arn));

/** Returns the name of a rule's bus, which the template gives by name or ARN. */
const busOf = ({ properties }: Resource) =>
  String(properties.EventBusName ?? 'default')
    .split('/')
    .at(-1) ?? '';

function intervalOf(rule: Resource): number {
  const expression = String(rule.properties.ScheduleExpression);
  if (expression.startsWith('cron(')) throw refusal(rule, `the schedule ${expression} is not implemented locally`);
  const everyMs = rateMs(expression);
  if (everyMs === undefined) throw refusal(rule, `AWS would refuse the schedule ${expression}`);
  return everyMs;
}

function scheduleTarget(rule: Resource, { Arn, Input }: RuleTarget, functions: Functions): ScheduleTarget {
  const fn = functions.get(String(Arn));
  if (!fn) throw refusal(rule, `the target ${Arn} is no function of this template: not implemented locally`);
  if (Input === undefined) return { fn };
  const input = String(Input);
  accepted(rule, 'input', () => JSON.parse(input));
  return { fn, input };
}

/** @throws {LocalError} if `read` throws, as AWS would reject it at deployment */
function accepted<T>(rule: Resource, what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    throw refusal(rule, `AWS would refuse the ${what}: ${cause instanceof Error ? cause.message : ''}`, cause);
  }
}

const refusal = ({ logicalId, type }: Resource, reason: string, cause?: unknown) =>
  new LocalError(`${logicalId} (${type}): ${reason}`, { cause });
