import { type Instance, identityOf } from '../inventory/instance.ts';

import { movesOf } from '../ledger/addresses.ts';
import type { Ledger } from '../ledger/ledger.ts';
import type { WorkloadRecord } from '../ledger/workload.ts';

/**
 * Adds to the ledger's record of an instance what EC2 says of it: image, type, tags, addresses and since when it has them.
 *
 * @returns what EC2 says
 */
export async function learnIdentity(
  instance: Instance,
  { ledger, now }: { readonly ledger: Ledger; readonly now: () => number },
): Promise<WorkloadRecord['identity']> {
  const identity = identityOf(instance);
  const [record] = await ledger.read([instance.instanceId]);
  if (!record) return identity;
  // What is new to a start that we knew came just now; all else with the start.
  const isSameStart = record.identity.launched_at === identity.launched_at;
  const { stays, came, left } = movesOf(identity, record.stays, isSameStart ? now() : instance.launchedAtMs);
  const identified = { ...record, identity };
  await ledger.came(identified, came);
  await ledger.left(identified, left, isSameStart ? now() : instance.launchedAtMs);
  // Last: who dies before it finds the same moves again.
  await ledger.identify(instance.instanceId, identity, stays);
  return identity;
}
