import { describe, expect, it } from '@jest/globals';
import { keepBytesOf, keptRows } from '../../../../lib/core/campaigns/kept-rows.ts';

const bytes = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));
const row = (n: number, length = 100) => ({ n: String(n), text: 'ä'.repeat(length) });

describe('the rows that a campaign keeps', () => {
  it('are all rows of a small answer, in one page', () => {
    const rows = [row(1), row(2)];
    expect(keptRows(rows, 16_000)).toEqual({ pages: [rows], kept: 2, isShortened: false });
    expect(keptRows([], 16_000)).toEqual({ pages: [], kept: 0, isShortened: false });
  });

  it('fill pages that fit into table items, in order', () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => row(n));
    const { pages, kept } = keptRows(rows, 1_000_000);
    expect(kept).toBe(3_000);
    expect(pages.flat()).toEqual(rows);
    for (const page of pages) expect(bytes(page)).toBeLessThanOrEqual(100_001);
    expect(pages.length).toBeLessThan(9);
  });

  it('end where the bytes of a host are used up', () => {
    const rows = Array.from({ length: 3_000 }, (_, n) => row(n));
    const { pages, kept } = keptRows(rows, 50_000);
    expect(pages.flat()).toEqual(rows.slice(0, kept));
    expect(bytes(pages)).toBeLessThanOrEqual(50_010);
    expect(bytes(rows.slice(0, kept + 1))).toBeGreaterThan(49_000);
  });

  it('contain a row larger than a page shortened', () => {
    const { pages, kept, isShortened } = keptRows([row(1), row(2, 500_000), row(3)], 1_000_000);
    expect({ kept, isShortened }).toEqual({ kept: 3, isShortened: true });
    expect(pages.flat()[2]).toEqual(row(3));
    expect(bytes(pages.flat()[1])).toBeLessThan(100_000);
    const wide = Object.fromEntries(Array.from({ length: 60_000 }, (_, n) => [`column${n}`, '\u0001']));
    expect(bytes(keptRows([wide], 1_000_000).pages)).toBeLessThan(100_000);
  });

  it('get fewer bytes for each host the more hosts are asked', () => {
    expect([0, 1, 64, 500, 4_000, 10_000].map(keepBytesOf)).toEqual([
      1_000_000, 1_000_000, 1_000_000, 128_000, 16_000, 16_000,
    ]);
  });
});
