import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '@sqlite.org/sqlite-wasm';
import fc from 'fast-check';
import { sqlLiteral } from '../../../../lib/core/sql/literal.ts';
import { anyText } from '../../../support/any-text.ts';
import { aDatabase, hexOf, rowOf } from '../../../support/sqlite.ts';

let db: Database;
beforeAll(async () => {
  db = await aDatabase();
});

// Mostly texts that try to end a literal, within arbitrary text.
const hostile = fc.constantFrom(
  "'",
  "''",
  '"',
  '`',
  '\\',
  ';',
  '--',
  '/*',
  '*/',
  ')',
  ':x',
  '?1',
  '\n',
  '\r',
  '\u2019',
  '\uFF07',
  '\u{1F600}',
  '%00',
  '\uFEFF',
);
const text = fc
  .array(fc.oneof(hostile, anyText(), fc.string({ unit: 'grapheme' })), { maxLength: 12 })
  .map((parts) => parts.join(''));
const acceptable = (value: string): boolean => !value.includes('\0') && Buffer.from(value).toString() === value;

describe('a text as a SQLite literal', () => {
  it('is returned by SQLite byte for byte, for any content', () => {
    fc.assert(
      fc.property(text.filter(acceptable), (value) => {
        const row = rowOf(db, `SELECT typeof(${sqlLiteral(value)}), hex(${sqlLiteral(value)}), 'after'`);
        expect(row).toEqual(['text', hexOf(value), 'after']); // nothing of the value reached the SQL around it
      }),
      { numRuns: 500 },
    );
  });

  it('cannot be terminated by any value inside an IN list', () => {
    fc.assert(
      fc.property(fc.array(text.filter(acceptable), { minLength: 1, maxLength: 5 }), (values) => {
        const list = values.map(sqlLiteral).join(', ');
        expect(rowOf(db, `SELECT count(*) FROM (SELECT 'never-equal' AS id) WHERE id IN (${list})`)).toEqual([0]);
        expect(rowOf(db, `SELECT ${sqlLiteral(values[0] ?? '')} IN (${list})`)).toEqual([1]);
      }),
      { numRuns: 200 },
    );
  });

  it('does not exist for text with NUL, at any position', () => {
    fc.assert(
      fc.property(text, text, (before, after) => {
        expect(() => sqlLiteral(`${before}\0${after}`)).toThrow(expect.objectContaining({ code: 'SQL_VALUE_UNSAFE' }));
      }),
      { numRuns: 50 },
    );
  });

  it('does not exist for text with half a surrogate pair', () => {
    const half = fc.integer({ min: 0xd800, max: 0xdfff }).map((unit) => String.fromCharCode(unit));
    fc.assert(
      fc.property(text.filter(acceptable), half, text.filter(acceptable), (before, lone, after) => {
        expect(() => sqlLiteral(`${before}${lone}${after}`)).toThrow(
          expect.objectContaining({ code: 'SQL_VALUE_UNSAFE' }),
        );
      }),
      { numRuns: 200 },
    );
  });

  it('is rejected or exact: no text is changed', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 }), (units) => {
        const value = String.fromCharCode(...units);
        if (acceptable(value)) expect(rowOf(db, `SELECT hex(${sqlLiteral(value)})`)).toEqual([hexOf(value)]);
        else expect(() => sqlLiteral(value)).toThrow(expect.objectContaining({ code: 'SQL_VALUE_UNSAFE' }));
      }),
      { numRuns: 500 },
    );
  });
});

describe('other values as SQLite literals', () => {
  it('are exact for every safe integer', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (value) => {
        expect(rowOf(db, `SELECT typeof(${sqlLiteral(value)}), CAST(${sqlLiteral(value)} AS TEXT)`)).toEqual([
          'integer',
          String(value),
        ]);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [null, null],
    [true, 1],
    [false, 0],
    [-0, 0],
    [0.1, 0.1],
    [-2.5, -2.5],
    [1e21, 1e21],
  ])('%p is %p to SQLite', (value, back) => {
    expect(rowOf(db, `SELECT ${sqlLiteral(value)}`)).toEqual([back]);
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])('%p is rejected', (value) => {
    expect(() => sqlLiteral(value)).toThrow(expect.objectContaining({ code: 'SQL_VALUE_UNSAFE' }));
  });
});
