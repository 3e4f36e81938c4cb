import { functionCalls, masked, offsetOfWord } from '../../core/sql/sql-text.ts';
import { FIXED_ARGUMENTS, FUNCTIONS } from '../osquery/functions.ts';
import { nearest } from '../source/nearest.ts';
import type { Observation } from './osquery-database.ts';
import type { SqlProblem } from './sql-problem.ts';

/** The SQLite in osquery. */
const CARRIED = "osquery's SQLite is 3.42, without math functions";

/** SQL that the SQLite of this linter accepts and osquery's refuses, which is older and has no math functions. */
export const laterSqlite = (sql: string, observed: Observation): SqlProblem[] => [
  ...[...observed.foreignFunctions].map((name) => unknownFunction(sql, name)),
  ...functionCalls(sql).flatMap(({ name, offset, inside }): SqlProblem[] => {
    const wanted = FIXED_ARGUMENTS[name];
    const given = inside.split(',').length;
    if (wanted !== undefined && given !== wanted) {
      return [
        refusal(`wrong number of arguments to function ${name}()`, offset, `it takes ${wanted} here: ${CARRIED}`),
      ];
    }
    const isOrdered = FUNCTIONS.has(name) && /\bORDER\s+BY\b/i.test(inside);
    return isOrdered ? [refusal('ORDER BY inside a function call came with SQLite 3.44', offset, CARRIED)] : [];
  }),
  ...[...masked(sql).matchAll(/(?<![\w.$\u0080-\uffff])(?:0x[\da-f]+|[\d.]*\d(?:e[+-]?\d+)?)_[\w.]*/gi)].map(
    ({ 0: number, index }) => refusal(`unrecognized token: ${number}`, index, `write it without _: ${CARRIED}`),
  ),
];

/** osquery's equivalents. */
const SUBSTITUTES: Readonly<Record<string, string>> = { pow: 'power', ln: 'log', mod: '%', string_agg: 'group_concat' };

function unknownFunction(sql: string, name: string): SqlProblem {
  const near = SUBSTITUTES[name.toLowerCase()] ?? nearest(name, FUNCTIONS);
  const hint = near ? `did you mean ${near}? ${CARRIED}` : CARRIED;
  return refusal(`no such function: ${name}`, offsetOfWord(sql, name), hint);
}

const refusal = (message: string, offset: number, hint: string): SqlProblem => ({
  severity: 'error',
  message,
  offset,
  hint,
});
