import { describe, expect, it } from '@jest/globals';
import { addressDigits } from '../../../../lib/core/policy/ip-address.ts';

const MiB = 1024 * 1024;

describe('an IP address', () => {
  it.each([
    ['10.0.3.7', '0a000307'],
    ['010.00.3.7', '0a000307'],
    ['::ffff:a00:307', '0a000307'],
    ['2001:DB8::1', '20010db8000000000000000000000001'],
    ['2001:db8:0:0:0:0:0:1', '20010db8000000000000000000000001'],
    ['::', '0'.repeat(32)],
  ])('%s has one canonical form', (address, digits) => {
    expect(addressDigits(address)).toBe(digits);
  });

  it.each(['', ':', '1.2.3', '1.2.3.256', 'beef', '1::2::3', '1:2:3:4:5:6:7', '::12345', 'x::1'])(
    'is not "%s"',
    (text) => expect(addressDigits(text)).toBeUndefined(),
  );

  it.each([
    ['colons and a letter', `${':'.repeat(MiB)}x`],
    ['colons', ':'.repeat(MiB)],
    ['digits', '1'.repeat(MiB)],
    ['numbers and dots', '1.'.repeat(MiB)],
  ])('is not a text of a megabyte, which is rejected as fast as a short one: %s', (_, text) => {
    // An earlier, quadratic parser took minutes for one of these.
    for (let n = 0; n < 1000; n++) expect(addressDigits(text)).toBeUndefined();
  });
});
