import type { Ledger } from '../ledger/ledger.ts';
import type { HostQueue } from './host-queue.ts';
import { keyOf, type PendingQuery } from './pending-query.ts';

interface Deps {
  readonly queue: HostQueue;
  readonly ledger: Pick<Ledger, 'foundHost'>;
}

/** Moves the queries that waited under another name of a host to the host. Idempotent and crash-safe. */
export async function moveWaiting(name: string, host: string, deps: Deps): Promise<void> {
  if (name === host) return;
  const { pending } = await deps.queue.open(name, true);
  await move(pending, host, name, deps);
}

/** Moves what was queued for a name from a host that the name does not mean to the one that it does. */
export async function moveNamed(name: string, from: string, to: string, deps: Deps): Promise<void> {
  if (from === to) return;
  const { pending } = await deps.queue.open(from, true);
  const meant = pending.filter(({ alias, workload }) => alias === name || workload === name);
  await move(meant, to, name, deps);
}

async function move(pending: readonly PendingQuery[], host: string, name: string, deps: Deps): Promise<void> {
  const { queue, ledger } = deps;
  const alias = name === host ? undefined : name;
  for (const query of pending) await queue.enqueue({ ...query, host, alias });
  for (const workload of new Set(pending.flatMap((query) => query.workload ?? [])))
    await ledger.foundHost(workload, host);
  await queue.remove(pending.map(keyOf));
}
