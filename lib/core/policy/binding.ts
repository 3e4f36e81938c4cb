import { search } from '@aws-lambda-powertools/jmespath';
import type { Scalar } from '../sql/literal.ts';
import { type Bindings, renderSql } from '../sql/render.ts';
import type { PolicyQuery } from './policy.ts';

/** Why a query cannot be queued for a trigger. */
export type BindingProblem =
  | 'binding-empty' // the expression yields nothing, or an empty list
  | 'binding-not-scalar' // it yields objects or lists of lists
  | 'unsafe-id' // every id is outside the allowed alphabet
  | 'unsafe-value' // a value without a safe SQL literal, or that the table cannot store
  | 'too-large'; // a list of too many values, or SQL longer than 64 KB

export type Bound =
  | { readonly ok: true; readonly bindings: Bindings; readonly refused: readonly string[] }
  | { readonly ok: false; readonly problem: BindingProblem; readonly placeholder: string };

/**
 * The allowed form of container ids: Docker's 64 hex digits, Fargate's `<task id>-<digits>`, or any future form in this
 * alphabet. `__proto__` and `constructor` are excluded, because ids become keys of objects that the SDK stores.
 */
export const SAFE_ID = /^(?!(?:__proto__|constructor)$)[A-Za-z0-9_.-]{1,255}$/;

/**
 * Binds the placeholders of a query to values from a trigger. Never throws, whatever the trigger holds. The work is linear in
 * the size of the trigger, whose rows come from hosts.
 *
 * @param listsAreIds whether lists hold ids (of containers): ids outside the allowed alphabet are left out and returned in
 *   `refused`
 * @example
 * bind({ …, bind: { id: 'detail.instance-id' } }, { detail: { 'instance-id': 'i-0abc' } }, false);
 * // { ok: true, bindings: { id: 'i-0abc' }, refused: [] }
 */
export function bind(query: PolicyQuery, trigger: unknown, listsAreIds: boolean): Bound {
  const bindings: Record<string, Scalar | readonly Scalar[]> = {};
  const refused: string[] = [];
  for (const [placeholder, expression] of Object.entries(query.bind)) {
    const bound = bindOne(listOrScalar(expression, trigger), listsAreIds);
    if ('problem' in bound) return { ok: false, problem: bound.problem, placeholder };
    bindings[placeholder] = bound.value;
    refused.push(...bound.refused);
  }
  const problem = problemOf(query.sql, bindings);
  return problem === undefined
    ? { ok: true, bindings, refused }
    : { ok: false, problem, placeholder: Object.keys(query.bind).join(', ') };
}

type BoundValue =
  | { readonly value: Scalar | readonly Scalar[]; readonly refused: readonly string[] }
  | { readonly problem: BindingProblem };

/** The value of one placeholder: a scalar, or the distinct members of a list without null. */
function bindOne(value: unknown, listsAreIds: boolean): BoundValue {
  if (value === undefined || value === null) return { problem: 'binding-empty' };
  if (value === TOO_LARGE) return { problem: 'too-large' };
  if (!Array.isArray(value)) return isScalar(value) ? { value, refused: [] } : { problem: 'binding-not-scalar' };
  const present = value.filter((item) => item !== null && item !== undefined);
  if (!present.every(isScalar)) return { problem: 'binding-not-scalar' };
  if (present.length === 0) return { problem: 'binding-empty' };
  const isSafe = (item: Scalar): boolean => !listsAreIds || SAFE_ID.test(String(item));
  const safe = present.filter(isSafe);
  if (safe.length === 0) return { problem: 'unsafe-id' };
  return { value: [...new Set(safe)], refused: present.filter((item) => !isSafe(item)).map(String) };
}

/** Why SQL with these values cannot be queued; undefined if it can. */
function problemOf(sql: string, bindings: Bindings): BindingProblem | undefined {
  if (!Object.values(bindings).flat().every(isStorable)) return 'unsafe-value';
  try {
    return Buffer.byteLength(renderSql(sql, bindings)) > MAX_SQL_BYTES ? 'too-large' : undefined;
  } catch {
    return 'unsafe-value';
  }
}

// A pending query is one item of the table, at most 400 KB, which holds its SQL and its values.
const MAX_SQL_BYTES = 64 * 1024;

// Each distinct value takes at least four bytes of SQL.
const MAX_VALUES = MAX_SQL_BYTES / 4;

const TOO_LARGE = Symbol('a list of too many values');

/** Like `lookUp`, but returns TOO_LARGE for a list that is longer than the SQL could hold, without reading its members. */
function listOrScalar(expression: string, trigger: unknown): unknown {
  try {
    const value = evaluated(expression, trigger);
    return Array.isArray(value) && value.length > MAX_VALUES ? TOO_LARGE : value;
  } catch (error) {
    // The library flattens a list by a call with all its members as arguments, which overflows the stack.
    return error instanceof RangeError ? TOO_LARGE : undefined;
  }
}

/** Whether the table stores the value exactly: it keeps 38 digits, and the SDK accepts integers up to 2^53 − 1. */
const isStorable = (value: Scalar): boolean =>
  typeof value !== 'number' || value === 0 || (Math.abs(value) <= Number.MAX_SAFE_INTEGER && Math.abs(value) >= 1e-100);

/** Evaluates a JMESPath on a trigger; undefined if evaluation fails, such as a function on the wrong type. */
export function lookUp(expression: string, trigger: unknown): unknown {
  try {
    return evaluated(expression, trigger);
  } catch {
    return undefined;
  }
}

const evaluated = (expression: string, trigger: unknown): unknown =>
  search(expression, trigger as Parameters<typeof search>[1]);

/**
 * The text at a path if it can name a host or a workload: well-formed, 1 to 1,024 bytes, because it becomes part of a key of
 * the table, which holds 2,048 bytes of UTF-8.
 */
export function nameAt(expression: string, trigger: unknown): string | undefined {
  const value = lookUp(expression, trigger);
  if (typeof value !== 'string' || value === '' || value.length > 1024) return undefined;
  const bytes = Buffer.from(value);
  return bytes.length <= 1024 && bytes.toString() === value ? value : undefined;
}

const isScalar = (value: unknown): value is Scalar => ['string', 'number', 'boolean'].includes(typeof value);
