// A text, a quoted name, white space and a join of several words are one token each.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+|(?:(?:LEFT|CROSS|INNER|NATURAL)\s+(?:OUTER\s+)?)?\bJOIN\b|\b(?:GROUP|ORDER)\s+BY\b|\bUNION(?:\s+ALL)?\b|\w+|./gis;

const CLAUSE = /^(?:SELECT|FROM|WHERE|AND|OR|HAVING|LIMIT|UNION(?:\s+ALL)?|(?:GROUP|ORDER)\s+BY|(?:\w+\s+)*JOIN)$/i;

/**
 * Splits SQL into one line for each clause and each column, so that a diff shows what changed instead of one long line
 * twice. Collapses white space outside texts; keeps brackets on one line.
 *
 * @example sqlLines('SELECT pid, name FROM processes') // ['SELECT pid,', '  name', 'FROM processes']
 */
export function sqlLines(sql: string): string[] {
  const tokens = [...sql.trim().matchAll(TOKEN)].map(([token]) => token);
  const lines: string[] = [];
  let line = '';
  for (const [token, depth] of withDepth(tokens)) {
    const isSpace = /^\s+$/.test(token);
    if (isSpace && line.trim() !== '') line += ' ';
    if (isSpace) continue;
    if (depth !== 0 || !CLAUSE.test(token)) line += token;
    else {
      lines.push(line);
      line = token.replace(/\s+/g, ' ');
    }
    if (depth === 0 && token === ',') {
      lines.push(line);
      line = '  ';
    }
  }
  return [...lines, line].map((one) => one.trimEnd()).filter((one) => one !== '');
}

/** Each token with the number of brackets that are open after it. */
function withDepth(tokens: readonly string[]): [token: string, depth: number][] {
  let depth = 0;
  return tokens.map((token) => {
    if (token === '(') depth++;
    if (token === ')') depth--;
    return [token, depth];
  });
}
