import type { WorkloadSnapshot } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import { type Cause, enqueue, firstAskedOf, questions, settleByMsOf } from '../queue/ask.ts';
import { heatSecondsOf, lastGaspOf } from '../queue/asking.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import { deadlineOf, holdUntil, LEAST_HEARTBEAT_SECONDS, LEAST_MS } from './deadline.ts';
import { type AnyEvent, handleRules, type RuleDeps } from './handle-rules.ts';
import { type Hold, isOurs, type LifecycleAction, lastGaspOver } from './lifecycle-hook.ts';

/** Somebody says that an instance will be taken away, and perhaps when. */
export interface InstanceNotice extends AnyEvent {
  /** None where a group tells of an instance that it never got. */
  readonly instanceId?: string;
  /** Tells the notice from others about the same instance; the same in every copy of it. */
  readonly notice: string;
  /** A rebalance recommendation says that an interruption is likely, not when. */
  readonly kind: 'interruption' | 'rebalance' | 'hook';
  readonly action?: LifecycleAction; // of a hook
}

export type LastGaspDeps = RuleDeps & { readonly hold?: Hold };

/**
 * Asks an instance that will be taken away, before all else. The lifecycle hook that holds it is completed as soon as the
 * answers are stored, in any case before its heartbeat ends, and whatever fails meanwhile.
 *
 * @throws whatever a port throws; then the event comes back, finds its questions asked, and completes the hook
 */
export async function handleNotice(notice: InstanceNotice, deps: LastGaspDeps): Promise<'asked' | 'noted'> {
  const { hold, now, report } = deps;
  const { action, instanceId } = notice;
  if (!hold || !action || !isOurs(action)) {
    return (await askAll(notice, await deadlineFor(notice, deps), deps)).asked ? 'asked' : 'noted';
  }
  const startedAtMs = now();
  try {
    const untilMs = await deadlineFor(notice, deps);
    const { asked, host, hasAgent } = await askAll(notice, untilMs, deps);
    if (hasAgent && untilMs !== undefined && instanceId)
      await lastGaspOver(host, instanceId, untilMs, { queue: deps.queue, now, pause: hold.pause });
    return asked ? 'asked' : 'noted';
  } finally {
    const outcome = await hold.hooks.complete(action);
    const { group, hook } = action;
    report('hook_completed', { group, hook, instance: instanceId ?? null, outcome, heldMs: now() - startedAtMs });
  }
}

/** By when the instance must have answered, in epoch ms; undefined where nobody says. */
async function deadlineFor({ kind, action, occurredAtMs }: InstanceNotice, deps: LastGaspDeps) {
  if (kind === 'rebalance') return undefined;
  if (kind === 'interruption' || !action) return deadlineOf(occurredAtMs, deps.now());
  return holdUntil(occurredAtMs, await heartbeatOf(action, deps), deps.now());
}

/** How long the group waits; the least there is where it will not say, because asking in time matters more than asking long. */
async function heartbeatOf({ group, hook }: LifecycleAction, { hold, report }: LastGaspDeps): Promise<number> {
  try {
    return (await hold?.hooks.heartbeatSeconds(group, hook)) ?? LEAST_HEARTBEAT_SECONDS;
  } catch (error) {
    report('heartbeat_unknown', { group, hook, error: String(error) });
    return LEAST_HEARTBEAT_SECONDS;
  }
}

/** Asks what the policy wants to know, last-gasp rules first; then the rules that see in the notice an event like any other. */
async function askAll(notice: InstanceNotice, deadlineAtMs: number | undefined, deps: LastGaspDeps) {
  const last = await askInstance(notice, deadlineAtMs, deps);
  const others = await handleRules(notice, deps);
  return { ...last, asked: last.queries.length + others > 0 };
}

interface Asked {
  readonly host: string;
  readonly hasAgent: boolean;
  readonly queries: readonly PendingQuery[]; // that wait now
}

const NOBODY: Asked = { host: '', hasAgent: false, queries: [] };

async function askInstance(
  notice: InstanceNotice,
  deadlineAtMs: number | undefined,
  deps: LastGaspDeps,
): Promise<Asked> {
  const { instanceId, raw } = notice;
  if (!instanceId) return NOBODY;
  const { ledger, registry, aliases, fanOuts, now } = deps;
  const compiled = await deps.policy();
  const record = await ledger.advance(noticeSnapshot(instanceId, notice.occurredAtMs, now()));
  const [known] = await ledger.read([instanceId]);
  if (known?.stopped) return NOBODY; // told of too late
  const host = (await aliases.hostOf(instanceId)) ?? instanceId;
  const node = await registry.find(host);
  const hasAgent = lives(node, now());
  const rules = compiled.lastGaspRules(raw);
  const secondsLeft = deadlineAtMs === undefined ? undefined : secondsUntil(deadlineAtMs, now());
  const cause = causeOf(instanceId, notice, now());
  const askings = rules.map((rule) => lastGaspOf(rule, secondsLeft ?? rule.expiresSeconds));
  const wanted = questions(host, askings, cause, now());
  // Ids alone would not know a repeat once the queries are answered.
  const { done } = await fanOuts.resume(cause.key, now());
  const heat = heatSecondsOf(askings);
  const queries = done ? [] : await enqueue(host, wanted, compiled.policy.limits, heat, deps, instanceId);
  if (!done) await fanOuts.save(cause.key, { hosts: 1, done: true }, now());
  const asked = done ? wanted.queries : queries;
  if (record) {
    await ledger.handled(instanceId, record.version, {
      host,
      enrolled: hasAgent,
      asked: asked.map(keyOf),
      settleByMs: settleByMsOf(asked),
      ...firstAskedOf(record.handling, asked),
    });
  }
  return { host, hasAgent, queries };
}

/** Never less than it takes to reach an agent, even where nobody waits for the answer. */
const secondsUntil = (deadlineAtMs: number, nowMs: number): number =>
  Math.ceil(Math.max(deadlineAtMs - nowMs, LEAST_MS) / 1000);

const causeOf = (instanceId: string, { notice, occurredAtMs, raw }: InstanceNotice, nowMs: number): Cause => ({
  key: `last gasp ${instanceId} ${notice}`,
  trigger: raw,
  workload: instanceId,
  subjects: [instanceId],
  decorations: { instance_id: instanceId },
  triggeredAtMs: occurredAtMs,
  receivedAtMs: nowMs,
});

/**
 * Brings an instance into the ledger that no other event has told of. Its version is below that of every launch, so it
 * changes nothing about an instance that is known, and a launch that is told of later still counts.
 */
const noticeSnapshot = (instanceId: string, occurredAtMs: number, receivedAtMs: number): WorkloadSnapshot => ({
  workload: instanceId,
  kind: 'ec2-instance',
  version: 0,
  versionStep: 1,
  lastStatus: 'running',
  desiredStatus: 'running',
  stopped: false,
  subjects: [instanceId],
  containers: [],
  identity: { instance_id: instanceId },
  occurredAtMs,
  receivedAtMs,
  toldBy: 'event',
});
