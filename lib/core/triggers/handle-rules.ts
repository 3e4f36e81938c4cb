import type { Campaigns } from '../campaigns/campaign.ts';
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
import { type FanOuts, FINDING_KEPT_MS, ranked } from '../queue/fan-out.ts';

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
  readonly campaigns: Campaigns;
  /** `distributed_interval` of all agents behind the long-poll front. @default - agents connect to the other front */
  readonly heldEverySeconds?: number;
}

/** The parts of an EventBridge event that rules need. */
export interface AnyEvent {
  /** Identifies the event, the same in every repeat: the envelope's id, or a task and its version. */
  readonly id: string;
  readonly occurredAtMs: number;
  readonly raw: unknown;
}

/**
 * Applies the policy's rules to an event, except those about its own workload: findings, notices, requests. Progress is saved
 * for each rule under the event's id, a request's idempotency key or a finding's content, so that a repeat queues nothing.
 *
 * @param own the target that the caller handles itself, together with the ledger
 * @returns the number of queued queries
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

/** An event with what its queries share. */
interface Occasion {
  readonly event: AnyEvent;
  readonly cause: Cause;
  /** Whether it is a GuardDuty finding. */
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

/** Queues one rule's queries for its target. @returns the number of queued queries */
async function askAll(rule: PolicyRule, occasion: Occasion, deps: RuleDeps): Promise<number> {
  const named = namedBy(rule.target, occasion.event.raw);
  switch (named.kind) {
    case 'many':
      return fanOut(rule, named.match, occasion, deps);
    case 'finding':
      return askFinding(rule, named.subjects, occasion, deps);
    case 'alias':
      return askOnce({ ...(await resolveHost(named.alias, deps)), names: [] }, rule, occasion, deps);
    case 'container-instance': {
      const instance = await deps.hosts.instanceOf(named.clusterArn, named.arn);
      return instance ? askOnce({ ...(await resolveHost(instance, deps)), names: [] }, rule, occasion, deps) : 0;
    }
    case 'same-node':
      withoutHost(rule, occasion, named.kind, deps);
      return 0;
    case 'none':
      withoutHost(rule, occasion, named.why, deps);
      return 0;
    default: {
      const never: never = named;
      return never;
    }
  }
}

function withoutHost(rule: PolicyRule, { event }: Occasion, why: string, { report }: RuleDeps): void {
  report('rule_without_host', { rule: rule.name, eventId: event.id, why });
}

/** Queues queries for the known hosts of a finding. The others are retried when GuardDuty publishes it again. */
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
  for (const found of known) queued += await askOnce(found, rule, occasion, deps);
  return queued;
}

/**
 * Queues a rule's queries for one host, unless the same occasion did so before. Progress is saved because ids alone do not
 * reveal a repeat once the queries are delivered, and only after all queries were queued: an unknown host may be known later.
 * The progress of a finding is kept for as long as it may be answered, and longer once it was answered, because the host may
 * be offline.
 *
 * @param found the host, with its names in the event if that names several hosts; each name has its own progress
 */
async function askOnce(
  { names, ...found }: Resolved & { readonly names: readonly string[] },
  rule: PolicyRule,
  occasion: Occasion,
  deps: RuleDeps,
): Promise<number> {
  const { fanOuts, now } = deps;
  const own = `${occasion.cause.key} ${rule.name}`;
  const ids = names.length > 0 ? names.map((name) => `${own} ${name}`) : [own];
  const progress = await Promise.all(ids.map((id) => fanOuts.resume(id, now())));
  const isRepeat = progress.some(({ done }) => done);
  const fanOutIds = occasion.isFinding ? ids : undefined;
  const { queued, dropped } = isRepeat
    ? { queued: 0, dropped: 0 }
    : await ask({ ...found, fanOutIds }, rule, occasion, deps);
  if (dropped > 0) return queued;
  const fresh = ids.filter((_, index) => !progress[index]?.done);
  const keepMs = occasion.isFinding ? rule.expiresSeconds * 1000 + ANSWER_GRACE_MS : undefined;
  await Promise.all(fresh.map((id) => fanOuts.save(id, { hosts: 1, done: true }, now(), keepMs)));
  return queued;
}

/** How far findings may exceed the limit of pending queries: enough for ten to thirty findings. */
const ROOM_FOR_FINDINGS = 100;

/** Limits for a finding: pending queries and spacing do not drop it, but a flood of findings does. */
const limitsOfFindings = (limits: Limits): Limits => ({
  ...limits,
  pendingPerHost: limits.pendingPerHost + ROOM_FOR_FINDINGS,
  spacingSeconds: 0,
});

/** Queues a rule's queries for one host. @param found with the progress ids that an answer extends */
async function ask(
  { host, alias, fanOutIds }: Resolved & { readonly fanOutIds?: readonly string[] },
  rule: PolicyRule,
  { cause, policy, isFinding }: Occasion,
  deps: RuleDeps,
): Promise<{ readonly queued: number; readonly dropped: number }> {
  const own = { ...cause, alias, key: `${cause.key} ${host}`, fanOutIds };
  const { queries, refusals } = queriesFor(host, [ruleQueriesOf(rule, 'request')], own, deps.now());
  // The queries may be split over several deliveries, so only an answer to the last one extends the progress.
  const sent = queries.map(({ fanOutIds: last, ...query }, index) =>
    last && index === queries.length - 1 ? { ...query, fanOutIds: last } : query,
  );
  const limits = isFinding ? limitsOfFindings(policy.policy.limits) : policy.policy.limits;
  const queued = await enqueue(
    host,
    { queries: sent, refusals },
    { limits, heatSeconds: rule.accelerateSeconds },
    deps,
  );
  return { queued: queued.length, dropped: sent.length - queued.length };
}

/** Hosts handled in parallel; the progress of a fan-out is saved after each group. */
const GROUP = 100;

/**
 * Queues a rule's queries for every node a selector matches, up to the limit, in an order that no host can influence. Progress
 * is saved after each group, so that after a crash or a time-out the retried event continues there.
 */
async function fanOut(rule: PolicyRule, match: NodeMatch, occasion: Occasion, deps: RuleDeps): Promise<number> {
  const { directory, fanOuts, now, report } = deps;
  const { cause, policy } = occasion;
  const id = `${cause.key} ${rule.name}`;
  let { hosts, cursor = '', done } = await fanOuts.resume(id, now());
  if (done) return 0;
  const matching = (await everyEntry(directory)).filter((node) => matchNode(match, seenFrom(node, now())));
  const left = ranked(matching, await fanOuts.secret(), id).filter(({ rank }) => rank > cursor);
  // The limit may have been lowered since this fan-out began.
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
    const keepMs = occasion.isFinding ? FINDING_KEPT_MS : undefined;
    await fanOuts.save(id, { hosts, cursor, done }, now(), keepMs);
  } while (!done);
  if (left.some(({ rank }) => rank > cursor)) report('fan_out_limited', { rule: rule.name, cause: cause.key, hosts });
  return queued;
}
