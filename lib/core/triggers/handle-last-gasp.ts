import { traceOf } from '../errors.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { WorkloadSnapshot } from '../ledger/workload.ts';
import { lives, SILENT_AFTER_MS } from '../nodes/node.ts';
import { heatSecondsOf, lastGaspQueriesOf } from '../policy/rule-queries.ts';
import { type Cause, enqueue, firstQueryOf, queriesFor, settleByMsOf } from '../queue/ask.ts';
import { keyOf, type PendingQuery } from '../queue/pending-query.ts';
import { COMPLETION_MS, deadlineOf, holdUntil, LEAST_HEARTBEAT_SECONDS, LEAST_MS } from './deadline.ts';
import { type AnyEvent, handleRules, type RuleDeps } from './handle-rules.ts';
import { type Hold, isNamed, isOurs, type LifecycleAction, lastGaspOver, persist } from './lifecycle-hook.ts';

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
 * Asks an instance that will be taken away, before all else; then the rules that see in the notice an event like any other.
 *
 * @throws whatever a port throws; then the event comes back, and finds asked what was asked
 */
export async function handleNotice(notice: InstanceNotice, deps: LastGaspDeps): Promise<'asked' | 'noted'> {
  const { hold, report } = deps;
  const { action } = notice;
  if (hold && action && isOurs(action)) {
    if (isNamed(action)) return askHeld(notice, action, hold, deps);
    report('hook_nameless', { group: action.group, hook: action.hook });
  }
  const { queries } = await askInstance(notice, await deadlineFor(notice, deps), deps);
  return outcomeOf(queries, await askOthers(notice, deps));
}

const outcomeOf = (queries: readonly PendingQuery[], others: number): 'asked' | 'noted' =>
  queries.length + others > 0 ? 'asked' : 'noted';

/**
 * The same for an instance that a lifecycle hook of ours holds back. The hook is completed as soon as the answers are
 * stored, in any case before its heartbeat ends. Whatever fails until then is tried again while there is time: the
 * instance is not let go unasked for a second of trouble, and nothing holds it but its own questions.
 */
async function askHeld(
  notice: InstanceNotice,
  action: LifecycleAction,
  hold: Hold,
  deps: LastGaspDeps,
): Promise<'asked' | 'noted'> {
  const { queue, now, report } = deps;
  const { group, hook, instanceId = null } = action;
  const startedAtMs = now();
  // Two tries at a completion before Lambda ends this.
  const untilMs = Math.min(await heldUntil(notice.occurredAtMs, action, deps), hold.endsAtMs - 2 * COMPLETION_MS);
  const persistence = (what: 'asking' | 'looking' | 'completing', endMs: number) => ({
    now,
    pause: hold.pause,
    untilMs: endMs,
    failed: (error: unknown) =>
      report('hold_disturbed', { group, hook, instance: instanceId, what, error: traceOf(error) }),
  });

  const asking = persist(() => askInstance(notice, untilMs, deps), persistence('asking', untilMs));
  const answering = asking.then(async ({ host, isHeard }) => {
    if (isHeard && instanceId) await lastGaspOver(host, instanceId, { queue, ...persistence('looking', untilMs) });
  });
  // Beside the wait: whom they ask may be a whole fleet, and none of that holds the instance.
  const others = asking.then(() => askOthers(notice, deps));
  const completing = hold
    .within(untilMs - now(), answering)
    .catch(() => {}) // thrown below
    // Later than the heartbeat does no harm: the group then says that it waits no more.
    .then(() => persist(() => hold.hooks.complete(action), persistence('completing', hold.endsAtMs - COMPLETION_MS)))
    .then((outcome) =>
      report('hook_completed', { group, hook, instance: instanceId, outcome, heldMs: now() - startedAtMs }),
    );
  // What fails first must not cut off the rest.
  await Promise.allSettled([completing, asking, others]);
  await completing;
  return outcomeOf((await asking).queries, await others);
}

/** Rules beside the last gasp ask once about a notice, under however many ids it is published. */
const askOthers = (notice: InstanceNotice, deps: RuleDeps): Promise<number> =>
  handleRules({ ...notice, id: nameOf(notice) }, deps);

/** By when the instance must have answered, in epoch ms; undefined where nobody says. */
async function deadlineFor({ kind, action, occurredAtMs }: InstanceNotice, deps: LastGaspDeps) {
  if (kind === 'rebalance') return undefined;
  return action ? heldUntil(occurredAtMs, action, deps) : deadlineOf(occurredAtMs, deps.now());
}

/** Until when the group may be kept waiting, in epoch ms. */
const heldUntil = async (noticedAtMs: number, action: LifecycleAction, deps: LastGaspDeps): Promise<number> =>
  holdUntil(noticedAtMs, await heartbeatOf(action, deps), deps.now());

/** How long the group waits; the least there is where it will not say, because asking in time matters more than asking long. */
async function heartbeatOf({ group, hook }: LifecycleAction, { hold, report }: LastGaspDeps): Promise<number> {
  try {
    return (await hold?.hooks.heartbeatSeconds(group, hook)) ?? LEAST_HEARTBEAT_SECONDS;
  } catch (error) {
    report('heartbeat_unknown', { group, hook, error: traceOf(error) });
    return LEAST_HEARTBEAT_SECONDS;
  }
}

interface Asked {
  readonly host: string;
  /** Whether an agent was there a few minutes ago: of a stopped instance, as a warm pool has them, nobody answers. */
  readonly isHeard: boolean;
  readonly queries: readonly PendingQuery[]; // that wait now
}

const NOBODY: Asked = { host: '', isHeard: false, queries: [] };

async function askInstance(
  notice: InstanceNotice,
  deadlineAtMs: number | undefined,
  deps: LastGaspDeps,
): Promise<Asked> {
  const { instanceId, raw } = notice;
  if (!instanceId) return NOBODY;
  const { ledger, fanOuts, now } = deps;
  const compiled = await deps.policy();
  const record = await ledger.advance(noticeSnapshot(instanceId, notice.occurredAtMs, now()));
  const [known] = await ledger.read([instanceId]);
  if (known?.stopped) return NOBODY; // told of too late
  const { host, node, alias } = await resolveHost(instanceId, deps);
  const hasAgent = lives(node, now());
  const rules = compiled.lastGaspRules(raw);
  const secondsLeft = deadlineAtMs === undefined ? undefined : secondsUntil(deadlineAtMs, now());
  const cause = {
    ...causeOf(instanceId, notice, now()),
    alias,
    ...(known ? { decorations: instanceDecorations(known) } : {}),
  };
  const ruleQueries = rules.map((rule) => lastGaspQueriesOf(rule, secondsLeft ?? rule.expiresSeconds));
  const wanted = queriesFor(host, ruleQueries, cause, now());
  // Ids alone would not know a repeat once the queries are answered.
  const { done } = await fanOuts.resume(cause.key, now());
  const options = { limits: compiled.policy.limits, heatSeconds: heatSecondsOf(ruleQueries), workload: instanceId };
  const queries = done ? [] : await enqueue(host, wanted, options, deps);
  if (!done) await fanOuts.save(cause.key, { hosts: 1, done: true }, now());
  const asked = done ? wanted.queries : queries;
  if (!record && queries.length > 0)
    await ledger.recordLastGasp(instanceId, { set: 'last-gasp', atMs: now(), queries: queries.length });
  if (record) {
    await ledger.markHandled(instanceId, record.version, {
      host,
      enrolled: hasAgent,
      queryKeys: asked.map(keyOf),
      settleByMs: settleByMsOf(asked),
      ...firstQueryOf(record.handling, asked),
    });
  }
  return { host, isHeard: hasAgent && now() - node.lastSeenMs < SILENT_AFTER_MS, queries };
}

/** Never less than it takes to reach an agent, even where nobody waits for the answer. */
const secondsUntil = (deadlineAtMs: number, nowMs: number): number =>
  Math.ceil(Math.max(deadlineAtMs - nowMs, LEAST_MS) / 1000);

const nameOf = ({ instanceId = '', notice }: InstanceNotice): string => `${instanceId} ${notice}`;

const causeOf = (instanceId: string, notice: InstanceNotice, nowMs: number): Cause => ({
  key: `last gasp ${nameOf(notice)}`,
  trigger: notice.raw,
  workload: instanceId,
  subjects: [instanceId],
  decorations: { instance_id: instanceId },
  triggeredAtMs: notice.occurredAtMs,
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
  detectedBy: 'event',
});
