import { beforeAll, describe, expect, it } from '@jest/globals';
import { runWorld, type WorldResult } from '../../../workbench/seeded-world/world.ts';
import { scaled } from '../../support/effort.ts';

/** A short run, in which each change of docs/world.md breaks a promise. `npm run world` runs more. */
const SEEDS = Array.from({ length: scaled(8) }, (_, index) => index + 101);

/** One of them, a short one. */
const TRACED = 106;

describe('a seeded world', () => {
  const worlds = new Map<number, WorldResult>();
  beforeAll(async () => {
    for (const seed of SEEDS) worlds.set(seed, await runWorld(seed));
  }, 600_000); // a bound against hanging: machines differ

  it('keeps every promise, in each of several worlds', () => {
    const broken = [...worlds.values()].flatMap(({ seed, violations }) =>
      violations.map((what) => `npm run world -- --seed ${seed}: ${what}`),
    );
    expect(worlds.size).toBe(SEEDS.length);
    expect(broken).toEqual([]);
  });

  it('is the same for the same seed, call by call, and different for another', async () => {
    const traced = await runWorld(TRACED, { trace: true });
    expect(await runWorld(TRACED, { trace: true })).toEqual(traced);
    expect(traced.trace.length).toBeGreaterThan(300);
    const { trace, ...kept } = traced;
    // Without a trace it is the same too.
    expect(worlds.get(TRACED)).toEqual({ ...kept, trace: [] });
    const { counts } = worlds.get(TRACED + 1) ?? traced;
    expect(counts).not.toEqual(kept.counts);
  });
});
