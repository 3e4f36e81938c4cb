import { type Instance, identityOf } from '../inventory/instance.ts';

import { compareAddresses } from '../ledger/addresses.ts';
import type { AddressIndex, Workloads } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';

/**
 * Adds the identity of an instance from EC2 to its record in the ledger: image, type, tags, and addresses with their times.
 *
 * @returns the identity from EC2
 */
export async function learnIdentity(
  instance: Instance,
  { ledger, now }: { readonly ledger: Workloads & AddressIndex; readonly now: () => number },
): Promise<WorkloadRecord['identity']> {
  const identity = identityOf(instance);
  const [record] = await ledger.read([instance.instanceId]);
  if (!record) return identity;
  // Addresses that are new to a known start were added just now; all others came with the start.
  const isSameStart = record.identity.launched_at === identity.launched_at;
  const { current, gained, lost } = compareAddresses(
    identity,
    record.addressesSince,
    isSameStart ? now() : instance.launchedAtMs,
  );
  const identified = { ...record, identity };
  await ledger.indexAddresses(identified, gained);
  await ledger.endAddresses(identified, lost, isSameStart ? now() : instance.launchedAtMs);
  // Last, so that a retry after a crash finds the same changes again.
  await ledger.addIdentity(instance.instanceId, identity, current);
  return identity;
}
