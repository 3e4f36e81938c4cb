import { traceOf } from '../errors.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { WorkloadRecord, WorkloadSnapshot } from '../ledger/workload.ts';
import { isEnrolled, SILENT_AFTER_MS } from '../nodes/node.ts';
import { heatSecondsOf, lastGaspQueriesOf } from '../policy/rule-queries.ts';
import { type Cause, enqueue, firstQueryOf, queriesFor, settleByMsOf } from '../queue/ask.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import { COMPLETION_MS, deadlineOf, holdUntil, MIN_ANSWER_MS, MIN_HEARTBEAT_SECONDS } from './deadline.ts';
import { type AnyEvent, handleRules, type RuleDeps } from './handle-rules.ts';
import { type InstanceHold, isNamed, isOurs, type LifecycleAction, lastGaspOver, persist } from './lifecycle-hook.ts';

/** A notice that an instance will be interrupted or terminated. */
export interface InstanceNotice extends AnyEvent {
  /** Undefined if a lifecycle action is about a launch that produced no instance. */
  readonly instanceId?: string;
  /** Identifies the notice among those about the same instance; the same in every copy. */
  readonly notice: string;
  /** `rebalance` says that an interruption is likely, but not when. */
  readonly kind: 'interruption' | 'rebalance' | 'hook';
  readonly action?: LifecycleAction; // of a hook
}

export type LastGaspDeps = RuleDeps & { readonly hold?: InstanceHold };

/**
 * Queues the last gasps of an instance that will end, and then applies the other rules that match the notice.
 *
 * @throws the errors of the ports; the event is then retried, and a retry queues nothing twice
 */
export async function handleNotice(notice: InstanceNotice, deps: LastGaspDeps): Promise<'queued' | 'noted'> {
  const { hold, report } = deps;
  const { action } = notice;
  if (hold && action && isOurs(action)) {
    if (isNamed(action)) return askHeld(notice, action, hold, deps);
    report('hook_nameless', { group: action.group, hook: action.hook });
  }
  const { queries } = await askInstance(notice, await deadlineFor(notice, deps), deps);
  return outcomeOf(queries, await askOthers(notice, deps));
}

const outcomeOf = (queries: readonly PendingQuery[], others: number): 'queued' | 'noted' =>
  queries.length + others > 0 ? 'queued' : 'noted';

/**
 * Handles a notice of an instance held by one of our lifecycle hooks. The hook is completed as soon as the answers are stored,
 * and always before its heartbeat ends. Failures are retried while there is time, so that a short outage does not release the
 * instance unqueried. Only the instance's own queries hold it.
 */
async function askHeld(
  notice: InstanceNotice,
  action: LifecycleAction,
  hold: InstanceHold,
  deps: LastGaspDeps,
): Promise<'queued' | 'noted'> {
  const { queue, now, report } = deps;
  const { group, hook, instanceId = null } = action;
  const startedAtMs = now();
  // Leaves time for two attempts at a completion before Lambda ends this invocation.
  const untilMs = Math.min(await heldUntil(notice.occurredAtMs, action, deps), hold.endsAtMs - 2 * COMPLETION_MS);
  const persistence = (what: 'asking' | 'looking' | 'completing', endMs: number) => ({
    now,
    pause: hold.pause,
    untilMs: endMs,
    failed: (error: unknown) =>
      report('hold_disturbed', { group, hook, instance: instanceId, what, error: traceOf(error) }),
  });

  const asking = persist(() => askInstance(notice, untilMs, deps), persistence('asking', untilMs));
  const answering = asking.then(async ({ host, isResponsive }) => {
    if (isResponsive && instanceId) await lastGaspOver(host, instanceId, { queue, ...persistence('looking', untilMs) });
  });
  // In parallel: these rules may query a whole fleet, which must not hold the instance.
  const others = asking.then(() => askOthers(notice, deps));
  const completing = hold
    .within(untilMs - now(), answering)
    .catch(() => {}) // thrown below
    // A completion after the heartbeat is harmless: the group answers that it no longer waits.
    .then(() => persist(() => hold.hooks.complete(action), persistence('completing', hold.endsAtMs - COMPLETION_MS)))
    .then((outcome) =>
      report('hook_completed', { group, hook, instance: instanceId, outcome, heldMs: now() - startedAtMs }),
    );
  // Wait for all three, so that a failure of one does not interrupt the others.
  await Promise.allSettled([completing, asking, others]);
  await completing;
  return outcomeOf((await asking).queries, await others);
}

/** Applies the rules other than last gasps once for a notice, even if it is published under several ids. */
const askOthers = (notice: InstanceNotice, deps: RuleDeps): Promise<number> =>
  handleRules({ ...notice, id: nameOf(notice) }, deps);

/** By when the instance must have answered, in epoch ms; undefined if the notice sets no end. */
async function deadlineFor({ kind, action, occurredAtMs }: InstanceNotice, deps: LastGaspDeps) {
  if (kind === 'rebalance') return undefined;
  return action ? heldUntil(occurredAtMs, action, deps) : deadlineOf(occurredAtMs, deps.now());
}

/** Until when to hold the action, in epoch ms. */
const heldUntil = async (noticedAtMs: number, action: LifecycleAction, deps: LastGaspDeps): Promise<number> =>
  holdUntil(noticedAtMs, await heartbeatOf(action, deps), deps.now());

/** The hook's heartbeat, in seconds; if the look-up fails, the shortest possible one, so that queries are queued in time. */
async function heartbeatOf({ group, hook }: LifecycleAction, { hold, report }: LastGaspDeps): Promise<number> {
  try {
    return (await hold?.hooks.heartbeatSeconds(group, hook)) ?? MIN_HEARTBEAT_SECONDS;
  } catch (error) {
    report('heartbeat_unknown', { group, hook, error: traceOf(error) });
    return MIN_HEARTBEAT_SECONDS;
  }
}

interface InstanceQueries {
  readonly host: string;
  /** Whether its agent was seen in the last minutes. False for a stopped instance, such as in a warm pool, which cannot answer. */
  readonly isResponsive: boolean;
  readonly queries: readonly PendingQuery[]; // queued by this call
}

const NONE: InstanceQueries = { host: '', isResponsive: false, queries: [] };

async function askInstance(
  notice: InstanceNotice,
  deadlineAtMs: number | undefined,
  deps: LastGaspDeps,
): Promise<InstanceQueries> {
  const { instanceId, raw } = notice;
  if (!instanceId) return NONE;
  const { ledger, fanOuts, now } = deps;
  const compiled = await deps.policy();
  const record = await ledger.advance(noticeSnapshot(instanceId, notice.occurredAtMs, now()));
  const [known] = await ledger.read([instanceId]);
  if (known?.stopped) return NONE; // the notice arrived too late
  const { host, node, alias } = await resolveHost(instanceId, deps);
  const hasAgent = isEnrolled(node, now());
  const rules = compiled.lastGaspRules(raw);
  const secondsLeft = deadlineAtMs === undefined ? undefined : secondsUntil(deadlineAtMs, now());
  const cause = { ...causeOf(instanceId, notice, known, now()), alias };
  const matched = rules.map((rule) => lastGaspQueriesOf(rule, secondsLeft ?? rule.expiresSeconds));
  const wanted = queriesFor(host, matched, cause, now());
  // Answered queries are deleted, so their ids alone would not reveal a repeated notice.
  const { done } = await fanOuts.resume(cause.key, now());
  const options = { limits: compiled.policy.limits, heatSeconds: heatSecondsOf(matched), workload: instanceId };
  const queries = done ? [] : await enqueue(host, wanted, options, deps);
  if (!done) await fanOuts.save(cause.key, { hosts: 1, done: true }, now());
  const current = done ? wanted.queries : queries;
  if (!record && queries.length > 0)
    await ledger.recordLastGasp(instanceId, { set: 'last-gasp', atMs: now(), queries: queries.length });
  if (record) {
    await ledger.markHandled(instanceId, record.version, {
      host,
      enrolled: hasAgent,
      queryKeys: current.map(keyOf),
      settleByMs: settleByMsOf(current),
      ...firstQueryOf(record.handling, current),
    });
  }
  return { host, isResponsive: hasAgent && now() - node.lastSeenMs < SILENT_AFTER_MS, queries };
}

/** At least the time to reach an agent, even if the end is closer. */
const secondsUntil = (deadlineAtMs: number, nowMs: number): number =>
  Math.ceil(Math.max(deadlineAtMs - nowMs, MIN_ANSWER_MS) / 1000);

const nameOf = ({ instanceId = '', notice }: InstanceNotice): string => `${instanceId} ${notice}`;

const causeOf = (
  instanceId: string,
  notice: InstanceNotice,
  known: WorkloadRecord | undefined,
  nowMs: number,
): Cause => ({
  key: `last gasp ${nameOf(notice)}`,
  trigger: notice.raw,
  workload: instanceId,
  subjects: [instanceId],
  decorations: known ? instanceDecorations(known) : { instance_id: instanceId },
  triggeredAtMs: notice.occurredAtMs,
  receivedAtMs: nowMs,
});

/**
 * A snapshot that adds an instance without an earlier event to the ledger. Its version is below that of every launch, so it
 * changes nothing about a known instance, and a later event about the launch still counts.
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
  detectedBy: 'event',
});
