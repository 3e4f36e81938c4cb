import { type Resolved, resolveHost } from '../hosts/resolve-host.ts';
import type { Ledger } from '../ledger/ledger.ts';
import { ANSWER_GRACE_MS } from '../ledger/pending-key.ts';
import { everyEntry, type NodeDirectory, seenFrom } from '../nodes/directory.ts';
import type { Aliases } from '../nodes/registry.ts';
import { lookUp } from '../policy/binding.ts';
import type { CompiledPolicy } from '../policy/compiled-policy.ts';
import { type FindingSubject, findingOf } from '../policy/guardduty-finding.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { matchNode } from '../policy/match-node.ts';
import type { Limits, NodeMatch, PolicyRule, Target } from '../policy/policy.ts';
import { ruleQueriesOf } from '../policy/rule-queries.ts';
import { namedBy } from '../policy/target.ts';
import { type AskDeps, type Cause, enqueue, queriesFor } from '../queue/ask.ts';
import { type FanOuts, FINDING_KEEPS_MS, ranked } from '../queue/fan-out.ts';

import type { ContainerHosts } from './container-hosts.ts';
import { findingHosts } from './finding-hosts.ts';
import type { TaskDefinitions } from './task-definitions.ts';

export interface RuleDeps extends AskDeps {
  readonly ledger: Ledger;
  readonly policy: LivePolicy;
  readonly aliases: Aliases;
  readonly hosts: ContainerHosts;
  readonly definitions: TaskDefinitions;
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
 * Asks what the policy says about an event beside its workload: findings, notices, requests. Each rule's place is kept by
 * the event's id, a request's idempotency key, or what a finding says, so that a repeat asks nothing.
 *
 * @param own the target that somebody else takes care of, with the ledger
 * @returns how many queries wait now
 */
export async function handleRules(event: AnyEvent, deps: RuleDeps, own?: Target): Promise<number> {
  const policy = await deps.policy();
  const rules = policy.eventRules(event.raw).filter((rule) => rule.target !== own);
  if (rules.length === 0) return 0;
  const occasion = occasionOf(event, policy, deps.now());
  let queued = 0;
  for (const rule of rules) queued += await askAll(rule, occasion, deps);
  return queued;
}

/** What an event is the occasion of. */
interface Occasion {
  readonly event: AnyEvent;
  readonly cause: Cause;
  /** Of a finding, GuardDuty's word for it. */
  readonly isFinding: boolean;
  readonly policy: CompiledPolicy;
}

function occasionOf(event: AnyEvent, policy: CompiledPolicy, nowMs: number): Occasion {
  const request = lookUp('detail.idempotencyKey', event.raw);
  const keyed = (typeof request === 'string' && request !== '') || typeof request === 'number';
  const finding = findingOf(event.raw);
  const cause: Cause = {
    key: finding?.key ?? (keyed ? `request ${request}` : `event ${event.id}`),
    trigger: event.raw,
    subjects: [],
    decorations: { event_id: event.id, ...finding?.decorations },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: nowMs,
  };
  return { event, cause, policy, isFinding: finding !== undefined };
}

/** @returns how many queries wait now */
async function askAll(rule: PolicyRule, occasion: Occasion, deps: RuleDeps): Promise<number> {
  const named = namedBy(rule.target, occasion.event.raw);
  switch (named.kind) {
    case 'many':
      return fanOut(rule, named.match, occasion, deps);
    case 'finding':
      return askFinding(rule, named.subjects, occasion, deps);
    case 'alias':
      return askOnce(await resolveHost(named.alias, deps), [], rule, occasion, deps);
    case 'container-instance': {
      const instance = await deps.hosts.instanceOf(named.clusterArn, named.arn);
      return instance ? askOnce(await resolveHost(instance, deps), [], rule, occasion, deps) : 0;
    }
    default:
      withoutHost(rule, occasion, 'why' in named ? named.why : named.kind, deps);
      return 0;
  }
}

function withoutHost(rule: PolicyRule, { event }: Occasion, why: string, { report }: RuleDeps): void {
  report('rule_without_host', { rule: rule.name, eventId: event.id, why });
}

/** Asks the hosts of a finding that we know. The others are asked when it is published again, if they are known by then. */
async function askFinding(
  rule: PolicyRule,
  subjects: readonly FindingSubject[],
  occasion: Occasion,
  deps: RuleDeps,
): Promise<number> {
  const within = subjects.slice(0, occasion.policy.policy.limits.hostsPerTrigger);
  if (subjects.length > within.length)
    deps.report('fan_out_limited', { rule: rule.name, cause: occasion.cause.key, hosts: within.length });
  const { known, unknown } = await findingHosts(within, deps);
  for (const why of unknown) withoutHost(rule, occasion, why, deps);
  let queued = 0;
  for (const { names, ...found } of known) queued += await askOnce(found, names, rule, occasion, deps);
  return queued;
}

/**
 * Asks a host, unless the same occasion had it asked before. Its place is kept because ids alone would not know a repeat
 * once the queries are delivered, and only when all of it was asked: a host that is unknown today may be known tomorrow.
 * A finding's place holds for as long as it may be answered, and lasts once it was (`handleAnswers`): the host may be away.
 *
 * @param names by which the event names it, where it names several hosts; asked under one of them, it was asked
 */
async function askOnce(
  found: Resolved,
  names: readonly string[],
  rule: PolicyRule,
  occasion: Occasion,
  deps: RuleDeps,
): Promise<number> {
  const { fanOuts, now } = deps;
  const own = `${occasion.cause.key} ${rule.name}`;
  const ids = names.length > 0 ? names.map((name) => `${own} ${name}`) : [own];
  const progress = await Promise.all(ids.map((id) => fanOuts.resume(id, now())));
  const isRepeat = progress.some(({ done }) => done);
  const kept = occasion.isFinding ? ids : undefined;
  const { queued, dropped } = isRepeat ? { queued: 0, dropped: 0 } : await ask(found, rule, occasion, deps, kept);
  if (dropped > 0) return queued;
  const fresh = ids.filter((_, index) => !progress[index]?.done);
  const keepMs = occasion.isFinding ? rule.expiresSeconds * 1000 + ANSWER_GRACE_MS : undefined;
  await Promise.all(fresh.map((id) => fanOuts.save(id, { hosts: 1, done: true }, now(), keepMs)));
  return queued;
}

/** Queries of some ten to thirty findings. */
const ROOM_FOR_FINDINGS = 100;

/** What waits for a host already is no reason to drop a finding, nor is another one that asks the same; a flood of them is. */
const limitsOfFindings = (limits: Limits): Limits => ({
  ...limits,
  pendingPerHost: limits.pendingPerHost + ROOM_FOR_FINDINGS,
  spacingSeconds: 0,
});

/** @param places which the answer makes last */
async function ask(
  { host, alias }: Resolved,
  rule: PolicyRule,
  { cause, policy, isFinding }: Occasion,
  deps: RuleDeps,
  fanOutIds?: readonly string[],
): Promise<{ readonly queued: number; readonly dropped: number }> {
  const own = { ...cause, alias, key: `${cause.key} ${host}`, ...(fanOutIds ? { fanOutIds } : {}) };
  const { queries, refusals } = queriesFor(host, [ruleQueriesOf(rule, 'request')], own, deps.now());
  // They may be handed out a few at a time: the last one stands for all.
  const asked = queries.map(({ fanOutIds: last, ...query }, index) =>
    last && index === queries.length - 1 ? { ...query, fanOutIds: last } : query,
  );
  const limits = isFinding ? limitsOfFindings(policy.policy.limits) : policy.policy.limits;
  const queued = await enqueue(
    host,
    { queries: asked, refusals },
    { limits, heatSeconds: rule.accelerateSeconds },
    deps,
  );
  return { queued: queued.length, dropped: asked.length - queued.length };
}

/** How many hosts are asked side by side; how far a fan-out has come is noted after each group. */
const GROUP = 100;

/**
 * Asks every node a selector matches, up to the limit, in an order that no host can choose. Its place is kept after each
 * group, so that a function that dies, or runs out of time, goes on there when the event comes back.
 */
async function fanOut(rule: PolicyRule, match: NodeMatch, occasion: Occasion, deps: RuleDeps): Promise<number> {
  const { directory, fanOuts, now, report } = deps;
  const { cause, policy } = occasion;
  const id = `${cause.key} ${rule.name}`;
  let { hosts, cursor = '', done } = await fanOuts.resume(id, now());
  if (done) return 0;
  const matching = (await everyEntry(directory)).filter((node) => matchNode(match, seenFrom(node, now())));
  const left = ranked(matching, await fanOuts.secret(), id).filter(({ rank }) => rank > cursor);
  // The limit may have been lowered while this was under way.
  const within = left.slice(0, Math.max(0, policy.policy.limits.hostsPerTrigger - hosts));
  let queued = 0;
  do {
    const group = within.splice(0, GROUP);
    const counts = await Promise.all(
      group.map(({ entry }) => ask({ host: entry.hostIdentifier }, rule, occasion, deps)),
    );
    queued += counts.reduce((sum, count) => sum + count.queued, 0);
    hosts += group.length;
    cursor = group.at(-1)?.rank ?? cursor;
    done = within.length === 0;
    const keepMs = occasion.isFinding ? FINDING_KEEPS_MS : undefined;
    await fanOuts.save(id, { hosts, cursor, done }, now(), keepMs);
  } while (!done);
  if (left.some(({ rank }) => rank > cursor)) report('fan_out_limited', { rule: rule.name, cause: cause.key, hosts });
  return queued;
}
