import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { depthOf, JsonNumber, JsonObject, parseJson, writeJson } from '../../../../workbench/world/osquery/json.ts';

describe('the JSON reader', () => {
  it('writes the same bytes as JSON.stringify for documents without fractions', () => {
    const value = fc.letrec((tie) => ({
      any: fc.oneof(
        { depthSize: 'small' },
        fc.constant(null),
        fc.boolean(),
        fc.integer(),
        fc.string({ unit: 'grapheme' }),
        fc.array(tie('any')),
        fc.dictionary(fc.string(), tie('any')),
      ),
    })).any;
    fc.assert(
      fc.property(value, (document) => {
        const text = JSON.stringify(document);
        // RapidJSON writes the hex digits of an escape in upper case; nothing else may differ.
        expect(writeJson(parseJson(text)).toLowerCase()).toBe(text.toLowerCase());
      }),
    );
  });

  it('keeps the order of members, even of names that look like numbers', () => {
    const document = parseJson('{"b":1,"2":2,"1":3,"__proto__":4}');
    expect(document instanceof JsonObject && document.members.map(([key]) => key)).toEqual([
      'b',
      '2',
      '1',
      '__proto__',
    ]);
  });

  it('distinguishes integers from other numbers', () => {
    const isInt = (text: string) => {
      const number = parseJson(text);
      return number instanceof JsonNumber && number.isInt32;
    };
    expect(['60', '-1', '2147483647'].map(isInt)).toEqual([true, true, true]);
    expect(['60.0', '6e1', '2147483648'].map(isInt)).toEqual([false, false, false]);
  });

  it('writes fractions as RapidJSON does', () => {
    expect(writeJson(parseJson('[1.50, 2.0, 1e2]'))).toBe('[1.5,2.0,100.0]');
  });

  it('counts nesting', () => {
    expect(depthOf(parseJson('{"a":[{"b":1}],"c":2}'))).toBe(3);
  });

  it.each(['01', '+1', '.5', 'nul', "{'a':1}", '[1 2]', '"\\x"', ''])('rejects %s', (text) => {
    expect(() => parseJson(text)).toThrow(SyntaxError);
  });
});
