import type { HostQueue } from './host-queue.ts';
import { keyOf } from './pending-query.ts';

/** Moves the queries that waited under another name of a host to the host. Safe to repeat, and to die in. */
export async function moveWaiting(alias: string, host: string, queue: HostQueue): Promise<void> {
  if (alias === host) return;
  const { pending } = await queue.open(alias, true);
  for (const query of pending) await queue.enqueue({ ...query, host });
  await queue.remove(pending.map(keyOf));
}
