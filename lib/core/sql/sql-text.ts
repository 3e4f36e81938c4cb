const OPAQUE = /'(?:[^']|'')*'|"(?:[^"]|"")*"|`(?:[^`]|``)*`|\[[^\]]*\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g;

/** Replaces texts, quoted names and comments with spaces, so that offsets do not change. @example masked("a = 'b'") // 'a =    ' */
export const masked = (sql: string): string => sql.replace(OPAQUE, (text) => text.replace(/[^\n]/g, ' '));

/** The texts between single quotes. @example textLiterals("a = 'b'") // ['b'] */
export function textLiterals(sql: string): string[] {
  return [...sql.matchAll(OPAQUE)].flatMap(([text]) =>
    text.startsWith("'") ? [text.slice(1, -1).replaceAll("''", "'")] : [],
  );
}

/** The offset of a word outside texts and comments; 0 if there is none. */
export function offsetOfWord(sql: string, word: string): number {
  const at = masked(sql).search(new RegExp(`(?<![A-Za-z0-9_])${word.replace(/\W/g, '\\$&')}(?![A-Za-z0-9_])`, 'i'));
  return Math.max(at, 0);
}

/** The end of the first statement: after its semicolon, else the end of the text. @example endOfStatement('SELECT 1; SELECT 2') // 9 */
export function endOfStatement(sql: string): number {
  const at = masked(sql).indexOf(';');
  return at < 0 ? sql.length : at + 1;
}

export const firstStatement = (sql: string): string => sql.slice(0, endOfStatement(sql));

/**
 * The offset of a `*` that selects every column of a table. A `*` over a subquery or a common table expression selects
 * named columns, and the one in `EXISTS (SELECT *)` selects none.
 *
 * @example offsetOfStar('SELECT * FROM processes') // 7
 */
export function offsetOfStar(sql: string): number | undefined {
  const text = masked(sql);
  const named = namedSubqueries(text);
  const star = /(\bSELECT\s+(?:(?:DISTINCT|ALL)\s+)?|,\s*|\b(\w+)\s*\.\s*)\*(?:\s+FROM\s+(\(|\w+))?/gi;
  for (const { 0: all, 1: before = '', 2: owner, 3: from, index } of text.matchAll(star)) {
    const source = (owner ?? from)?.toLowerCase();
    if (source === '(' || (source !== undefined && named.has(source))) continue;
    if (/\bEXISTS\s*\(\s*$/i.test(text.slice(0, index)) && /^select/i.test(all)) continue;
    return index + before.length;
  }
  return undefined;
}

/** Names of common table expressions and of subqueries, in lower case. */
function namedSubqueries(text: string): ReadonlySet<string> {
  const common = text.matchAll(/\b(\w+)\s*(?:\([^()]*\)\s*)?\bAS\s+(?:(?:NOT\s+)?MATERIALIZED\s*)?\(/gi);
  const inline = text.matchAll(/\)\s*(?:AS\s+)?([A-Za-z_]\w*)/gi);
  return new Set([...common, ...inline].map(([, name = '']) => name.toLowerCase()));
}

/** A call of a function in a SQL text. */
export interface FunctionCall {
  readonly name: string; // in lower case
  readonly offset: number;
  /** The text between its brackets, without nested brackets, texts and comments. */
  readonly inside: string;
}

/** Words before a bracket, outside texts and comments: function calls, and keywords such as IN. Takes linear time. */
export function functionCalls(sql: string): FunctionCall[] {
  const text = masked(sql);
  const open: { name: string; offset: number; from: number }[] = [];
  const calls: FunctionCall[] = [];
  let word = { name: '', offset: 0 };
  for (const { 0: token, index } of text.matchAll(/[A-Za-z_]\w*|\S/g)) {
    if (token === '(') open.push({ ...word, from: index + 1 });
    const last = token === ')' ? open.pop() : undefined;
    if (last && last.name !== '') calls.push({ ...last, inside: outermost(text.slice(last.from, index)) });
    word = /^\w/.test(token) ? { name: token.toLowerCase(), offset: index } : { name: '', offset: 0 };
  }
  return calls;
}

/** A text without the contents of its brackets. */
function outermost(text: string): string {
  let depth = 0;
  let outside = '';
  for (const piece of text.split(/([()])/)) {
    if (piece === '(') depth++;
    else if (piece === ')') depth--;
    else if (depth === 0) outside += piece;
  }
  return outside;
}

/** Whether a text has only white space, comments and semicolons. */
export const isBlank = (sql: string): boolean =>
  sql.replace(/--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/g, '').replace(/[\s;]/g, '') === '';

const NAME =
  /'((?:[^']|'')*)'|"((?:[^"]|"")*)"|`((?:[^`]|``)*)`|\[([^\]]*)\]|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|([\p{L}_][\p{L}\p{N}_$]*)/gu;

/**
 * Every text that may name a table, in lower case: words, quoted names, and texts, because SQLite also takes a text for a
 * name.
 *
 * @example [...namesIn("SELECT a FROM 'Users'")] // ['select', 'a', 'from', 'users']
 */
export function namesIn(sql: string): ReadonlySet<string> {
  const names = [...sql.matchAll(NAME)].flatMap(([, text, double, back, bracket, word]) => {
    const quoted = text?.replaceAll("''", "'") ?? double?.replaceAll('""', '"') ?? back?.replaceAll('``', '`');
    return quoted ?? bracket ?? word ?? [];
  });
  return new Set(names.map((name) => name.toLowerCase()));
}
