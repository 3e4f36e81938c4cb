import { describe, expect, it } from '@jest/globals';
import { LIFETIMES, type Lifetime, Random } from '../../../../workbench/world/index.ts';

/** Sampled lifetimes in seconds, sorted. */
function draw({ sample }: Lifetime, seed: string): number[] {
  const random = new Random(seed);
  return Array.from({ length: 20_000 }, () => sample(random) / 1000).sort((a, b) => a - b);
}

const share = (seconds: readonly number[], limit: number) =>
  (100 * seconds.filter((one) => one <= limit).length) / seconds.length;
const quantile = (seconds: readonly number[], q: number) => seconds[Math.floor(q * seconds.length)] ?? Number.NaN;

describe('lifetimes', () => {
  // From the table in docs/spec/performance.md §2: share up to 10 s, 1 min and 5 min in percent, median in seconds.
  it.each([
    { lifetime: LIFETIMES.Sysdig2019, shares: [21.6, 38.3, 53], median: 213 },
    { lifetime: LIFETIMES.Sysdig2025, shares: [33, 59, 69], median: 32 },
    { lifetime: LIFETIMES.CI, shares: [1.2, 18, 62], median: 198 },
  ])('of $lifetime.name follow the published figures', ({ lifetime, shares, median }) => {
    const seconds = draw(lifetime, 'figures');
    [10, 60, 300].forEach((limit, index) => {
      expect(Math.abs(share(seconds, limit) - (shares[index] ?? 0))).toBeLessThan(1.5);
    });
    expect(quantile(seconds, 0.5) / median).toBeGreaterThan(0.9);
    expect(quantile(seconds, 0.5) / median).toBeLessThan(1.1);
    expect(seconds[0]).toBeGreaterThanOrEqual(1);
  });

  it('of the ten-second job are all ten seconds', () => {
    expect(new Set(draw(LIFETIMES.TenSecondJob, 'any'))).toEqual(new Set([10]));
  });

  it('are the same for the same seed and different for another', () => {
    expect(draw(LIFETIMES.Sysdig2019, 'a')).toEqual(draw(LIFETIMES.Sysdig2019, 'a'));
    expect(draw(LIFETIMES.Sysdig2019, 'a')).not.toEqual(draw(LIFETIMES.Sysdig2019, 'b'));
  });
});

describe('a seeded random source', () => {
  it('gives each use its own sequence, independent of the others', () => {
    const random = new Random('seed');
    const before = random.fork('ids').hex(32);
    random.next();
    expect(random.fork('ids').hex(32)).toBe(before);
    expect(random.fork('pids').hex(32)).not.toBe(before);
  });

  it('makes well-formed UUIDs', () => {
    expect(new Random(1).uuid()).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  });
});
