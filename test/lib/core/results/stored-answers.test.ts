import { describe, expect, it } from '@jest/globals';
import { entryOf, pageNews } from '../../../../lib/core/results/stored-answers.ts';
import { T0 } from '../../../support/times.ts';

describe('the record of a stored answer', () => {
  const run = { deliveryId: '0mhy1x2ab-0001', offer: 1, position: 2 };

  it('is on the page of the minute of its delivery', () => {
    const page = String(Math.floor(Number.parseInt('0mhy1x2ab', 36) / 60_000));
    expect(entryOf({ wireId: 'w', status: 0 }, run)).toEqual({ page, mark: '0mhy1x2ab-0001-01-02' });
  });

  it('is a different one for a failed query, so that good rows later count as another answer', () => {
    expect(entryOf({ wireId: 'w', status: 1 }, run).mark).toBe('0mhy1x2ab-0001-01-02!');
    expect(entryOf({ wireId: 'x', status: 0 }, undefined)).not.toEqual(entryOf({ wireId: 'x', status: 1 }, undefined));
  });

  it.each(['', '\0#d', 'x'.repeat(100_000), '__proto__'])(
    'is short, and on one of sixteen pages, for any id: %.10j',
    (wireId) => {
      const { page, mark } = entryOf({ wireId, status: 0 }, undefined);
      expect([page, mark]).toEqual([expect.stringMatching(/^~[0-9a-f]$/), expect.stringMatching(/^[0-9a-f]{24}$/)]);
    },
  );

  it('replaces all others on a page that would exceed ten thousand', () => {
    const many = new Set(Array.from({ length: 9_999 }, (_, n) => String(n)));
    expect(pageNews(many, ['a'], T0).replaces).toBe(false);
    expect(pageNews(many, ['a', 'b'], T0).replaces).toBe(true);
  });
});
