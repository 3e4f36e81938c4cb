import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { aPendingQuery, taskArn } from '../../../support/builders.ts';
import { T0 } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

/** What tests do with the host `h1` of a world: queue for it, and poll as its agent. */
export function polledHost(world: () => World) {
  const queue = async (...pending: PendingQuery[]): Promise<void> => {
    for (const query of pending) await world().ports.queue.enqueue(query);
  };
  const delivered = (atMs: number) => {
    world().nowMs = atMs;
    return world().poll('h1');
  };
  return {
    queue,
    /** @returns the ids with which the queries reach the agent */
    poll: async (atMs = world().nowMs): Promise<string[]> => (await delivered(atMs)).map(({ wireId }) => wireId),
    /** The names of the queries that a poll gets. */
    names: async (atMs = world().nowMs): Promise<string[]> => (await delivered(atMs)).map(({ query }) => query),
    reported: (name: string) =>
      world()
        .reports.filter(({ event }) => event === name)
        .map(({ fields }) => fields),
    partition: () => world().ports.queue.read('h1', true),
    /** A task with a pending query and a record in the ledger. */
    aTask: async (n: number, query: Partial<PendingQuery> = {}): Promise<void> => {
      const { ledger } = world().ports;
      await ledger.advance(aSnapshot(n, { occurredAtMs: T0, receivedAtMs: T0 }));
      await ledger.markHandled(taskArn(n), 1, { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 });
      await queue(aPendingQuery(n, query));
    },
  };
}
