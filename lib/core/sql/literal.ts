import { MayflyError } from '../errors.ts';

/** A value of a binding. Lists are bound inside `IN (…)`. */
export type Scalar = string | number | boolean | null;

// A lone surrogate has no UTF-8 form; SQLite would receive U+FFFD instead of what the event said.
const LONE_SURROGATE = /[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/;

/**
 * Renders a value as a SQLite literal: text in single quotes with quotes doubled, numbers in decimal, booleans as 1 and 0.
 * Event data reaches SQL in no other way.
 *
 * @throws {MayflyError} `SQL_VALUE_UNSAFE` for NUL (osquery reads SQL as a C string and would cut it there),
 *   lone surrogates and numbers that are not finite
 * @example sqlLiteral("it's") // "'it''s'"
 * @see https://sqlite.org/lang_expr.html#literal_values_constants_
 */
export function sqlLiteral(value: Scalar): string {
  if (value === null) return 'NULL';
  if (typeof value === 'boolean') return value ? '1' : '0';
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new MayflyError('SQL_VALUE_UNSAFE', `${value} has no SQL literal`);
    return Object.is(value, -0) ? '0' : String(value);
  }
  if (value.includes('\0')) throw new MayflyError('SQL_VALUE_UNSAFE', 'a text value contains NUL');
  if (LONE_SURROGATE.test(value))
    throw new MayflyError('SQL_VALUE_UNSAFE', 'a text value contains half of a surrogate pair');
  return `'${value.replaceAll("'", "''")}'`;
}
