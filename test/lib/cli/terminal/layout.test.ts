import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { aligned, visible, withoutExtras, wrapped } from '../../../../lib/cli/terminal/layout.ts';

describe('a table', () => {
  const rows = [
    ['host', 'platform', 'note'],
    ['web-1', 'ubuntu', 'all is well here'],
  ];

  it('is aligned', () => {
    expect(aligned(rows, 78)).toEqual(['host   platform  note', 'web-1  ubuntu    all is well here']);
  });

  it('hides the least important columns first, and only as many as needed', () => {
    const drop = ['platform', 'note'];
    expect(withoutExtras(rows, { width: 33, drop })).toEqual({ rows, hidden: [] });
    expect(withoutExtras(rows, { width: 30, drop }).rows).toEqual([
      ['host', 'note'],
      ['web-1', 'all is well here'],
    ]);
    expect(withoutExtras(rows, { width: 10, drop })).toEqual({ rows: [['host'], ['web-1']], hidden: drop });
  });

  it('wraps the text of its last column below the column', () => {
    const text = 'the host never polled again after this';
    expect(aligned([['web-1', text]], 31)).toEqual(['web-1  the host never polled', '       again after this']);
  });

  it('cuts names in the middle, where they differ least', () => {
    expect(aligned([['a', 'arn:aws:ecs:us-east-1:111122223333:task/prod/a70715f3']], 25)).toEqual([
      'a  arn:a…sk/prod/a70715f3',
    ]);
  });

  it('cuts times last, and keeps their end', () => {
    const row = ['2026-11-20 10:15:00Z', 'ecs-task-running-on-hosts', 'i-0a1b2c3d4e5f60718'];
    expect(aligned([row], 48)).toEqual(['2026-11-20 10:15:00Z  ec…-on-hosts  i-…4e5f60718']);
    expect(aligned([row], 30)).toEqual(['…10:15:00Z  e…-hosts  i…f60718']);
  });

  it('keeps colours of cells that fit, and none of cells that are cut', () => {
    expect(aligned([['\u001b[31mred\u001b[39m', 'x']], 10)).toEqual(['\u001b[31mred\u001b[39m  x']);
    expect(aligned([['\u001b[31maaaaaaaaaaaa\u001b[39m', 'x']], 12)[0]).not.toContain('\u001b');
  });

  it('never exceeds the width, if each column has eight characters or more', () => {
    const cell = fc.string({ unit: 'grapheme-ascii', maxLength: 60 }).map((text) => text.trim());
    const table = fc.array(fc.array(cell, { minLength: 4, maxLength: 4 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(table, fc.integer({ min: 54, max: 100 }), (anyRows, width) => {
        expect(aligned(anyRows, width).filter((line) => visible(line) > width)).toEqual([]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('wrapped text', () => {
  it('breaks at spaces, and words that are too long', () => {
    expect(wrapped('one two three', 8)).toEqual(['one two', 'three']);
    expect(wrapped('one  two', 6)).toEqual(['one', 'two']);
    expect(wrapped('abcdefghij', 4)).toEqual(['abcd', 'efgh', 'ij']);
  });
});
