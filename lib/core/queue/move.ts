import type { Ledger } from '../ledger/ledger.ts';
import type { HostQueue } from './host-queue.ts';
import { keyOf } from './pending-query.ts';

/** Moves the queries that waited under another name of a host to the host. Safe to repeat, and to die in. */
export async function moveWaiting(
  alias: string,
  host: string,
  { queue, ledger }: { readonly queue: HostQueue; readonly ledger: Pick<Ledger, 'foundHost'> },
): Promise<void> {
  if (alias === host) return;
  const { pending } = await queue.open(alias, true);
  for (const query of pending) await queue.enqueue({ ...query, host });
  for (const workload of new Set(pending.flatMap((query) => query.workload ?? [])))
    await ledger.foundHost(workload, host);
  await queue.remove(pending.map(keyOf));
}
