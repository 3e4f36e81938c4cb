import { describe, expect, it } from '@jest/globals';
import { enqueue } from '../../../../lib/core/queue/ask.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { plainPolicy } from '../../../support/plain-policy.ts';
import { SECOND } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const limits = { ...plainPolicy.limits, pendingPerHost: 20 };

describe('the limit of pending queries for a host', () => {
  it('does not count expired queries, which may be queued again under the same id', async () => {
    const world = await World.begin();
    const { queue } = world.ports;
    const old = Array.from({ length: 20 }, (_, n) => aHostQuery(n));
    for (const query of old) await queue.enqueue(query);
    world.nowMs += 601 * SECOND;
    const again = aHostQuery(3, { queuedAtMs: world.nowMs, expiresAtMs: world.nowMs + 600 * SECOND });
    expect(
      await enqueue('h1', { queries: [again], refusals: [] }, { limits, heatSeconds: 0 }, world.taskDeps()),
    ).toEqual([again]);
    await world.aNode('h1');
    expect((await world.poll('h1')).map(({ query }) => query)).toEqual(['host-3']);
  });

  it('does not affect a query that is already pending', async () => {
    const world = await World.begin();
    const queries = Array.from({ length: 25 }, (_, n) => aHostQuery(n));
    const first = await enqueue('h1', { queries, refusals: [] }, { limits, heatSeconds: 0 }, world.taskDeps());
    const second = await enqueue('h1', { queries, refusals: [] }, { limits, heatSeconds: 0 }, world.taskDeps());
    expect([first, second]).toEqual([queries.slice(0, 20), queries.slice(0, 20)]);
  });
});
