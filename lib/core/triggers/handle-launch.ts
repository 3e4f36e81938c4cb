import { traceOf } from '../errors.ts';
import { learnIdentity } from '../fleet/learn-identity.ts';
import { resolveHost } from '../hosts/resolve-host.ts';
import type { Instance } from '../inventory/instance.ts';
import type { DetectedBy } from '../ledger/clocks.ts';
import { instanceDecorations } from '../ledger/instance-decorations.ts';
import type { AddressIndex, Sightings, Workloads } from '../ledger/ledger.ts';
import type { WorkloadRecord, WorkloadSnapshot } from '../ledger/workload.ts';
import { isEnrolled } from '../nodes/node.ts';
import type { Aliases } from '../nodes/registry.ts';
import type { LivePolicy } from '../policy/live-policy.ts';
import { heatSecondsOf, ruleQueriesOf } from '../policy/rule-queries.ts';
import { type AskDeps, type Cause, enqueue, firstQueryOf, queriesFor, settleByMsOf } from '../queue/ask.ts';
import { keyOf } from '../queue/pending-query.ts';

/** The start of an instance, reported by EC2 or by its Auto Scaling group. */
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
  /** Describes an instance. Only the function for launches may call EC2; for the others, the next sweep adds the identity. */
  readonly describeInstance?: (instanceId: string) => Promise<Instance | undefined>;
}

/**
 * Events at most this far apart are about one launch: EC2's own event and the group's "launch successful" arrive a minute or two
 * apart, in any order, and either suffices because both are best effort. A later event is a new start, with new queries but
 * the same record in the ledger: earlier sightings still count.
 */
export const SAME_LAUNCH_MS = 10 * 60_000;

/** Queues the launch queries under the instance id, usually before its agent enrolls; its first poll takes them. */
export async function handleLaunch(event: LaunchEvent, deps: LaunchDeps): Promise<'stale' | 'noted' | 'queued'> {
  const { ledger, now } = deps;
  const record = await ledger.advance(launchSnapshot(event, now()));
  if (!record) return 'stale';
  const instance = instanceDecorations({
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
    decorations: { ...instance, ...record.identity },
    triggeredAtMs: event.occurredAtMs,
    receivedAtMs: record.receivedAtMs,
    detectedBy: record.detectedBy,
  };
  const matched = rules.map((rule) => ruleQueriesOf(rule, 'launch'));
  const wanted = queriesFor(host, matched, cause, now());
  const { limits } = compiled.policy;
  const options = { limits, heatSeconds: heatSecondsOf(matched), workload: record.workload };
  const queries = await enqueue(host, wanted, options, deps);
  await ledger.markHandled(record.workload, record.version, {
    host,
    enrolled: isEnrolled(node, now()),
    queryKeys: queries.map(keyOf),
    settleByMs: settleByMsOf(queries),
    ...firstQueryOf(record.handling, queries),
  });
  return queries.length > 0 ? 'queued' : 'noted';
}

/** Looks up at once the attributes that the event lacks, because the instance may be gone before the next sweep. */
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
    // Clamp event timestamps that lie in the future. Otherwise all later starts would count as stale.
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
