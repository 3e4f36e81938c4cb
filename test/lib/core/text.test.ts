import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cut, parseJson } from '../../../lib/core/text.ts';

/** JSON of a text, with every unit outside ASCII as an escape, as agents and AWS may write it. */
const escaped = (text: string): string =>
  JSON.stringify(text).replace(/[^\x20-\x7e]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

describe('JSON from an untrusted source', () => {
  it.each([
    ['the first half of a pair', String.raw`"\udfff"`, '\uFFFD'],
    ['the second half of a pair', String.raw`"any\uD800"`, 'any\uFFFD'],
    ['two first halves', String.raw`"\ud83d\ud83d\ude00"`, '\uFFFD\u{1F600}'],
    ['halves in the wrong order', String.raw`"\ude00\ud83d"`, '\uFFFD\uFFFD'],
    ['a half after a whole pair', '"\u{1F600}\\ude00"', '\u{1F600}\uFFFD'],
  ])('has no half surrogate pairs: %s', (_, text, value) => {
    expect(parseJson(text)).toBe(value);
    expect(parseJson(`{"a":[{${text}:${text}}]}`)).toEqual({ a: [{ [value]: value }] });
  });

  it.each([
    ['a whole pair', String.raw`"\ud83d\ude00"`],
    ['an escaped backslash before what looks like half a pair', String.raw`"\\ud800"`],
    ['two escaped backslashes', String.raw`"\\\\ud800 \\ud83d\\ude00"`],
    ['other escapes', String.raw`"\n\"\u00e9\ud7ff\ue000\/"`],
    ['a Windows path', String.raw`"C:\\Users\\udd11\\x"`],
  ])('keeps %s', (_, text) => {
    expect(parseJson(text)).toBe(JSON.parse(text));
  });

  it('is the well-formed result of JSON.parse, for any text', () => {
    const unit = fc.constantFrom('\uD83D', '\uDE00', '\\', 'u', 'd', '8', '0', '"', 'é', '\u{1F600}', '\n');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 12 }), (units) => {
        const text = units.join('');
        expect(parseJson(escaped(text))).toBe(text.toWellFormed());
      }),
      { seed: 13, numRuns: 2000 },
    );
  });
});

describe('an integer in JSON from an untrusted source', () => {
  it.each([
    ['{"inode":18446744073709551615}', { inode: '18446744073709551615' }],
    ['[-9007199254740993, 9007199254740992]', ['-9007199254740993', '9007199254740992']],
    ['{"a": 12345678901234567890 ,"b":1}', { a: '12345678901234567890', b: 1 }],
  ])('keeps its digits if a number cannot hold them: %s', (text, value) => {
    expect(parseJson(text)).toEqual(value);
  });

  it.each([
    '[9007199254740991,-9007199254740991,1234567890123456]',
    '[12345678901234567.5,1234567890123456789e2,1e-12345678901234567,0.12345678901234567890]',
    String.raw`{"a\\":"x\",: 12345678901234567890 ","b":"\\"}`,
  ])('is what JSON.parse makes of it otherwise: %s', (text) => {
    expect(parseJson(text)).toEqual(JSON.parse(text));
  });

  it.each([
    '[012345678901234567]',
    '{12345678901234567:1}',
    '{12345678901234567 \n: 1}',
    '[--12345678901234567]',
    '[1 12345678901234567]',
    '[12345678901234567"]',
  ])('does not make JSON of what is none: %j', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });

  it('is kept beside any texts', () => {
    const unit = fc.constantFrom('\\', '"', ':', ',', '12345678901234567890', ' ', 'é');
    fc.assert(
      fc.property(fc.array(unit, { maxLength: 6 }), (units) => {
        const text = units.join('');
        const written = JSON.stringify({ [text]: [text, 0, text] }).replace(',0,', ',12345678901234567890,');
        expect(parseJson(written)).toEqual({ [text]: [text, '12345678901234567890', text] });
      }),
      { seed: 13, numRuns: 300 },
    );
  });

  it('in a text that is no JSON costs time in proportion to the text', () => {
    for (const text of [
      `[0${'0'.repeat(20)}1]`,
      `[ ${'1'.repeat(500_000)}`,
      `[12345678901234567890,"${'\\"'.repeat(200_000)}`,
    ])
      expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});

describe('a truncated text', () => {
  it('never ends in half a surrogate pair', () => {
    expect(cut('ab\u{1F600}', 3)).toBe('ab\uFFFD');
    expect(cut('ab\u{1F600}', 4)).toBe('ab\u{1F600}');
  });
});
