import { traceOf } from '../errors.ts';
import { learnIdentity } from '../fleet/learn-identity.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import type { Instance } from '../inventory/instance.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { AddressIndex, Sightings, Workloads } from '../ledger/ledger.ts';
import type { WorkloadRecord, WorkloadSnapshot } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import type { Aliases } from '../nodes/registry.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { heatSecondsOf, ruleQueriesOf } from '../policy/rule-queries.ts';
import { type AskDeps, type Cause, enqueue, firstQueryOf, queriesFor, settleByMsOf } from '../queue/ask.ts';
import { keyOf } from '../queue/pending-query.ts';

/** An instance that came up, as EC2 or its Auto Scaling group tells it. */
export interface LaunchEvent {
  readonly instanceId: string;
  readonly identity: Readonly<Record<string, string>>;
  readonly occurredAtMs: number;
  readonly detectedBy: DetectedBy;
  /** The whole event, for the policy's patterns and expressions. */
  readonly raw: unknown;
}

export interface LaunchDeps extends AskDeps {
  readonly ledger: Workloads & Sightings & AddressIndex;
  readonly aliases: Aliases;
  readonly policy: LivePolicy;
  /** What EC2 says of an instance; only the function on launches may ask. The others leave it to the next sweep. */
  readonly describeInstance?: (instanceId: string) => Promise<Instance | undefined>;
}

/**
 * EC2's own event and the group's "launch successful" tell of one launch, a minute or two apart and in any order;
 * both are best effort, so either is enough. A start after a stop is asked about anew, but it is the same instance to the
 * ledger: what was seen of its former life still counts.
 */
export const SAME_LAUNCH_MS = 10 * 60_000;

/** Queues the launch queries under the instance id, usually before any agent exists there; its first poll takes them. */
export async function handleLaunch(event: LaunchEvent, deps: LaunchDeps): Promise<'stale' | 'noted' | 'asked'> {
  const { ledger, now } = deps;
  const record = await ledger.advance(launchSnapshot(event, now()));
  if (!record) return 'stale';
  const machine = instanceDecorations({
    ...record,
    identity: { ...(await identify(record, deps)), ...record.identity },
  });
  const compiled = await deps.policy();
  const { host, node, alias } = await resolveHost(event.instanceId, deps);
  const rules = compiled.eventRules(event.raw).filter((rule) => rule.target === 'ec2-instance');
  const cause: Cause = {
    key: `${record.workload} ${record.version}`,
    trigger: event.raw,
    workload: record.workload,
    alias,
    subjects: record.subjects,
    decorations: { ...machine, ...record.identity },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: record.receivedAtMs,
    detectedBy: record.detectedBy,
  };
  const ruleQueries = rules.map((rule) => ruleQueriesOf(rule, 'launch'));
  const wanted = queriesFor(host, ruleQueries, cause, now());
  const { limits } = compiled.policy;
  const options = { limits, heatSeconds: heatSecondsOf(ruleQueries), workload: record.workload };
  const queries = await enqueue(host, wanted, options, deps);
  await ledger.markHandled(record.workload, record.version, {
    host,
    enrolled: lives(node, now()),
    queryKeys: queries.map(keyOf),
    settleByMs: settleByMsOf(queries),
    ...firstQueryOf(record.handling, queries),
  });
  return queries.length > 0 ? 'asked' : 'noted';
}

/** Learns at once what its event does not tell: an instance may be gone before a sweep sees it. */
async function identify(record: WorkloadRecord, deps: LaunchDeps): Promise<WorkloadRecord['identity']> {
  if (!deps.describeInstance || record.detectedBy === 'sweep') return {};
  try {
    const instance = await deps.describeInstance(record.workload);
    return instance ? await learnIdentity(instance, deps) : {};
  } catch (error) {
    deps.report('instance_undescribed', { instance: record.workload, error: traceOf(error) });
    return {};
  }
}

function launchSnapshot(event: LaunchEvent, receivedAtMs: number): WorkloadSnapshot {
  const { instanceId, identity, occurredAtMs, detectedBy } = event;
  return {
    workload: instanceId,
    kind: 'ec2-instance',
    // By AWS's clock, unless that is ahead: a time that never comes would make each later start an old one.
    version: Math.min(occurredAtMs, receivedAtMs),
    versionStep: SAME_LAUNCH_MS,
    lastStatus: 'running',
    desiredStatus: 'running',
    stopped: false,
    subjects: [instanceId],
    containers: [],
    identity: { instance_id: instanceId, ...identity },
    occurredAtMs,
    receivedAtMs,
    detectedBy,
  };
}
