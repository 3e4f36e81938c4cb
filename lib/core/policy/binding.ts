import { search } from '@aws-lambda-powertools/jmespath';
import type { Scalar } from '../sql/literal.ts';
import { type Bindings, renderSql } from '../sql/render.ts';
import type { PolicyQuery } from './policy.ts';

/** Why a query cannot be asked on a trigger. */
export type BindingProblem =
  | 'binding-empty' // the expression yields nothing, or an empty list
  | 'binding-not-scalar' // it yields objects or lists of lists
  | 'unsafe-id' // every id is outside the allowed alphabet
  | 'unsafe-value' // a value that has no safe SQL literal, or no place in the table
  | 'too-large'; // a list of very many values, or SQL longer than any node should be sent

export type Bound =
  | { readonly ok: true; readonly bindings: Bindings; readonly refused: readonly string[] }
  | { readonly ok: false; readonly problem: BindingProblem; readonly placeholder: string };

/**
 * Docker's 64 hex digits, Fargate's `<task id>-<digits>`, whatever comes next: opaque, but of this alphabet. Ids
 * also name members of objects that the SDK stores, where it takes `__proto__` and `constructor` for something else.
 */
export const SAFE_ID = /^(?!(?:__proto__|constructor)$)[A-Za-z0-9_.-]{1,255}$/;

/**
 * The values of a query's placeholders on one trigger. Never throws for what an event holds. The work is linear in the size
 * of the trigger: its rows come from hosts.
 *
 * @param listsAreIds of containers: those outside the allowed alphabet are left out and named in `refused`
 */
export function bind(query: PolicyQuery, trigger: unknown, listsAreIds: boolean): Bound {
  const bindings: Record<string, Scalar | readonly Scalar[]> = {};
  const refused: string[] = [];
  for (const [placeholder, expression] of Object.entries(query.bind)) {
    const value = listOrScalar(expression, trigger);
    const fail = (problem: BindingProblem): Bound => ({ ok: false, problem, placeholder });
    if (value === undefined || value === null) return fail('binding-empty');
    if (value === TOO_LARGE) return fail('too-large');
    if (!Array.isArray(value)) {
      if (!isScalar(value)) return fail('binding-not-scalar');
      bindings[placeholder] = value;
      continue;
    }
    const present = value.filter((item) => item !== null && item !== undefined);
    if (!present.every(isScalar)) return fail('binding-not-scalar');
    if (present.length === 0) return fail('binding-empty');
    const safe: Scalar[] = [];
    for (const item of present) {
      if (!listsAreIds || SAFE_ID.test(String(item))) safe.push(item);
      else refused.push(String(item));
    }
    if (safe.length === 0) return fail('unsafe-id');
    bindings[placeholder] = [...new Set(safe)];
  }
  const placeholder = Object.keys(query.bind).join(', ');
  if (!Object.values(bindings).flat().every(isStorable)) return { ok: false, problem: 'unsafe-value', placeholder };
  try {
    const sql = renderSql(query.sql, bindings);
    if (Buffer.byteLength(sql) > MAX_SQL_BYTES) return { ok: false, problem: 'too-large', placeholder };
  } catch {
    return { ok: false, problem: 'unsafe-value', placeholder };
  }
  return { ok: true, bindings, refused };
}

// A waiting query is one item of the table, 400 KB at most, and holds its values beside its SQL.
const MAX_SQL_BYTES = 64 * 1024;

// Distinct values take four bytes of SQL each, at the least.
const MAX_VALUES = MAX_SQL_BYTES / 4;

const TOO_LARGE = Symbol('a list of very many values');

/** As `lookUp`; a list longer than the SQL could hold is not looked through. */
function listOrScalar(expression: string, trigger: unknown): unknown {
  try {
    const value = evaluated(expression, trigger);
    return Array.isArray(value) && value.length > MAX_VALUES ? TOO_LARGE : value;
  } catch (error) {
    // The library flattens a list by one call with all its members as arguments.
    return error instanceof RangeError ? TOO_LARGE : undefined;
  }
}

/** Whether the table can hold it as it is: it keeps 38 digits, the SDK hands over integers up to 2^53 − 1. */
const isStorable = (value: Scalar): boolean =>
  typeof value !== 'number' || value === 0 || (Math.abs(value) <= Number.MAX_SAFE_INTEGER && Math.abs(value) >= 1e-100);

/** A JMESPath over a trigger; undefined where it does not apply, such as a function of the wrong type. */
export function lookUp(expression: string, trigger: unknown): unknown {
  try {
    return evaluated(expression, trigger);
  } catch {
    return undefined;
  }
}

const evaluated = (expression: string, trigger: unknown): unknown =>
  search(expression, trigger as Parameters<typeof search>[1]);

/** The text at a path, if it can name a host or a workload: it becomes part of a key of the table, 2,048 bytes of UTF-8. */
export function nameAt(expression: string, trigger: unknown): string | undefined {
  const value = lookUp(expression, trigger);
  if (typeof value !== 'string' || value === '' || value.length > 1024) return undefined;
  const bytes = Buffer.from(value);
  return bytes.length <= 1024 && bytes.toString() === value ? value : undefined;
}

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value);
