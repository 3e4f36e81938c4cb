import { type NodeDirectory, seenFrom } from '../nodes/directory.ts';
import type { Aliases } from '../nodes/registry.ts';
import { lookUp } from '../policy/binding.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { matchNode } from '../policy/match-node.ts';
import type { NodeMatch, PolicyRule, Target } from '../policy/policy.ts';
import { namedBy } from '../policy/target.ts';
import { type AskDeps, askingOf, type Cause, enqueue, questions } from '../queue/ask.ts';
import type { ContainerHosts } from './container-hosts.ts';
import type { FanOutProgress, FanOuts } from './fan-out.ts';

export interface RuleDeps extends AskDeps {
  readonly policy: LivePolicy;
  readonly aliases: Aliases;
  readonly hosts: ContainerHosts;
  readonly directory: NodeDirectory;
  readonly fanOuts: FanOuts;
}

/** An event in EventBridge's envelope, as far as rules need it. */
export interface AnyEvent {
  /** Tells it from others, and repeats of it not: the envelope's id, or a task and its version. */
  readonly id: string;
  readonly occurredAtMs: number;
  readonly raw: unknown;
}

/**
 * Asks what the policy says about an event beside its workload: findings, Spot notices, requests. Each rule's place is kept
 * by the event's id, or a request's idempotency key, so that a repeat asks nothing.
 *
 * @param own the target that somebody else takes care of, with the ledger
 * @returns how many queries wait now
 */
export async function handleRules(event: AnyEvent, deps: RuleDeps, own?: Target): Promise<number> {
  const policy = await deps.policy();
  let queued = 0;
  for (const rule of policy.eventRules(event.raw)) {
    if (rule.target !== own) queued += await askAll(rule, event, policy, deps);
  }
  return queued;
}

async function askAll(rule: PolicyRule, event: AnyEvent, policy: CompiledPolicy, deps: RuleDeps): Promise<number> {
  const key = lookUp('detail.idempotencyKey', event.raw);
  const keyed = (typeof key === 'string' && key !== '') || typeof key === 'number';
  const cause: Cause = {
    key: keyed ? `request ${key}` : `event ${event.id}`,
    trigger: event.raw,
    subjects: [],
    decorations: { event_id: event.id },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: deps.now(),
  };
  // The place is kept for single hosts too: once their queries are delivered, ids alone would not know a repeat.
  const id = `${cause.key} ${rule.name}`;
  const place = await deps.fanOuts.resume(id, deps.now());
  if (place.done) return 0;
  if (typeof rule.target === 'object' && 'hosts-where' in rule.target) {
    return fanOut(id, place, rule, rule.target['hosts-where'], cause, policy, deps);
  }
  const host = await hostOf(rule, event, deps);
  const queued = host ? await ask(host, rule, cause, policy, deps) : 0;
  await deps.fanOuts.save(id, { hosts: host ? 1 : 0, done: true }, deps.now());
  return queued;
}

async function ask(
  host: string,
  rule: PolicyRule,
  cause: Cause,
  policy: CompiledPolicy,
  deps: RuleDeps,
): Promise<number> {
  const asked = questions(host, [askingOf(rule, 'request')], { ...cause, key: `${cause.key} ${host}` }, deps.now());
  const { limits } = policy.policy;
  return (await enqueue(host, asked, limits, rule.accelerateSeconds, deps)).length;
}

async function hostOf(rule: PolicyRule, event: AnyEvent, deps: RuleDeps): Promise<string | undefined> {
  const named = namedBy(rule.target, event.raw);
  if (named.kind === 'container-instance') return deps.hosts.hostOf(named.clusterArn, named.arn);
  if (named.kind === 'alias') return (await deps.aliases.hostOf(named.alias)) ?? named.alias;
  deps.report('rule_without_host', {
    rule: rule.name,
    eventId: event.id,
    why: 'why' in named ? named.why : named.kind,
  });
  return undefined;
}

/**
 * Asks every node a selector matches, up to the limit. Its place is kept after each page, so that a function that dies,
 * or runs out of time, goes on there when the event comes back.
 */
async function fanOut(
  id: string,
  place: FanOutProgress,
  rule: PolicyRule,
  match: NodeMatch,
  cause: Cause,
  policy: CompiledPolicy,
  deps: RuleDeps,
): Promise<number> {
  const { directory, fanOuts, now, report } = deps;
  let { hosts, cursor, done } = place;
  let queued = 0;
  while (!done) {
    const page = await directory.page(cursor);
    const chosen = page.entries.filter((node) => matchNode(match, seenFrom(node, now())));
    // The limit may have been lowered while this was under way.
    const room = Math.max(0, policy.policy.limits.hostsPerTrigger - hosts);
    const within = chosen.slice(0, room);
    const counts = await Promise.all(within.map((node) => ask(node.hostIdentifier, rule, cause, policy, deps)));
    queued += counts.reduce((sum, count) => sum + count, 0);
    hosts += within.length;
    if (chosen.length > room) report('fan_out_limited', { rule: rule.name, cause: cause.key, hosts });
    cursor = page.next;
    done = cursor === undefined || chosen.length > room;
    await fanOuts.save(id, { hosts, ...(cursor ? { cursor } : {}), done }, now());
  }
  return queued;
}
