import { describe, expect, it } from '@jest/globals';
import { refusalOf } from '../../../../lib/core/campaigns/check-sql.ts';

const forbidShadow = { allow: true, forbidTables: ['shadow', 'Users'] };

describe('ad-hoc SQL', () => {
  it.each([
    'SELECT 1',
    ' select pid from processes ; -- done',
    'SELECT \';\' AS text, ":name" FROM uptime /* ; */',
    'WITH p AS (SELECT pid FROM processes) SELECT count(*) FROM p',
    '(SELECT 1)',
    'VALUES (1)',
  ])('is allowed by default: %s', (sql) => {
    expect(refusalOf(sql)).toBeUndefined();
  });

  it.each([
    ['INSERT INTO users VALUES (1)', 'only a SELECT is allowed'],
    ['-- SELECT\nATTACH DATABASE "x" AS y', 'only a SELECT is allowed'],
    ['', 'only a SELECT is allowed'],
    ['SELECT 1; DROP TABLE users', 'only one statement is allowed'],
    ["SELECT ';'; SELECT 2", 'only one statement is allowed'],
    ['SELECT 1;;\n;', undefined],
    ['SELECT :pid', 'the SQL has a placeholder, and nothing is bound here'],
    ['SELECT 1\0', 'the SQL holds NUL'],
    [`SELECT '${'é'.repeat(8_200)}'`, 'the SQL is longer than 16384 bytes'],
  ])('is refused unless it is one short SELECT: %j', (sql, why) => {
    expect(refusalOf(sql)).toBe(why);
  });

  it.each([
    'SELECT * FROM shadow',
    'select * from SHADOW',
    'SELECT * FROM "shadow"',
    'SELECT * FROM [shadow]',
    'SELECT * FROM `shadow`',
    "SELECT * FROM 'shadow'",
    'SELECT * FROM main.shadow',
    'SELECT 1 FROM uptime,shadow',
    'SELECT (SELECT hash FROM/**/shadow/**/LIMIT 1)',
    'WITH x AS (SELECT * FROM\nshadow) SELECT * FROM x',
    "SELECT 'a''b' FROM 'shadow' -- '",
  ])('may not name a forbidden table: %s', (sql) => {
    expect(refusalOf(sql, forbidShadow)).toBe('the policy forbids the table shadow');
  });

  it('may have the name of a forbidden table within other names, texts and comments', () => {
    expect(refusalOf("SELECT shadow_of, 'in the shadow' FROM shadows -- shadow", forbidShadow)).toBeUndefined();
    expect(refusalOf('SELECT * FROM users', forbidShadow)).toBe('the policy forbids the table Users');
  });

  it('is refused altogether under a policy that forbids it', () => {
    expect(refusalOf('SELECT 1', { allow: false, forbidTables: [] })).toBe('the policy forbids ad-hoc queries');
  });
});
