import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ADVICE } from '../../lib/core/ledger/advice.ts';
import { TROUBLES } from '../../lib/core/ledger/workload.ts';

const PAGE = readFileSync(new URL('../../docs/reference/verdicts.md', import.meta.url), 'utf8');
const [, VERDICTS = '', REASONS = ''] = PAGE.split(/^## /m);
const rows = (text: string): [string, string][] =>
  [...text.matchAll(/^\| `([a-z-]+)` \|.*\| (.+) \|$/gm)].map(([, name, last]) => [String(name), String(last)]);

describe('the reference page of verdicts', () => {
  it('gives for every reason of a miss the advice of "mayfly missed", and for no other', () => {
    expect(Object.fromEntries(rows(REASONS))).toEqual(ADVICE);
    expect(rows(REASONS)).toHaveLength(Object.keys(ADVICE).length);
    expect(Object.keys(ADVICE)).toEqual(expect.arrayContaining([...TROUBLES]));
  });

  it('has every verdict', () => {
    const source = readFileSync(new URL('../../lib/core/ledger/workload.ts', import.meta.url), 'utf8');
    const verdicts = [...source.matchAll(/readonly verdict: '([a-z-]+)'/g)].map(([, verdict]) => verdict);
    expect(rows(VERDICTS).map(([verdict]) => verdict)).toEqual(verdicts);
  });
});
