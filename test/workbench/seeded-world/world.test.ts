import { beforeAll, describe, expect, it } from '@jest/globals';
import { runWorld } from '../../../workbench/seeded-world/world.ts';
import { scaled } from '../../support/effort.ts';

/** A short run, in which each change of docs/world.md breaks a promise. `npm run world` runs more. */
const SEEDS = Array.from({ length: scaled(8) }, (_, index) => index + 101);

describe('a seeded world', () => {
  it('keeps every promise, in each of several worlds', async () => {
    const broken: string[] = [];
    for (const seed of SEEDS) {
      const { violations } = await runWorld(seed);
      broken.push(...violations.map((what) => `npm run world -- --seed ${seed}: ${what}`));
    }
    expect(broken).toEqual([]);
  }, 600_000); // a bound against hanging: machines differ

  describe('with a trace', () => {
    let traced: Awaited<ReturnType<typeof runWorld>>;
    beforeAll(async () => {
      traced = await runWorld(10, { trace: true });
    });

    it('is the same for the same seed, call by call', async () => {
      expect(await runWorld(10, { trace: true })).toEqual(traced);
      expect(traced.trace.length).toBeGreaterThan(300);
      expect((await runWorld(11, { trace: true })).trace).not.toEqual(traced.trace);
    });

    it('is the same as without one', async () => {
      const { trace: _, ...kept } = traced;
      const { trace, ...untraced } = await runWorld(10);
      expect(untraced).toEqual(kept);
      expect(trace).toEqual([]);
    });
  });
});
