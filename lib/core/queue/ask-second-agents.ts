import type { Node } from '../nodes/node.ts';
import { type DeliveredQuery, pendingAgain } from './delivery.ts';
import type { PendingQueries } from './host-queue.ts';

/**
 * Whether a query about containers that found none goes to the other agents on the host: this agent has never shown that it
 * can reach Docker.
 */
export const wantsSecondAgents = ({ secondAgents = [], seesContainersAtMs }: Node, query: DeliveredQuery): boolean =>
  secondAgents.length > 0 && seesContainersAtMs === undefined && query.evidence !== undefined;

/** Queues a query for the other agents on the host. Query ids stay the same, so a repeat queues nothing new. */
export async function askSecondAgents(
  node: Node,
  query: DeliveredQuery,
  queue: Pick<PendingQueries, 'enqueue'>,
): Promise<void> {
  for (const host of node.secondAgents ?? [])
    for (const asker of query.askers) await queue.enqueue(pendingAgain(query, asker, host, asker.alias ?? node.host));
}
