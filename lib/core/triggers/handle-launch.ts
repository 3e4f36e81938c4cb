import type { Ledger } from '../ledger/ledger.ts';
import type { WorkloadSnapshot } from '../ledger/workload.ts';
import { lives } from '../nodes/node.ts';
import type { Aliases, NodeRegistry } from '../nodes/registry.ts';
import type { Policy } from '../policy/rule.ts';
import type { HostQueue } from '../queue/host-queue.ts';
import { queriesFor } from '../queue/pending-query.ts';

/** An instance that came up, as EC2 or its Auto Scaling group tells it. */
export interface LaunchEvent {
  readonly instanceId: string;
  readonly identity: Readonly<Record<string, string>>;
  readonly occurredAtMs: number;
}

export interface LaunchDeps {
  readonly ledger: Ledger;
  readonly queue: HostQueue;
  readonly registry: NodeRegistry;
  readonly aliases: Aliases;
  readonly policy: Policy;
  readonly now: () => number; // epoch ms
}

/**
 * EC2's own event and the group's "launch successful" tell of one launch, a minute or two apart and in any order;
 * both are best effort, so either is enough. A start after a stop is a launch of its own.
 */
const SAME_LAUNCH_MS = 10 * 60_000;
const ANSWER_GRACE_MS = 3 * 60_000;

/** Queues the launch queries under the instance id, usually before any agent exists there; its first poll takes them. */
export async function handleLaunch(event: LaunchEvent, deps: LaunchDeps): Promise<'stale' | 'asked'> {
  const { ledger, queue, registry, aliases, policy, now } = deps;
  const record = await ledger.advance(launchSnapshot(event));
  if (!record) return 'stale';
  const host = (await aliases.hostOf(event.instanceId)) ?? event.instanceId;
  const queries = queriesFor(policy.instanceLaunched, {
    host,
    key: `${record.workload} ${record.version}`,
    workload: record.workload,
    instanceId: event.instanceId,
    decorations: record.identity,
    triggeredAtMs: event.occurredAtMs,
    nowMs: now(),
  });
  for (const query of queries) await queue.enqueue(query);
  await ledger.handled(record.workload, record.version, {
    host,
    enrolled: lives(await registry.find(host), now()),
    asked: [],
    settleByMs: Math.max(...queries.map((query) => query.expiresAtMs)) + ANSWER_GRACE_MS,
  });
  return 'asked';
}

function launchSnapshot({ instanceId, identity, occurredAtMs }: LaunchEvent): WorkloadSnapshot {
  return {
    workload: instanceId,
    kind: 'ec2-instance',
    version: occurredAtMs,
    versionStep: SAME_LAUNCH_MS,
    lastStatus: 'running',
    desiredStatus: 'running',
    stopped: false,
    subjects: [instanceId],
    containers: [],
    identity: { instance_id: instanceId, ...identity },
    occurredAtMs,
  };
}
