import type { Node } from '../nodes/node.ts';
import { type DeliveredQuery, pendingAgain } from './delivery.ts';
import type { HostQueue } from './host-queue.ts';

/**
 * Whether a question about containers goes on to the other agents of the machine: this one found none and never showed
 * that it reaches Docker.
 */
export const wantsTwins = ({ twins = [], seesContainersAtMs }: Node, query: DeliveredQuery): boolean =>
  twins.length > 0 && seesContainersAtMs === undefined && query.evidence !== undefined;

/** Asks the other agents of a machine what this one could not answer. Ids stay, so a repeat asks nothing new. */
export async function askTwins(node: Node, query: DeliveredQuery, queue: HostQueue): Promise<void> {
  for (const host of node.twins ?? [])
    for (const asker of query.askers) await queue.enqueue(pendingAgain(query, asker, host, asker.alias ?? node.host));
}
