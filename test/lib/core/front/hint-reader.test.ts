import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { defaultHints, HintCursor, HintReader } from '../../../../lib/core/front/hint-reader.ts';
import { HINT_SHARDS, shardOf, type WakeHint } from '../../../../lib/core/front/wake-hints.ts';
import { MemoryWakeHints } from '../../../../lib/memory/wake-hints.ts';
import { SECOND, T0 } from '../../../support/times.ts';

const hint = (n: number, atMs: number): WakeHint => ({ id: `${atMs}#${n}`, host: `h${n}`, atMs });

/** A shard whose hints become readable late, and a cursor in it. */
class Shard {
  readonly cursor = new HintCursor();
  readonly #hints: { readonly hint: WakeHint; readonly readableAtMs: number }[] = [];

  write(written: WakeHint, readableAtMs = written.atMs): void {
    this.#hints.push({ hint: written, readableAtMs });
  }

  /** One read. @returns the hosts that are woken */
  read(nowMs: number): string[] {
    const fromMs = this.cursor.fromMs(nowMs);
    const found = this.#hints.filter((one) => one.readableAtMs <= nowMs && one.hint.atMs >= fromMs);
    return this.cursor
      .take(
        found.map((one) => one.hint),
        nowMs,
        fromMs,
      )
      .map(({ host }) => host);
  }
}

interface Late {
  readonly atMs: number;
  readonly lateMs: number;
}

/** When each host is woken, ms, by reads every 200 ms of which some fail. @throws if a host is woken twice */
function wakesOf(hints: readonly Late[], fails: readonly boolean[]): Map<string, number> {
  const shard = new Shard();
  for (const [n, { atMs, lateMs }] of hints.entries()) shard.write(hint(n, T0 + atMs), T0 + atMs + lateMs);
  const woken = fails.flatMap((isFailure, n) =>
    isFailure ? [] : shard.read(T0 + n * 200).map((host) => ({ host, n })),
  );
  const wokenAtMs = new Map(woken.map(({ host, n }) => [host, n * 200]));
  if (wokenAtMs.size < woken.length) throw new Error('a hint was seen twice');
  return wokenAtMs;
}

describe('a position in a shard', () => {
  it('sees each hint once', () => {
    const shard = new Shard();
    shard.write(hint(1, T0));
    expect(shard.read(T0 + 100)).toEqual(['h1']);
    expect(shard.read(T0 + 300)).toEqual([]);
    shard.write(hint(2, T0 + 400));
    expect(shard.read(T0 + 500)).toEqual(['h2']);
  });

  it('reads little: the time since the last read and two seconds more', () => {
    const shard = new Shard();
    shard.read(T0);
    expect(shard.cursor.fromMs(T0 + 200)).toBe(T0 - 2 * SECOND);
  });

  it('sees hints with a time up to two seconds ago at the next read, and up to a minute ago within ten seconds', () => {
    const shard = new Shard();
    shard.read(T0);
    shard.write(hint(1, T0 - 1_900), T0 + 100);
    shard.write(hint(2, T0 - 45 * SECOND), T0 + 100);
    expect(shard.read(T0 + 200)).toEqual(['h1']);
    expect(shard.read(T0 + 9_900)).toEqual([]);
    expect(shard.read(T0 + 10_000)).toEqual(['h2']);
  });

  it('sees a hint from a clock ahead once, at once', () => {
    const shard = new Shard();
    shard.write(hint(1, T0 + 30 * SECOND), T0);
    const woken = Array.from({ length: 500 }, (_, n) => shard.read(T0 + n * 200)).flat();
    expect(woken).toEqual(['h1']);
  });

  it('sees each hint exactly once, and late by one catch-up at most, however late it becomes readable', () => {
    const writes = fc.array(
      fc.record({ atMs: fc.integer({ min: 0, max: 120_000 }), lateMs: fc.integer({ min: 0, max: 49_000 }) }),
      { maxLength: 40 },
    );
    const failures = fc.array(fc.boolean(), { minLength: 900, maxLength: 900 });
    fc.assert(
      fc.property(writes, failures, (hints, fails) => {
        const wokenAtMs = wakesOf(hints, fails);
        // Half of the reads fail at random: a run of thirty failures takes six seconds.
        const lags = hints.map(({ atMs, lateMs }, n) => (wokenAtMs.get(`h${n}`) ?? Infinity) - atMs - lateMs);
        expect(Math.max(0, ...lags)).toBeLessThanOrEqual(defaultHints.catchUpEveryMs + 6_000);
      }),
      { numRuns: 50, seed: 7 },
    );
  });
});

describe('the reader of hints', () => {
  const aReader = () => {
    let nowMs = T0;
    const hints = new MemoryWakeHints(() => nowMs);
    const broken = new Set<number>();
    const sights: { hosts: string[]; atMs: number }[] = [];
    const reader = new HintReader({
      hints: {
        since: async (shard, fromMs) => {
          if (broken.has(shard)) throw new Error(`shard ${shard} is throttled`);
          return hints.since(shard, fromMs);
        },
      },
      reads: { hintsRead: (hosts, atMs) => void sights.push({ hosts: [...hosts].sort(), atMs }) },
      now: () => nowMs,
    });
    return { reader, hints, broken, sights, pass: (ms: number) => (nowMs += ms) };
  };

  it('reads all shards', async () => {
    const { reader, hints, sights } = aReader();
    const hosts = Array.from({ length: 20 }, (_, n) => `host-${n}`);
    expect(new Set(hosts.map(shardOf)).size).toBe(HINT_SHARDS);
    for (const host of hosts) hints.announce(host);
    await reader.read();
    expect(sights).toEqual([{ hosts: hosts.sort(), atMs: T0 }]);
  });

  it('wakes hosts of the other shards if one cannot be read, and its hosts once it can', async () => {
    const { reader, hints, broken, sights, pass } = aReader();
    await reader.read();
    const [mine, other] = [
      'host-0',
      Array.from({ length: 20 }, (_, n) => `host-${n}`).find((h) => shardOf(h) !== shardOf('host-0')) ?? '',
    ];
    broken.add(shardOf(mine));
    for (const host of [mine, other]) hints.announce(host);
    pass(200);
    await expect(reader.read()).rejects.toThrow('throttled');
    expect(sights.at(-1)).toEqual({ hosts: [other], atMs: T0 }); // as late as the oldest shard
    broken.clear();
    pass(30 * SECOND);
    await reader.read();
    expect(sights.at(-1)).toEqual({ hosts: [mine], atMs: T0 + 30_200 });
  });
});
