import { expect, it } from '@jest/globals';
import { compareAddresses, realmOf } from '../../../../lib/core/ledger/addresses.ts';
import { addressDigits } from '../../../../lib/core/policy/ip-address.ts';
import { T0 } from '../../../support/times.ts';

it('lists the addresses gained and lost, whatever their spelling', () => {
  const first = compareAddresses({ ip: '10.0.3.7 2001:DB8:0:0::7' }, {}, T0);
  const six = '20010db8000000000000000000000007';
  expect(first).toEqual({ current: { '0a000307': T0, [six]: T0 }, gained: { '0a000307': T0, [six]: T0 }, lost: {} });
  expect(compareAddresses({ ip: '2001:db8::7 10.0.3.8' }, first.current, T0 + 1)).toEqual({
    current: { [six]: T0, '0a000308': T0 + 1 },
    gained: { '0a000308': T0 + 1 },
    lost: { '0a000307': T0 },
  });
  expect(compareAddresses({}, first.current, T0 + 1).current).toEqual({});
  expect(compareAddresses({ ip: 'no address' }, {}, T0).gained).toEqual({});
});

it.each([
  ['10.0.3.7', 'subnet-1'],
  ['172.16.0.1', 'subnet-1'],
  ['172.31.255.255', 'subnet-1'],
  ['172.32.0.1', ''],
  ['192.168.1.1', 'subnet-1'],
  ['100.64.0.1', 'subnet-1'],
  ['100.127.0.1', 'subnet-1'],
  ['100.128.0.1', ''],
  ['11.0.0.1', ''],
  ['fd00::1', 'subnet-1'],
  ['fe80::1', 'subnet-1'],
  ['2001:db8::1', ''],
])('the address %s has one holder at a time within %j', (address, realm) => {
  expect(realmOf(addressDigits(address) ?? '', { subnet: 'subnet-1' })).toBe(realm);
});
