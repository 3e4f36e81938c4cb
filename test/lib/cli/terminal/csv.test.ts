import { describe, expect, it } from '@jest/globals';
import { csv } from '../../../../lib/cli/terminal/csv.ts';

describe('CSV of untrusted cells', () => {
  it.each([
    ['=cmd()', "'=cmd()"],
    ['  =cmd()', "'  =cmd()"],
    ['+1+1', "'+1+1"],
    ['-2+3', "'-2+3"],
    ['@SUM(A1)', "'@SUM(A1)"],
    ['|calc', "'|calc"],
    ['％', '％'],
    ['＝1', "'＝1"],
    ['"=1', '"\'""=1"'],
    ["'=1", "''=1"],
    ['\t=1', '\\u0009=1'],
    ['a\n=1', 'a\\u000a=1'],
    ['a;=1', "a;'=1"],
    ['a; "=1', '"a;\' ""=1"'],
    ['\u202e=1', '\\u202e=1'],
  ])('runs no formula: %j', (cell, written) => {
    expect(csv([['h', cell]])).toBe(`h,${written}`);
  });

  it.each(['5', '-5', '+5', '-0.25', 'web-1', 'a=b', '2026-11-20T10:00:00Z', 'PATH=/bin;HOME=/'])(
    'keeps numbers and texts: %j',
    (cell) => {
      expect(csv([[cell]])).toBe(cell);
    },
  );

  it('quotes commas, quotes and blanks at the ends', () => {
    expect(csv([['a,b', 'say "x"', ' c ', '']])).toBe('"a,b","say ""x"""," c ",');
  });
});
