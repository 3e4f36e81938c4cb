import { describe, expect, it } from '@jest/globals';
import { LifeFeed } from '../../../../lib/cli/console/life-feed.ts';
import { memoryStores } from '../../../../lib/memory/composition.ts';
import { deploymentOf } from '../../../../scripts/pictured-hours.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

/** A feed on a ledger in memory, which counts the records that it reads. */
function aFeed() {
  let nowMs = T0;
  const stores = memoryStores(() => nowMs);
  const { ledger, ledgerIndex } = deploymentOf(stores);
  const read: string[] = [];
  const feed = new LifeFeed({
    ledgerIndex,
    ledger: {
      read: async (workloads) => {
        read.push(...workloads);
        return ledger.read(workloads);
      },
    },
    sinceMs: T0 - MINUTE,
    now: () => nowMs,
  });
  const start = (n: number, atMs = nowMs) =>
    stores.ledger.advance(aSnapshot(n, { occurredAtMs: atMs, receivedAtMs: atMs, subjects: [dockerId(n)] }));
  const stop = (n: number) =>
    stores.ledger.advance(
      aSnapshot(n, { version: 9, lastStatus: 'STOPPED', stopped: true, occurredAtMs: nowMs, receivedAtMs: nowMs }),
    );
  return { feed, stores, read, start, stop, later: (ms: number) => (nowMs += ms) };
}

describe('the feed of lives', () => {
  it('has a revision for each change, so a page asks only for what changed', async () => {
    const { feed, start, stop, later } = aFeed();
    await start(1);
    await start(2);
    await feed.look();
    const { next, lives } = feed.changedSince(0);
    expect(lives.map(({ workload }) => workload)).toEqual([taskArn(1), taskArn(2)]);
    later(SECOND);
    await feed.look();
    expect(feed.changedSince(next)).toEqual({ next, nowMs: T0 + SECOND, lives: [] });
    await stop(2);
    await feed.look();
    expect(feed.changedSince(next).lives).toMatchObject([{ workload: taskArn(2), endedAtMs: T0 + SECOND }]);
  });

  it('finds an answer about a life that began long ago', async () => {
    const { feed, stores, start, later } = aFeed();
    await start(1);
    await feed.look();
    const { next } = feed.changedSince(0);
    later(30 * MINUTE);
    await recordSighting(stores.ledger, taskArn(1), aSighting([dockerId(1)], [], T0 + 30 * MINUTE));
    await feed.look();
    expect(feed.changedSince(next).lives).toMatchObject([{ verdict: 'seen', answeredAtMs: T0 + 30 * MINUTE }]);
  });

  it('reads settled lives no more', async () => {
    const { feed, stores, read, start, stop, later } = aFeed();
    await start(1);
    await recordSighting(stores.ledger, taskArn(1), aSighting([dockerId(1)], [], T0));
    await stop(1);
    await start(2);
    for (let look = 0; look < 3; look++) {
      await feed.look();
      later(MINUTE);
    }
    expect(read).toEqual([taskArn(2)]); // the second look overlaps the first
  });

  it('reads at most 200 records in a look, the youngest each time and all others in turns', async () => {
    const { feed, read, start, later } = aFeed();
    for (let n = 0; n < 350; n++) await start(n, T0 - MINUTE + n);
    await feed.look();
    const turns: Set<string>[] = [];
    for (let look = 0; look < 3; look++) {
      later(MINUTE);
      read.length = 0;
      await feed.look();
      turns.push(new Set(read));
    }
    expect(turns.map(({ size }) => size)).toEqual([200, 200, 200]);
    for (const turn of turns) expect(turn.has(taskArn(349))).toBe(true);
    expect(new Set(turns.flatMap((turn) => [...turn])).size).toBe(350);
  });
});
