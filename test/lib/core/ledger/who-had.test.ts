import { describe, expect, it } from '@jest/globals';
import { whoHad } from '../../../../lib/core/ledger/who-had.ts';
import { aRecord } from '../../../support/a-record.ts';
import { MINUTE, T0 } from '../../../support/world.ts';

const IP = '10.0.3.7';
/** A task that had an address from one minute to another; without an end it runs. */
const aTenant = (workload: string, from: number, until?: number, ip = IP) =>
  aRecord({
    workload,
    identity: { ip },
    firstEventAtMs: T0 + from * MINUTE,
    ...(until === undefined ? {} : { stopped: true, lastStatus: 'STOPPED', occurredAtMs: T0 + until * MINUTE }),
  });
const names = async (at: number, ...records: ReturnType<typeof aTenant>[]) => {
  const { had, before } = await whoHad(IP, T0 + at * MINUTE, records);
  return [had.map(({ record }) => record.workload), before?.record.workload];
};

describe('who had an address', () => {
  const one = aTenant('one', 0, 2);
  const two = aTenant('two', 2, 5);
  const three = aTenant('three', 7);

  it('has one answer at each moment, though many tasks used it', async () => {
    expect(await names(0, one, two, three)).toEqual([['one'], undefined]);
    expect(await names(2, one, two, three)).toEqual([['two'], undefined]);
    expect(await names(9, one, two, three)).toEqual([['three'], undefined]);
  });

  it('is nobody between two of them, and then tells who had it last', async () => {
    expect(await names(6, one, two, three)).toEqual([[], 'two']);
    expect(await names(6, two, one)).toEqual([[], 'two']);
    expect(await names(-1, one)).toEqual([[], undefined]);
  });

  it('is each of those that shared it, the latest to come first', async () => {
    expect(await names(4, three, aTenant('lost its end', 1), two)).toEqual([['two', 'lost its end'], undefined]);
  });

  it('compares addresses, not their spelling, of all that a task has', async () => {
    const record = aTenant('both', 0, 5, '10.0.3.70 2001:db8::7');
    const had = async (ip: string) => (await whoHad(ip, T0, [record])).had.length;
    expect(await had('2001:0DB8:0:0:0:0:0:7')).toBe(1);
    expect(await had('10.0.3.7')).toBe(0);
    expect(await had('no address')).toBe(0);
  });

  it('passes over workloads of which no address is known', async () => {
    expect((await whoHad(IP, T0, [aRecord()])).had).toEqual([]);
  });
});
