import { MayflyError } from '../errors.ts';
import { type Scalar, sqlLiteral } from './literal.ts';

export type Bindings = Readonly<Record<string, Scalar | readonly Scalar[]>>;

// Strings, quoted identifiers and comments match as a whole, so that a `:name` inside one stays text. A block comment without
// an end reaches to the end of the text, as in SQLite.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|:([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * Replaces every `:name` in the SQL with the literal of its binding, or with comma-separated literals for a list. An empty
 * list becomes `NULL`, so `IN (:ids)` matches nothing and stays valid.
 *
 * @throws {MayflyError} `SQL_PLACEHOLDER_UNBOUND`, `SQL_BINDING_UNUSED` or `SQL_VALUE_UNSAFE`
 * @example renderSql('SELECT id FROM docker_containers WHERE id IN (:ids)', { ids: ['4f2c', '9b1e'] })
 *   // SELECT id FROM docker_containers WHERE id IN ('4f2c', '9b1e')
 */
export function renderSql(template: string, bindings: Bindings): string {
  const used = new Set<string>();
  const sql = template.replace(TOKEN, (token: string, name: string | undefined) => {
    if (name === undefined) return token;
    const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
    if (value === undefined) throw new MayflyError('SQL_PLACEHOLDER_UNBOUND', `:${name} has no binding`);
    used.add(name);
    if (!isList(value)) return sqlLiteral(value);
    return value.length === 0 ? 'NULL' : value.map(sqlLiteral).join(', ');
  });
  const idle = Object.keys(bindings).find((name) => !used.has(name));
  if (idle !== undefined) throw new MayflyError('SQL_BINDING_UNUSED', `the SQL has no :${idle}`);
  return sql;
}

const isList = (value: Scalar | readonly Scalar[]): value is readonly Scalar[] => Array.isArray(value);
