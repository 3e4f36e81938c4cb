import type { Sightings } from '../ledger/ledger.ts';
import { type Delivery, pendingAgain } from './delivery.ts';
import type { HostQueue } from './host-queue.ts';
import { waitingFor } from './offers.ts';
import { type Asker, keyOf, type PendingQuery } from './pending-query.ts';

interface Deps {
  readonly queue: HostQueue;
  readonly ledger: Sightings;
}

interface NamedDeps extends Deps {
  readonly now: () => number; // epoch ms
}

/** Moves queries queued under an alias to the host. Idempotent and crash-safe. */
export async function moveWaiting(name: string, host: string, deps: Deps): Promise<void> {
  if (name === host) return;
  const { pending } = await deps.queue.read(name, true);
  await move(pending, host, name, deps);
}

/**
 * Moves the queries for a name from the wrong host to the right one: pending queries, and delivered ones that have not
 * expired, answered or not. Idempotent: a delivery records which of its queries have moved.
 */
export async function moveNamed(name: string, from: string, to: string, deps: NamedDeps): Promise<void> {
  if (from === to) return;
  const { pending, deliveries } = await deps.queue.read(from, true);
  await move(pending.filter(isMeantFor(name, from)), to, name, deps);
  for (const delivery of [...deliveries, ...(await deps.queue.retiredDeliveries(from))])
    await moveDelivered(delivery, name, to, deps);
}

/** Whether a query is for the name. A query that reached a host by its own name has no alias. */
const isMeantFor =
  (name: string, from: string) =>
  ({ alias, workload }: Asker): boolean =>
    alias === name || workload === name || (from === name && alias === undefined && workload !== undefined);

/** Queues first, then records the move: after a crash in between, the same queries are queued again under the same ids. */
async function moveDelivered(delivery: Delivery, name: string, to: string, deps: NamedDeps): Promise<void> {
  const { queue, ledger, now } = deps;
  const isMeant = isMeantFor(name, delivery.host);
  const alias = name === to ? undefined : name;
  const meant = delivery.queries.flatMap((query) =>
    waitingFor(delivery, query)
      .filter((asker) => isMeant(asker) && asker.expiresAtMs > now())
      .map((asker) => pendingAgain(query, asker, to, alias)),
  );
  if (meant.length === 0) return;
  for (const query of meant) await queue.enqueue(query);
  for (const workload of new Set(meant.flatMap((query) => query.workload ?? []))) await ledger.recordHost(workload, to);
  await queue.recordMoved(
    delivery,
    meant.map(({ queryId }) => queryId),
  );
}

async function move(pending: readonly PendingQuery[], host: string, name: string, deps: Deps): Promise<void> {
  const { queue, ledger } = deps;
  const alias = name === host ? undefined : name;
  for (const query of pending) await queue.enqueue({ ...query, host, alias });
  for (const workload of new Set(pending.flatMap((query) => query.workload ?? [])))
    await ledger.recordHost(workload, host);
  await queue.remove(pending.map(keyOf));
}
