import { expect, it } from '@jest/globals';
import { HINT_SHARDS, shardOf, type WakeHint } from '../../lib/core/front/wake-hints.ts';
import { keyOf } from '../../lib/core/queue/pending-query.ts';
import { aNode } from '../support/a-node.ts';
import { aPendingQuery } from '../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../support/times.ts';
import { contract, type Ports } from './editions.ts';

/** The hints of all shards. */
async function hintsIn({ hints }: Ports, fromMs = 0): Promise<WakeHint[]> {
  const shards = Array.from({ length: HINT_SHARDS }, (_, shard) => hints.since(shard, fromMs));
  return (await Promise.all(shards)).flat();
}
const hostsIn = async (ports: Ports, fromMs = 0): Promise<string[]> =>
  (await hintsIn(ports, fromMs)).map(({ host }) => host).sort();

contract('hints for held reads', (begin) => {
  it('are written with each query that is queued', async () => {
    const ports = await begin();
    await ports.queue.enqueue(aPendingQuery(1));
    expect(await hintsIn(ports)).toEqual([{ id: expect.any(String), host: 'h1', atMs: T0 }]);
    ports.clock.nowMs += SECOND;
    await ports.queue.enqueueSpaced([{ query: aPendingQuery(2, { host: 'h2' }) }], ports.clock.nowMs);
    expect(await hostsIn(ports)).toEqual(['h1', 'h2']);
    expect(await hostsIn(ports, T0 + 1)).toEqual(['h2']);
    expect(await hostsIn(ports, T0 + SECOND)).toEqual(['h2']);
    expect(await hostsIn(ports, T0 + SECOND + 1)).toEqual([]);
  });

  it('have the time of their writing, not of the query', async () => {
    const ports = await begin();
    ports.clock.nowMs += MINUTE;
    await ports.queue.enqueue(aPendingQuery(1, { queuedAtMs: T0 })); // such as a query that moves to another host
    expect((await hintsIn(ports)).map(({ atMs }) => atMs)).toEqual([T0 + MINUTE]);
  });

  it('stay apart, also within a millisecond', async () => {
    const ports = await begin();
    for (const n of [1, 2, 3]) await ports.queue.enqueue(aPendingQuery(n));
    const ids = (await hintsIn(ports)).map(({ id }) => id);
    expect(new Set(ids).size).toBe(3);
  });

  it('are not written when queries leave the queue', async () => {
    const ports = await begin();
    const query = aPendingQuery(1);
    await ports.queue.enqueue(query);
    await ports.queue.remove([keyOf(query)]);
    expect(await hostsIn(ports)).toEqual(['h1']);
  });

  it('are written when a node ends or is revoked', async () => {
    const ports = await begin();
    for (const host of ['h1', 'h2']) await ports.registry.enroll(aNode(host), undefined);
    expect(await hostsIn(ports)).toEqual([]);
    await ports.registry.end('h1', T0);
    expect(await ports.registry.revoke('h2', T0)).toBe(true);
    expect(await hostsIn(ports)).toEqual(['h1', 'h2']);
    expect((await ports.registry.find('h1', true))?.endedAtMs).toBe(T0);
    expect((await ports.registry.find('h2', true))?.revokedAtMs).toBe(T0);
  });

  it('name hosts with any characters, and a host’s shard is always the same', async () => {
    const ports = await begin();
    const hosts = ['a#b', 'käse/"\\ ', 'x\ny', 'h'.repeat(255)];
    for (const host of hosts) await ports.queue.enqueue(aPendingQuery(1, { host }));
    expect(await hostsIn(ports)).toEqual([...hosts].sort());
    for (const host of hosts)
      expect((await ports.hints.since(shardOf(host), 0)).map((hint) => hint.host)).toContain(host);
  });
});
