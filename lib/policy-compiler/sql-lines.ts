// Texts and quoted names are one token each; so are white space, and joins of several words.
const TOKEN =
  /'(?:[^']|'')*'|"(?:[^"]|"")*"|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|\s+|(?:(?:LEFT|CROSS|INNER|NATURAL)\s+(?:OUTER\s+)?)?\bJOIN\b|\b(?:GROUP|ORDER)\s+BY\b|\bUNION(?:\s+ALL)?\b|\w+|./gis;

const CLAUSE = /^(?:SELECT|FROM|WHERE|AND|OR|HAVING|LIMIT|UNION(?:\s+ALL)?|(?:GROUP|ORDER)\s+BY|(?:\w+\s+)*JOIN)$/i;

/**
 * SQL with a line for each clause and for each column, so that a diff shows what has changed and not a long line twice.
 * White space outside of texts is lost; what stands in brackets stays together.
 */
export function sqlLines(sql: string): string[] {
  const lines = [''];
  let depth = 0;
  const add = (text: string) => {
    lines[lines.length - 1] += text;
  };
  for (const [token] of sql.trim().matchAll(TOKEN)) {
    if (token === '(') depth++;
    if (token === ')') depth--;
    if (/^\s+$/.test(token)) {
      if (lines.at(-1)?.trim() !== '') add(' ');
    } else if (depth === 0 && CLAUSE.test(token)) {
      if (lines.at(-1)?.trim() === '') lines.pop();
      lines.push(token.replace(/\s+/g, ' '));
    } else {
      add(token);
      if (depth === 0 && token === ',') lines.push('  ');
    }
  }
  return lines.map((line) => line.trimEnd()).filter((line) => line !== '');
}
