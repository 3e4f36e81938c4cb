import { describe, expect, it } from '@jest/globals';
import { runWorld } from '../../../workbench/seeded-world/world.ts';

/** A short run; `npm run world` runs more. */
const SEEDS = Array.from({ length: 20 }, (_, index) => index + 101);

describe('a seeded world', () => {
  it('keeps every promise, in each of several worlds', async () => {
    const broken: string[] = [];
    for (const seed of SEEDS) {
      const { violations } = await runWorld(seed);
      broken.push(...violations.map((what) => `npm run world -- --seed ${seed}: ${what}`));
    }
    expect(broken).toEqual([]);
  }, 600_000); // a bound against hanging: machines differ

  it('is the same for the same seed, call by call', async () => {
    const [first, second] = [await runWorld(10, { trace: true }), await runWorld(10, { trace: true })];
    expect(second).toEqual(first);
    expect(first.trace.length).toBeGreaterThan(300);
    expect((await runWorld(11, { trace: true })).trace).not.toEqual(first.trace);
  });

  it('is the same with and without a trace', async () => {
    const { trace: _, ...traced } = await runWorld(12, { trace: true });
    const { trace, ...untraced } = await runWorld(12);
    expect(untraced).toEqual(traced);
    expect(trace).toEqual([]);
  });
});
