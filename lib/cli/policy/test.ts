import { type Evaluation, evaluate } from '../../core/policy/evaluate.ts';
import type { Policy } from '../../core/policy/policy.ts';
import { livePolicyOf, withDeployment } from '../deployment/deployment.ts';
import type { DeploymentFlags } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { colours, count, duration, hanging, printable, prose, say, sayJson } from '../terminal/print.ts';
import { type RecordedEvent, readEvents, titleOf } from './events.ts';
import { goodFolder } from './folder.ts';

export interface PolicyFlags extends DeploymentFlags {
  /** A policy folder, instead of the live policy. */
  readonly policy?: string;
}

/** The policy to try: the folder's if one is named, else the live one. */
export async function policyToTry(flags: PolicyFlags): Promise<Policy> {
  if (flags.policy !== undefined) return goodFolder(flags.policy).policy;
  try {
    return await withDeployment(flags, async (deployment) => (await livePolicyOf(deployment)).policy);
  } catch (cause) {
    if (!(cause instanceof CommandError)) throw cause;
    const { code, message, next } = cause;
    const instead = 'to try a folder instead, name it with --policy DIR';
    throw new CommandError(code, message, { next: next ? `${next}; ${instead}` : instead, cause });
  }
}

/** Shows what a policy would do with events, without looking up, queueing or changing anything. */
export async function test(files: readonly string[], flags: PolicyFlags & { json: boolean }): Promise<void> {
  const events = await readEvents(files);
  const policy = await policyToTry(flags);
  for (const recorded of events) {
    const evaluation = evaluate(policy, recorded.event);
    if (flags.json) sayJson({ file: recorded.file, ...evaluation });
    else say(`${described(recorded, evaluation, policy)}\n`);
  }
}

function described(recorded: RecordedEvent, { matches, queriesPerDelivery }: Evaluation, policy: Policy): string {
  const paint = colours();
  const head = `${paint.bold(recorded.file)}  ${printable(titleOf(recorded))}`;
  if (matches.length === 0) {
    return `${head}\n  no rule matches: no query is sent`;
  }
  const sent = matches.flatMap((match) => (match.hostProblem ? [] : match.queries.filter(({ problem }) => !problem)));
  return [
    head,
    ...matches.map((match) => matchLines(match, policy)),
    `  ${hanging(limitLine(sent, queriesPerDelivery, policy), '  ')}`,
  ].join('\n');
}

function matchLines(match: Evaluation['matches'][number], policy: Policy): string {
  const paint = colours();
  const { rule, answers, priority, expiresSeconds, queries } = match;
  return [
    `  ${hanging(`${paint.green(rule)}  ${printable(answers)}`, '      ')}`,
    `    asks    ${hanging(hostsText(match, policy), ' '.repeat(12))}`,
    `    for     ${duration(expiresSeconds)}, priority ${priority}`,
    ...queries.flatMap(({ name, set, sql, problem, refused }) => [
      `    ${paint.bold(name)}${set === 'live' ? '' : ` (${set})`}${problem ? paint.yellow(`  not sent: ${PROBLEMS[problem]}`) : ''}`,
      ...sql.split('\n').map((line) => (problem ? paint.dim : String)(prose(line.replace(/\p{Cc}/gu, ' '), '      '))),
      ...(refused.length > 0
        ? [paint.yellow(`      left out: ${refused.map(printable).join(', ')}: not a valid id`)]
        : []),
    ]),
  ].join('\n');
}

const PROBLEMS: Readonly<Record<NonNullable<Evaluation['matches'][number]['queries'][number]['problem']>, string>> = {
  'binding-empty': 'the value it binds is not in this event',
  'binding-not-scalar': 'the value it binds is not a text, a number or a list of them',
  'unsafe-id': 'every id it binds is outside A-Z a-z 0-9 _ . -',
  'unsafe-value': 'the value it binds has no safe form in SQL',
  'too-large': 'the value it binds makes the SQL longer than 64 KB',
};

function hostsText({ target, host, hostProblem }: Evaluation['matches'][number], policy: Policy): string {
  if (hostProblem) return `no host: ${printable(hostProblem)}`;
  if (typeof target === 'object' && 'hosts-where' in target) {
    return `up to ${policy.limits.hostsPerTrigger} nodes where ${JSON.stringify(target['hosts-where'])}`;
  }
  if (target === 'same-node') return 'the node that sent the trigger';
  const whose = target === 'ecs-task-host' || target === 'finding-host';
  return whose ? `the host of ${printable(host ?? '')}` : printable(host ?? '');
}

/** How the limits apply to these queries for one host. */
function limitLine(
  sent: readonly { readonly evidence: boolean }[],
  perDelivery: number,
  { limits }: Pick<Policy, 'limits'>,
): string {
  if (sent.length === 0) return 'no query is sent';
  const kept = sent.slice(0, limits.pendingPerHost);
  const proofs = kept.filter(({ evidence }) => evidence).length;
  const polls = Math.ceil(Math.max(proofs, kept.length - proofs) / perDelivery);
  const dropped = sent.length - kept.length;
  return [
    `${count(sent.length, 'query', 'queries')}: ${takenBy(polls, sent.length)}`,
    `a poll takes at most ${perDelivery} with evidence and ${perDelivery} others`,
    ...(dropped > 0 ? [`${dropped} are dropped, as a host may have ${limits.pendingPerHost} pending`] : []),
    ...(limits.spacingSeconds > 0 ? [`the same query is not repeated for ${duration(limits.spacingSeconds)}`] : []),
  ].join('; ');
}

function takenBy(polls: number, queries: number): string {
  if (polls > 1) return `${polls} polls take them`;
  return queries === 1 ? 'one poll takes it' : 'one poll takes them';
}
