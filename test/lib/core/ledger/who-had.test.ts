import { describe, expect, it } from '@jest/globals';
import { whoHad } from '../../../../lib/core/ledger/who-had.ts';
import { aRecord } from '../../../support/a-record.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const NOW = T0 + 60 * MINUTE;
const ended = (at?: number) =>
  at === undefined ? undefined : { stopped: true, lastStatus: 'STOPPED', occurredAtMs: T0 + at * MINUTE };
/** A task that got the address at one minute and stopped at another; without an end it still runs. */
const aTenant = (workload: string, from: number, until?: number) => ({
  fromMs: T0 + from * MINUTE,
  record: aRecord({
    workload,
    ...ended(until),
  }),
});
const names = (at: number, tenants: Parameters<typeof whoHad>[0], nowMs = NOW) => {
  const { had, before } = whoHad(tenants, T0 + at * MINUTE, nowMs);
  return [had.map(({ record }) => record.workload), before?.record.workload];
};

describe('who had an address', () => {
  it('is the latest workload that got it, until it stopped', () => {
    expect(names(2, [aTenant('one', 2, 5)])).toEqual([['one'], undefined]);
    expect(names(4.9, [aTenant('one', 2, 5)])).toEqual([['one'], undefined]);
    expect(names(5, [aTenant('one', 2, 5)])).toEqual([[], 'one']);
    expect(names(90, [aTenant('runs', 2)])).toEqual([['runs'], undefined]);
    expect(names(1, [aTenant('comes later', 2)])).toEqual([[], undefined]);
  });

  it('is one workload for each subnet, latest first; a workload that released it is not one', () => {
    const [one, two] = [aTenant('one', 0, 5), aTenant('two', 2, 7)];
    expect(names(4, [one, two])).toEqual([['two', 'one'], undefined]);
    expect(names(6, [one, two])).toEqual([['two'], undefined]);
    expect(names(9, [one, two])).toEqual([[], 'two']);
  });

  it('is not a running workload that released it', () => {
    const moved = { ...aTenant('moved', 0), releasedAtMs: T0 + 3 * MINUTE };
    expect(names(2, [moved])).toEqual([['moved'], undefined]);
    expect(names(3, [moved])).toEqual([[], 'moved']);
  });

  it('is not a workload without a sign for a day', () => {
    const lost = aTenant('lost', 0);
    const DAY = 24 * 60 * MINUTE;
    expect(names(0, [{ ...lost, fromMs: T0 - MINUTE }], T0 + DAY)).toEqual([[], 'lost']);
    expect(names(-0.5, [{ ...lost, fromMs: T0 - MINUTE }], T0 + DAY)).toEqual([['lost'], undefined]);
  });
});
