import type { WorkloadRecord } from '../ledger/workload.ts';
import type { Node } from '../nodes/node.ts';

/** Whether AWS's own facts support an agent's claim to be an instance. */
export type Fit = 'fits' | 'unknown' | 'contradicts';

/** EC2's host names, made from an address or from the instance id. @see Amazon EC2 User Guide, "EC2 instance hostnames and domains" */
const ADDRESS_NAME = /^ip-(\d{1,3})-(\d{1,3})-(\d{1,3})-(\d{1,3})(?:\.|$)/;
const INSTANCE_NAME = /^(i-[0-9a-f]{8,17})(?:\.|$)/;

/** Sweeps find an instance within minutes, so one that Mayfly learns of much later did not run before. */
const LEARNED_WITHIN_MS = 10 * 60_000;

/**
 * Compares an agent's identity with EC2's facts about the instance. A host name can be forged, so a fit proves little. But an
 * agent whose name fits is preferred to one whose name does not, or that claimed the instance before it was launched.
 *
 * @param instance the ledger's record of the instance, if any
 * @param claimedAtMs when the agent first claimed to be the instance
 * @example fitOf({ host: 'web', identity: { hostname: 'ip-10-0-0-7.ec2.internal', … } }, instance, nowMs) // 'fits' for 10.0.0.7
 */
export function fitOf(
  { host, identity }: Pick<Node, 'host' | 'identity'>,
  instance: Pick<WorkloadRecord, 'workload' | 'identity' | 'firstReceivedAtMs'> | undefined,
  claimedAtMs: number,
): Fit {
  if (!instance) return 'unknown';
  const launchedAtMs = Date.parse(instance.identity.launched_at ?? '');
  const isLearnedLate = instance.firstReceivedAtMs - claimedAtMs > LEARNED_WITHIN_MS;
  if (launchedAtMs > claimedAtMs && isLearnedLate) return 'contradicts';
  return byName(identity.hostname, instance) ?? byName(host, instance) ?? 'unknown';
}

function byName(name: string, { workload, identity }: Pick<WorkloadRecord, 'workload' | 'identity'>): Fit | undefined {
  const [, ...octets] = ADDRESS_NAME.exec(name) ?? [];
  const addresses = identity.ip?.split(' ');
  if (octets.length > 0 && addresses) return addresses.includes(octets.join('.')) ? 'fits' : 'contradicts';
  const [, id] = INSTANCE_NAME.exec(name) ?? [];
  // The instance id itself proves nothing: it is the claim.
  if (id === undefined || name === workload) return undefined;
  return id === workload ? 'fits' : 'contradicts';
}

const RANK: Readonly<Record<Fit, number>> = { contradicts: 0, unknown: 1, fits: 2 };

/** Whether AWS's facts favour the first agent. */
export const fitsBetter = (one: Fit, other: Fit): boolean => RANK[one] > RANK[other];
