import { describe, expect, it } from '@jest/globals';
import { addressesOf, inUrl, nameOf, reachable } from '../../../../workbench/local-aws/machine/listen-address.ts';

describe('the address that a local Mayfly listens on', () => {
  it('is reached by other machines, unless it is the loopback address', () => {
    expect([addressesOf('127.0.0.1'), addressesOf('192.0.2.7')]).toEqual([[], ['192.0.2.7']]);
  });

  it('stands for all addresses of this machine that others can reach', () => {
    const all = addressesOf('0.0.0.0');
    expect(all).not.toContain('127.0.0.1');
    expect(all.filter((address) => address.startsWith('fe80:'))).toEqual([]);
  });

  it('is in URLs as it must be', () => {
    expect(['127.0.0.1', '0.0.0.0', '192.0.2.7', '2001:db8::7'].map(nameOf)).toEqual([
      'localhost',
      'localhost',
      '192.0.2.7',
      '[2001:db8::7]',
    ]);
    expect(inUrl('2001:db8::7')).toBe('[2001:db8::7]');
    expect([reachable('0.0.0.0'), reachable('192.0.2.7')]).toEqual(['127.0.0.1', '192.0.2.7']);
  });
});
