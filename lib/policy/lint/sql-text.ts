const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/** The SQL with texts, quoted names and comments blanked out: every offset stays what it was. */
export const masked = (sql: string): string => sql.replace(OPAQUE, (text) => text.replace(/[^\n]/g, ' '));

/** The texts between single quotes. */
export function textLiterals(sql: string): string[] {
  return [...sql.matchAll(OPAQUE)].flatMap(([text]) =>
    text.startsWith("'") ? [text.slice(1, -1).replaceAll("''", "'")] : [],
  );
}

/** Where a word stands in the SQL outside texts and comments; 0 if nowhere. */
export function offsetOfWord(sql: string, word: string): number {
  const at = masked(sql).search(new RegExp(`(?<![A-Za-z0-9_])${word.replace(/\W/g, '\\$&')}(?![A-Za-z0-9_])`, 'i'));
  return Math.max(at, 0);
}

/** Where a `*` takes every column of a table; one over a subquery or a common table expression takes named ones. */
export function offsetOfStar(sql: string): number | undefined {
  const text = masked(sql);
  const named = new Set(
    [...text.matchAll(/\b(\w+)\s*(?:\([^()]*\)\s*)?\bAS\s+(?:(?:NOT\s+)?MATERIALIZED\s*)?\(/gi)].map(([, name]) =>
      name?.toLowerCase(),
    ),
  );
  for (const match of text.matchAll(
    /(\bSELECT\s+(?:(?:DISTINCT|ALL)\s+)?|,\s*|\b\w+\s*\.\s*)\*(?:\s+FROM\s+(\(|\w+))?/gi,
  )) {
    const [, before = '', from] = match;
    if (from === '(' || (from && named.has(from.toLowerCase()))) continue;
    return match.index + before.length;
  }
  return undefined;
}

/** Nothing but white space, comments and semicolons. */
export const isBlank = (sql: string): boolean =>
  sql.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, '').replace(/[\s;]/g, '') === '';
