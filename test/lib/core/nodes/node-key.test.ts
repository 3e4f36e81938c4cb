import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readNodeKey, signNodeKey } from '../../../../lib/core/nodes/node-key.ts';
import { readEnroll } from '../../../../lib/core/osquery/requests.ts';
import { anyText } from '../../../support/any-text.ts';

const SECRET = 's'.repeat(64);
const CLAIM = { host: 'i-0a1b2c3d4e5f60718', epoch: 1_795_170_000 };
const KEY = signNodeKey(CLAIM, SECRET);

// Any host_identifier of an enroll request, with and without the suffix of a second agent.
const host = anyText({ minLength: 1, maxLength: 255 })
  .filter((host_identifier) => readEnroll({ host_identifier }) !== undefined)
  .chain((name) => fc.constantFrom(name, `${name}~0123abcd`));

describe('a node key', () => {
  it('names its host and enrollment to a reader with the secret', () => {
    expect(readNodeKey(KEY, [SECRET])).toEqual(CLAIM);
  });

  it('does so for every host that can enroll', () => {
    fc.assert(
      fc.property(host, fc.nat({ max: 4_000_000_000 }), (name, epoch) => {
        expect(readNodeKey(signNodeKey({ host: name, epoch }, SECRET), [SECRET])).toEqual({ host: name, epoch });
      }),
      { numRuns: 500 },
    );
    const longest = '\u{1F41D}'.repeat(127);
    expect(readNodeKey(signNodeKey({ host: longest, epoch: 1 }, SECRET), [SECRET])).toEqual({
      host: longest,
      epoch: 1,
    });
  });

  it('is printable ASCII without a space, because it travels in a header', () => {
    fc.assert(fc.property(host, (name) => expect(signNodeKey({ host: name, epoch: 1 }, SECRET)).toMatch(/^[!-~]+$/)));
  });

  it('stays valid while its secret is the previous one, and no longer', () => {
    expect(readNodeKey(KEY, ['new', SECRET])).toEqual(CLAIM);
    expect(readNodeKey(KEY, ['newest', 'new'])).toBeUndefined();
    expect(readNodeKey(KEY, [])).toBeUndefined();
  });

  it('is invalid with any one character changed, lost or added', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.';
    for (let at = 0; at < KEY.length; at++) {
      expect(readNodeKey(KEY.slice(0, at) + KEY.slice(at + 1), [SECRET])).toBeUndefined();
      for (const character of alphabet) {
        if (character !== KEY[at])
          expect(readNodeKey(KEY.slice(0, at) + character + KEY.slice(at + 1), [SECRET])).toBeUndefined();
      }
    }
    expect(readNodeKey(`${KEY}A`, [SECRET])).toBeUndefined();
    expect(readNodeKey(`${KEY}\n`, [SECRET])).toBeUndefined();
  });

  it('cannot be turned into a valid key for another host or enrollment', () => {
    const [, , , signature = ''] = KEY.split('.');
    const other = Buffer.from('i-0fffffffffffffff0').toString('base64url');
    expect(readNodeKey(`mf1.${CLAIM.epoch.toString(36)}.${other}.${signature}`, [SECRET])).toBeUndefined();
    expect(
      readNodeKey(`mf1.${(CLAIM.epoch + 1).toString(36)}.${KEY.split('.')[2]}.${signature}`, [SECRET]),
    ).toBeUndefined();
  });

  it('is invalid for any text without our signature', () => {
    fc.assert(fc.property(fc.string(), (text) => expect(readNodeKey(text, [SECRET])).toBeUndefined()));
  });
});

describe('a host identifier that no key can carry', () => {
  it.each(['\ud800', 'a\udc00b'])('is rejected at enrollment: half a surrogate pair', (host_identifier) => {
    expect(readEnroll({ host_identifier })).toBeUndefined();
  });
});
