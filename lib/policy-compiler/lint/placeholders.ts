// As in lib/core/sql/render.ts: a `:name` inside a string, a quoted identifier or a comment is text.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|:([A-Za-z_][A-Za-z0-9_]*)|[?@$#][A-Za-z0-9_]*/g;

export interface Placeholder {
  /** Undefined for placeholders of SQLite that Mayfly does not fill: `?`, `@name`, `$name`. */
  readonly name?: string;
  readonly text: string;
  readonly offset: number;
}

/** The placeholders of a SQL text, in order. @example placeholders('SELECT :id')[0] // { name: 'id', text: ':id', offset: 7 } */
export function placeholders(sql: string): Placeholder[] {
  return [...sql.matchAll(TOKEN)].flatMap(({ 0: text, 1: name, index: offset }) => {
    if (name) return [{ name, text, offset }];
    return /^[?@$#]/.test(text) ? [{ text, offset }] : [];
  });
}
