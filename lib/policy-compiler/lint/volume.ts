import { masked, offsetOfWord, textLiterals } from '../../core/sql/sql-text.ts';
import { LARGE, ONE_ROW, TAKES_LIKE } from '../osquery/behaviour.ts';
import type { Scan } from './osquery-database.ts';
import type { SqlProblem } from './sql-problem.ts';

const HINT = 'all answers of a delivery share one body, and one too large loses the others: narrow it, or add LIMIT';

/** Warns about what makes an answer very large, in a statement without a LIMIT. */
export function volumeProblems(sql: string, scans: readonly Scan[]): SqlProblem[] {
  if (/\bLIMIT\s[^()]*$/i.test(masked(sql))) return [];
  const warn = (table: string, message: string): SqlProblem => ({
    severity: 'warning',
    message,
    offset: offsetOfWord(sql, table),
    hint: HINT,
  });
  const warnings = [...walks(sql, scans), ...hashesOfPatterns(scans), ...products(scans), ...wholeTables(scans)];
  return [
    ...new Map(warnings.map(({ table, why }) => [table, warn(table, `${why}: it can return very much`)])).values(),
  ];
}

interface Excess {
  readonly table: string;
  readonly why: string;
}

function walks(sql: string, scans: readonly Scan[]): Excess[] {
  if (!textLiterals(sql).some((text) => text.includes('%%'))) return [];
  return scans
    .filter(({ table, used }) => TAKES_LIKE.has(table.name) && used.some(({ isLike }) => isLike))
    .map(({ table: { name } }) => ({ table: name, why: `${name} with %% walks whole trees` }));
}

const hashesOfPatterns = (scans: readonly Scan[]): Excess[] =>
  scans
    .filter(({ table, used }) => table.name === 'hash' && used.some(({ isLike }) => isLike))
    .map(() => ({ table: 'hash', why: 'hash with a pattern reads every file that matches' }));

/** Cross products: tables whose every row is joined to every row of another. */
const products = (scans: readonly Scan[]): Excess[] =>
  partsOf(scans).flatMap((part) => {
    const [first, second] = part.filter(({ table, isConstrained }) => !isConstrained && !ONE_ROW.has(table.name));
    return first && second
      ? [
          {
            table: second.table.name,
            why: `every row of ${first.table.name} is joined to every row of ${second.table.name}`,
          },
        ]
      : [];
  });

/** Large tables without a constraint on them or on the first table of their join. */
const wholeTables = (scans: readonly Scan[]): Excess[] =>
  partsOf(scans).flatMap((part) => {
    const isNarrowed = part[0]?.isConstrained ?? true;
    return part
      .filter(({ table }) => !isNarrowed && LARGE.has(table.name))
      .map(({ table: { name } }) => ({ table: name, why: `nothing narrows ${name}` }));
  });

const partsOf = (scans: readonly Scan[]): readonly (readonly Scan[])[] =>
  [...new Set(scans.map(({ part }) => part))].map((one) => scans.filter(({ part }) => part === one));
