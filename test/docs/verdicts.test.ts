import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { ADVICE, ON_FARGATE } from '../../lib/core/ledger/advice.ts';
import type { CoverageEvent } from '../../lib/core/ledger/review.ts';
import { type MissReason, TROUBLES } from '../../lib/core/ledger/workload.ts';

const PAGE = readFileSync(new URL('../../docs/reference/verdicts.md', import.meta.url), 'utf8');
const [, VERDICTS = '', REASONS = '', FARGATE = ''] = PAGE.split(/^## /m);
const rows = (text: string): [string, string][] =>
  [...text.matchAll(/^\| `([a-z-]+)` \|.*\| (.+) \|$/gm)].map(([, name, last]) => [String(name), String(last)]);

describe('the reference page of verdicts', () => {
  it('gives the advice of "mayfly missed" for every reason of a miss, and for no other', () => {
    expect(Object.fromEntries(rows(REASONS))).toEqual(ADVICE);
    expect(rows(REASONS)).toHaveLength(Object.keys(ADVICE).length);
    expect(Object.keys(ADVICE)).toEqual(expect.arrayContaining([...TROUBLES]));
  });

  it('gives the advice about tasks on Fargate', () => {
    expect(Object.fromEntries(rows(FARGATE))).toEqual(ON_FARGATE);
  });

  it('shows an event with all its members and the advice for its reason', () => {
    const members: Record<keyof CoverageEvent, true> = {
      ...{ workload: true, kind: true, verdict: true, reason: true, advice: true },
      ...{ cluster: true, host: true, firstEventAt: true },
    };
    const shown = JSON.parse(/^```json\n(.*?)^```/ms.exec(PAGE)?.[1] ?? '') as CoverageEvent;
    expect(Object.keys(shown).sort()).toEqual(Object.keys(members).sort());
    expect(shown.advice).toBe(ADVICE[shown.reason as MissReason]);
  });

  it('lists every verdict', () => {
    const source = readFileSync(new URL('../../lib/core/ledger/workload.ts', import.meta.url), 'utf8');
    const verdicts = [...source.matchAll(/readonly verdict: '([a-z-]+)'/g)].map(([, verdict]) => verdict);
    expect(rows(VERDICTS).map(([verdict]) => verdict)).toEqual(verdicts);
  });
});
