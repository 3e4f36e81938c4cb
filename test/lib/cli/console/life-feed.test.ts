import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from '@jest/globals';
import { LifeFeed } from '../../../../lib/cli/console/life-feed.ts';
import { memoryStores } from '../../../../lib/memory/composition.ts';
import { deploymentOf } from '../../../../scripts/pictured-hours.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

/** A feed on a ledger in memory, which counts the records that it reads. */
function aFeed({ mostLives = 10_000 } = {}) {
  let nowMs = T0;
  const stores = memoryStores(() => nowMs);
  const { ledger, ledgerIndex } = deploymentOf(stores);
  const read: string[] = [];
  let failsAfter = Number.POSITIVE_INFINITY;
  let [letOn, held]: [() => void, Promise<void>] = [() => undefined, Promise.resolve()];
  const feed = new LifeFeed({
    mostLives,
    ledgerIndex: {
      between: ledgerIndex.between,
      async *lookBack(span) {
        let n = 0;
        for await (const record of ledgerIndex.lookBack(span)) {
          if (n === HELD_AFTER) await held;
          if (n >= failsAfter) throw new Error('the table went away');
          n += 1;
          yield record;
        }
      },
    },
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
  /** The first look, and what it began. */
  const whole = async () => {
    await feed.refresh();
    while (feed.changedSince(0).readBackToMs !== undefined) await nextTurn();
  };
  return {
    ...{ feed, stores, read, start, stop, whole },
    later: (ms: number) => (nowMs += ms),
    /** Holds the first reading after its first group. @returns a function that lets it go on */
    hold: () => {
      held = new Promise((done) => {
        letOn = done;
      });
      return () => letOn();
    },
    failAfter: (records: number) => (failsAfter = records),
  };
}

/** Where a held reading waits: within its second group. */
const HELD_AFTER = 150;

describe('the feed of lives', () => {
  it('has a revision for each change, so a page asks only for what changed', async () => {
    const { feed, start, stop, later, whole } = aFeed();
    await start(1);
    await start(2);
    await whole();
    const { next, lives } = feed.changedSince(0);
    expect(lives.map(({ workload }) => workload)).toEqual([taskArn(2), taskArn(1)]);
    later(SECOND);
    await feed.refresh();
    expect(feed.changedSince(next)).toEqual({ next, hasMore: false, nowMs: T0 + SECOND, lives: [] });
    await stop(2);
    await feed.refresh();
    expect(feed.changedSince(next).lives).toMatchObject([{ workload: taskArn(2), endedAtMs: T0 + SECOND }]);
  });

  it('finds an answer about a life that began long ago', async () => {
    const { feed, stores, start, later, whole } = aFeed();
    await start(1);
    await whole();
    const { next } = feed.changedSince(0);
    later(30 * MINUTE);
    await recordSighting(stores.ledger, taskArn(1), aSighting([dockerId(1)], [], T0 + 30 * MINUTE));
    await feed.refresh();
    expect(feed.changedSince(next).lives).toMatchObject([{ verdict: 'seen', answeredAtMs: T0 + 30 * MINUTE }]);
  });

  it('reads settled lives no more', async () => {
    const { feed, stores, read, start, stop, later, whole } = aFeed();
    await start(1);
    await recordSighting(stores.ledger, taskArn(1), aSighting([dockerId(1)], [], T0));
    await stop(1);
    await start(2);
    await whole();
    for (let look = 0; look < 3; look++) {
      await feed.refresh();
      later(MINUTE);
    }
    // The first two looks overlap the reading.
    expect(read).toEqual([taskArn(2)]);
  });

  it('reads at most 200 records in a look, the youngest each time and all others in turns', async () => {
    const { feed, read, start, later, whole } = aFeed();
    for (let n = 0; n < 350; n++) await start(n, T0 - MINUTE + n);
    await whole();
    const turns: Set<string>[] = [];
    for (let look = 0; look < 3; look++) {
      later(MINUTE);
      read.length = 0;
      await feed.refresh();
      turns.push(new Set(read));
    }
    expect(turns.map(({ size }) => size)).toEqual([200, 200, 200]);
    for (const turn of turns) expect(turn.has(taskArn(349))).toBe(true);
    expect(new Set(turns.flatMap((turn) => [...turn])).size).toBe(350);
  });

  it('has the latest lives at once, and then the others back in time', async () => {
    const { feed, start, hold, whole } = aFeed();
    for (let n = 0; n < 350; n++) await start(n, T0 - MINUTE + n);
    const letOn = hold();
    await feed.refresh();
    const early = feed.changedSince(0);
    expect(early.readBackToMs).toBe(T0 - MINUTE + 250);
    expect(early.lives.map(({ workload }) => workload)).toEqual(arns(349, 250));
    letOn();
    await whole();
    const { lives, readBackToMs } = feed.changedSince(early.next);
    expect(readBackToMs).toBeUndefined();
    expect(lives.map(({ workload }) => workload)).toEqual(arns(249, 0));
    expect(feed.records().map(({ workload }) => workload)).toEqual(arns(349, 0).reverse());
  });

  it('keeps what a look found while the first reading goes on', async () => {
    const { feed, start, stop, hold, later, whole } = aFeed();
    for (let n = 0; n < 350; n++) await start(n, T0 - SECOND + n);
    const letOn = hold();
    await feed.refresh();
    later(SECOND);
    await stop(100);
    await start(400);
    await feed.refresh();
    const [ended, begun] = [taskArn(100), taskArn(400)].map((arn) =>
      feed.lives().find(({ workload }) => workload === arn),
    );
    expect(ended).toMatchObject({ endedAtMs: T0 + SECOND });
    expect(begun).toBeDefined();
    letOn();
    await whole();
    expect(feed.lives().find(({ workload }) => workload === taskArn(100))).toEqual(ended);
    expect(feed.lives()).toHaveLength(351);
  });

  it('goes on where the first reading failed', async () => {
    const { feed, start, failAfter, whole } = aFeed();
    for (let n = 0; n < 350; n++) await start(n, T0 - MINUTE + n);
    failAfter(0);
    await expect(feed.refresh()).rejects.toThrow('the table went away');
    failAfter(120);
    await feed.refresh();
    await nextTurn();
    expect(feed.lives()).toHaveLength(100);
    failAfter(Number.POSITIVE_INFINITY);
    await whole();
    expect(feed.lives()).toHaveLength(350);
  });

  it('sends the latest lives of a long ledger, and each one that begins later', async () => {
    const { feed, start, later, whole } = aFeed({ mostLives: 300 });
    for (let n = 0; n < 350; n++) await start(n, T0 - MINUTE + n);
    await whole();
    const { lives, next } = feed.changedSince(0);
    expect(lives.map(({ workload }) => workload)).toEqual(arns(349, 50));
    later(SECOND);
    await start(400);
    await feed.refresh();
    expect(feed.changedSince(next).lives.map(({ workload }) => workload)).toEqual([taskArn(400)]);
  });

  it('sends many lives in several replies', async () => {
    const { feed, start, whole } = aFeed();
    for (let n = 0; n < 2100; n++) await start(n, T0 - MINUTE + n);
    await whole();
    const first = feed.changedSince(0);
    expect([first.lives.length, first.hasMore]).toEqual([2000, true]);
    const second = feed.changedSince(first.next);
    expect([second.lives.length, second.hasMore]).toEqual([100, false]);
    expect(feed.changedSince(second.next).lives).toEqual([]);
  });
});

/** The ARNs of the tasks from one number down to another. */
const arns = (from: number, to: number): string[] => Array.from({ length: from - to + 1 }, (_, n) => taskArn(from - n));
