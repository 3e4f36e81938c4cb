import type { WorkloadRecord } from '../ledger/workload.ts';
import type { Node } from '../nodes/node.ts';

/** What AWS's own facts say about an agent that claims to be an instance. */
export type Fit = 'fits' | 'unknown' | 'contradicts';

/** How EC2 names hosts after an address of theirs, or after the instance. @see Amazon EC2 User Guide, "EC2 instance hostnames and domains" */
const AFTER_ADDRESS = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?:\.|$)/;
const AFTER_INSTANCE = /^(i-[0-9a-f]{8,17})(?:\.|$)/;

/** Sweeps tell of an instance within minutes: one that is first heard of much later did not run before. */
const HEARD_WITHIN_MS = 10 * 60_000;

/**
 * Compares what an agent says of itself with what EC2 says of the instance. A host name can be forged, so a fit proves
 * little; but an agent whose name fits is preferred to one whose name does not, or that claimed an instance before there
 * was one.
 *
 * @param instance the ledger's record of the instance, if it has one
 * @param claimedAtMs when the agent first claimed to be the instance
 */
export function fitOf(
  { host, identity }: Pick<Node, 'host' | 'identity'>,
  instance: Pick<WorkloadRecord, 'workload' | 'identity' | 'firstReceivedAtMs'> | undefined,
  claimedAtMs: number,
): Fit {
  if (!instance) return 'unknown';
  const launchedAtMs = Date.parse(instance.identity.launched_at ?? '');
  const isHeardLater = instance.firstReceivedAtMs - claimedAtMs > HEARD_WITHIN_MS;
  if (launchedAtMs > claimedAtMs && isHeardLater) return 'contradicts';
  return byName(identity.hostname, instance) ?? byName(host, instance) ?? 'unknown';
}

function byName(name: string, { workload, identity }: Pick<WorkloadRecord, 'workload' | 'identity'>): Fit | undefined {
  const [, ...octets] = AFTER_ADDRESS.exec(name) ?? [];
  const addresses = identity.ip?.split(' ');
  if (octets.length > 0 && addresses) return addresses.includes(octets.join('.')) ? 'fits' : 'contradicts';
  const [, id] = AFTER_INSTANCE.exec(name) ?? [];
  // Its own identifier is what is to be judged.
  if (id === undefined || name === workload) return undefined;
  return id === workload ? 'fits' : 'contradicts';
}

const RANK: Readonly<Record<Fit, number>> = { contradicts: 0, unknown: 1, fits: 2 };

/** Whether AWS's facts speak for one agent against another. */
export const fitsBetter = (one: Fit, other: Fit): boolean => RANK[one] > RANK[other];
