import { MayflyError } from '../errors.ts';
import { type Scalar, sqlLiteral } from './literal.ts';

export type Bindings = Readonly<Record<string, Scalar | readonly Scalar[]>>;

// Strings, quoted identifiers and comments are taken whole, so that a `:name` inside one of them stays text. A block
// comment may lack its end: to SQLite it then reaches to the end of the text.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|:([A-Za-z_][A-Za-z0-9_]*)/g;

/**
 * The SQL with every `:name` replaced by the quoted literal, or comma-separated literals, of its binding.
 * An empty list becomes `NULL`, so `IN (:ids)` matches nothing and stays valid.
 *
 * @throws {MayflyError} `SQL_PLACEHOLDER_UNBOUND`, `SQL_BINDING_UNUSED` or `SQL_VALUE_UNSAFE`
 */
export function renderSql(template: string, bindings: Bindings): string {
  const used = new Set<string>();
  const sql = template.replace(TOKEN, (token: string, name: string | undefined) => {
    if (name === undefined) return token;
    const value = Object.hasOwn(bindings, name) ? bindings[name] : undefined;
    if (value === undefined) throw new MayflyError('SQL_PLACEHOLDER_UNBOUND', `:${name} has no binding`);
    used.add(name);
    if (!Array.isArray(value)) return sqlLiteral(value as Scalar);
    return value.length === 0 ? 'NULL' : value.map(sqlLiteral).join(', ');
  });
  const idle = Object.keys(bindings).find((name) => !used.has(name));
  if (idle !== undefined) throw new MayflyError('SQL_BINDING_UNUSED', `the SQL has no :${idle}`);
  return sql;
}
