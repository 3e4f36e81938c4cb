import { expect, it } from '@jest/globals';
import { UpToDate } from '../../../../lib/core/reconcile/up-to-date.ts';
import { aDescription, RUNNING, STOPPED, Sweeper } from '../../../support/a-sweeper.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

it('a settled workload is cached for as long as each sweep asks for it', () => {
  const settled = new UpToDate();
  settled.add('stays', T0);
  settled.add('goes', T0);
  for (let sweep = 0; sweep < 3; sweep++) {
    settled.endSweep();
    expect([sweep, settled.has('stays', T0 + sweep * MINUTE)]).toEqual([sweep, true]);
  }
  expect(settled.has('goes', T0 + 3 * MINUTE)).toBe(false);
});

it('a quiet minute reads no record of the ledger, until a cold start', async () => {
  const sweeper = new Sweeper();
  for (let n = 0; n < 5; n++) sweeper.account.put(aDescription(n, n % 2 === 0 ? RUNNING : STOPPED, sweeper.nowMs));
  let reads = 0;
  const { ledger } = sweeper;
  const read = ledger.read.bind(ledger);
  ledger.read = async (workloads) => {
    reads += workloads.filter((workload) => workload.startsWith('arn:')).length; // not the hosts of tasks
    return read(workloads);
  };
  const readsOf = async (): Promise<number> => {
    reads = 0;
    await sweeper.sweep();
    sweeper.nowMs += MINUTE;
    return reads;
  };
  // The first sweep finds all of them, the second that they are up to date.
  expect([await readsOf(), await readsOf(), await readsOf(), await readsOf()]).toEqual([5, 5, 0, 0]);
  sweeper.coldStart();
  expect([await readsOf(), await readsOf()]).toEqual([5, 0]);
});
