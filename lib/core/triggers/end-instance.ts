import { reviewAfterEnd } from '../ledger/review.ts';
import type { WorkloadSnapshot } from '../ledger/workload.ts';
import { firstQueryOf } from '../queue/ask.ts';
import { queriesAt, unanswered } from '../queue/offers.ts';
import { keyOf } from '../queue/pending-query.ts';
import type { AnyEvent, RuleDeps } from './handle-rules.ts';

/** An instance that was terminated or is shutting down. */
export interface InstanceEnd extends AnyEvent {
  readonly instanceId: string;
  readonly state: string; // shutting-down, terminated
  readonly detectedBy: WorkloadSnapshot['detectedBy'];
}

/** The highest version: no later event about the instance is newer. */
const END = Number.MAX_SAFE_INTEGER;

/**
 * Ends an instance on the first event about its termination: its node key is rejected from now on, pending queries for its
 * agent are removed and their workloads get a verdict, and selectors no longer match it. The ledger keeps its record.
 * Idempotent and crash-safe.
 */
export async function endInstance(event: InstanceEnd, deps: RuleDeps): Promise<'stale' | 'ended'> {
  const { ledger, now, report } = deps;
  const { instanceId } = event;
  const record = await ledger.advance(endSnapshot(event, now()));
  // Also for a repeated event, because an agent may have enrolled for the first time since the first copy.
  const { host, withdrawn } = await endNodes(instanceId, deps);
  if (!record) return 'stale';
  const { handling } = record;
  const enrolled = (handling?.enrolled ?? false) || host !== undefined;
  const queryKeys = handling?.queryKeys ?? [];
  // No further answer can arrive. If the instance had an agent but no query, 0 gives its verdict the reason `not-asked`.
  const settleByMs = queryKeys.length > 0 || !enrolled ? Math.min(handling?.settleByMs || now(), now()) : 0;
  await reviewAfterEnd(record, settleByMs, deps);
  await ledger.markHandled(instanceId, record.version, {
    host: handling?.host ?? host ?? instanceId,
    enrolled,
    queryKeys,
    settleByMs,
    ...firstQueryOf(handling, []),
  });
  report('instance_ended', { instance: instanceId, host: host ?? null, withdrawn });
  return 'ended';
}

/** @returns the host that had a node, if any, and the number of withdrawn queries */
async function endNodes(instanceId: string, deps: RuleDeps): Promise<{ host: string | undefined; withdrawn: number }> {
  const { registry, directory, now } = deps;
  let host: string | undefined;
  let withdrawn = 0;
  for (const name of await namesOf(instanceId, deps)) {
    if (await registry.find(name, true)) host = name;
    await registry.end(name, now());
    await directory.remove(name);
    withdrawn += await drainDead(name, deps);
  }
  return { host, withdrawn };
}

/** Hosts with a queue for the instance: its id, and the host of its agent, unless that host is another instance by now. */
async function namesOf(instanceId: string, { aliases, registry }: RuleDeps): Promise<string[]> {
  const alias = await aliases.hostOf(instanceId, true);
  if (!alias || alias === instanceId) return [instanceId];
  const node = await registry.find(alias, true);
  return node?.instanceId === instanceId ? [instanceId, alias] : [instanceId];
}

/**
 * Empties the queue of a host that no agent will drain again.
 *
 * @returns the number of withdrawn queries
 */
async function drainDead(host: string, deps: RuleDeps): Promise<number> {
  const { queue, ledger } = deps;
  let count = 0;
  // One page at a time; removed queries are not read again.
  for (;;) {
    const { pending, deliveries } = await queue.read(host, true);
    if (pending.length + deliveries.length === 0) return count;
    const open = deliveries.flatMap((delivery) => queriesAt(delivery, unanswered(delivery)));
    const askers = [...pending, ...open.flatMap((query) => query.askers)];
    for (const workload of new Set(askers.map((asker) => asker.workload)))
      await ledger.recordTrouble(workload, 'host-gone');
    await queue.remove(pending.map(keyOf));
    for (const delivery of deliveries) await queue.retire(delivery);
    count += pending.length + open.length;
  }
}

const endSnapshot = (
  { instanceId, state, occurredAtMs, detectedBy }: InstanceEnd,
  receivedAtMs: number,
): WorkloadSnapshot => ({
  workload: instanceId,
  kind: 'ec2-instance',
  version: END,
  versionStep: 1,
  lastStatus: state,
  desiredStatus: 'terminated',
  stopped: true,
  subjects: [instanceId],
  containers: [],
  identity: { instance_id: instanceId },
  occurredAtMs,
  receivedAtMs,
  detectedBy,
});
