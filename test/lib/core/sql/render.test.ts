import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Database } from '@sqlite.org/sqlite-wasm';
import fc from 'fast-check';
import { sqlLiteral } from '../../../../lib/core/sql/literal.ts';
import { renderSql } from '../../../../lib/core/sql/render.ts';
import { anyText } from '../../../support/any-text.ts';
import { aDatabase, hexOf, rowOf } from '../../../support/sqlite.ts';

let db: Database;
beforeAll(async () => {
  db = await aDatabase();
});

const value = anyText().filter((text) => !text.includes('\0') && Buffer.from(text).toString() === text);

describe('rendered SQL', () => {
  it('puts a list inside IN', () => {
    expect(renderSql('SELECT 1 WHERE id IN (:ids)', { ids: ['a', "b'c"] })).toBe("SELECT 1 WHERE id IN ('a', 'b''c')");
  });

  it('matches nothing, and stays valid, for an empty list', () => {
    const sql = renderSql("SELECT count(*) FROM (SELECT 'a' AS id) WHERE id IN (:ids)", { ids: [] });
    expect(rowOf(db, sql)).toEqual([0]);
  });

  it('passes every value to SQLite unchanged, at its own position', () => {
    fc.assert(
      fc.property(value, value, (a, b) => {
        const sql = renderSql('SELECT hex(:a), hex(:b), hex(:a || :b)', { a, b });
        expect(rowOf(db, sql)).toEqual([hexOf(a), hexOf(b), hexOf(a + b)]);
      }),
      { numRuns: 300 },
    );
  });

  it('does not treat bound values as placeholders', () => {
    expect(rowOf(db, renderSql('SELECT :a, :b', { a: ':b', b: "':a" }))).toEqual([':b', "':a"]);
  });

  it('does not treat bound values as replacement patterns', () => {
    const a = "$& $1 $$ $' $`";
    expect(rowOf(db, renderSql('SELECT :a', { a }))).toEqual([a]);
  });

  it.each([
    ['a string', "SELECT ':x', :x"],
    ['a string with quotes', "SELECT 'it''s :x', :x"],
    ['an identifier in double quotes', 'SELECT :x AS ":x ""and"" :x"'],
    ['an identifier in backticks', 'SELECT :x AS `:x`'],
    ['an identifier in brackets', 'SELECT :x AS [:x]'],
    ['a comment to the end of the line', 'SELECT :x -- :x \' " :x'],
    ['a comment to the end of the line, with SQL after it', "SELECT -- ' :x\n:x"],
    ['a block comment', "SELECT /* ' :x \n -- :x */ :x"],
    ['a block comment that never ends', "SELECT :x /* ' :x"],
    ['a comment after a string that looks like one', "SELECT '/*', :x /* :x */ -- '"],
  ])('leaves %s unchanged', (_, template) => {
    const sql = renderSql(template, { x: 'BOUND' });
    expect(sql.split("'BOUND'")).toHaveLength(2);
    expect(sql.replace("'BOUND'", ':x')).toBe(template);
    expect(rowOf(db, sql)).toContain('BOUND');
  });

  it('replaces only what SQLite itself treats as a parameter', () => {
    const piece = fc.constantFrom(
      "':x'",
      "'a''b :x'",
      '":x"',
      '`:x`',
      '[:x]',
      '-- :x\n',
      '/* :x */',
      ':x',
      ' ',
      ',1,',
      "''",
      '/*',
      '--',
      '\n',
    );
    let compared = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const template = `SELECT 1, :x ${pieces.join(' ')}`;
        let wanted: unknown;
        try {
          wanted = parameterised(template, "it's BOUND");
        } catch {
          return; // no SQL to SQLite either
        }
        compared += 1;
        expect(rowOf(db, renderSql(template, { x: "it's BOUND" }))).toEqual(wanted);
      }),
      { numRuns: 1000 },
    );
    expect(compared).toBeGreaterThan(100);
  });

  it('is rejected if a placeholder has no binding, even if it is named after a member of Object.prototype', () => {
    for (const name of ['x', 'constructor', '__proto__', 'toString']) {
      expect(() => renderSql(`SELECT :${name}`, {})).toThrow(
        expect.objectContaining({ code: 'SQL_PLACEHOLDER_UNBOUND' }),
      );
    }
  });

  it('is rejected if a binding has no placeholder, or only one inside a string', () => {
    expect(() => renderSql("SELECT ':x'", { x: 1 })).toThrow(expect.objectContaining({ code: 'SQL_BINDING_UNUSED' }));
  });

  it('is rejected if one value of a list is unsafe', () => {
    expect(() => renderSql('SELECT :x', { x: ['a', 'b\0'] })).toThrow(
      expect.objectContaining({ code: 'SQL_VALUE_UNSAFE' }),
    );
  });

  it('quotes exactly like a literal', () => {
    expect(renderSql(':x', { x: "a'b" })).toBe(sqlLiteral("a'b"));
  });
});

/** The row SQLite gives when it binds the parameter itself. */
function parameterised(template: string, x: string): unknown {
  const statement = db.prepare(template);
  try {
    statement.bind({ ':x': x });
    statement.step();
    return statement.get([]);
  } finally {
    statement.finalize();
  }
}
