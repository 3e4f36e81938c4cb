import { type Instance, identityOf } from '../inventory/instance.ts';

import { compareAddresses } from '../ledger/addresses.ts';
import type { AddressIndex, Workloads } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';

/**
 * Adds to the ledger's record of an instance what EC2 says of it: image, type, tags, addresses and since when it has them.
 *
 * @returns what EC2 says
 */
export async function learnIdentity(
  instance: Instance,
  { ledger, now }: { readonly ledger: Workloads & AddressIndex; readonly now: () => number },
): Promise<WorkloadRecord['identity']> {
  const identity = identityOf(instance);
  const [record] = await ledger.read([instance.instanceId]);
  if (!record) return identity;
  // What is new to a start that we knew came just now; all else with the start.
  const isSameStart = record.identity.launched_at === identity.launched_at;
  const { current, gained, lost } = compareAddresses(
    identity,
    record.addressesSince,
    isSameStart ? now() : instance.launchedAtMs,
  );
  const identified = { ...record, identity };
  await ledger.indexAddresses(identified, gained);
  await ledger.endAddresses(identified, lost, isSameStart ? now() : instance.launchedAtMs);
  // Last: who dies before it finds the same moves again.
  await ledger.addIdentity(instance.instanceId, identity, current);
  return identity;
}
