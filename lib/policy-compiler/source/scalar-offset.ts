/**
 * Converts an offset in the value of a YAML scalar to an offset in the scalar as written. Folding, indentation and line
 * breaks change only white space, so this counts the other characters.
 *
 * @param written the scalar in the file, with its quotes or its `>-`
 * @param type the kind of scalar, as the yaml package names it
 * @returns undefined where escapes make counting impossible
 * @example offsetInScalar('>-\n  a\n  b', 'BLOCK_FOLDED', 'a b', 2) // 9
 */
export function offsetInScalar(
  written: string,
  type: string | undefined | null,
  value: string,
  offset: number,
): number | undefined {
  if (type === 'QUOTE_DOUBLE' && written.includes('\\')) return undefined;
  const isQuoted = type === 'QUOTE_DOUBLE' || type === 'QUOTE_SINGLE';
  const isBlock = type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL';
  const text = type === 'QUOTE_SINGLE' ? written.slice(0, 1) + written.slice(1, -1).replaceAll("''", " '") : written;
  const start = isQuoted ? 1 : isBlock ? written.indexOf('\n') + 1 : 0;
  const wanted = count(value.slice(0, offset));
  let seen = 0;
  for (let i = start; i < text.length; i++) {
    if (isSpace(text[i])) continue;
    if (seen === wanted) return i;
    seen++;
  }
  return undefined;
}

const isSpace = (character: string | undefined) => character !== undefined && /\s/.test(character);

const count = (text: string): number => text.replace(/\s/g, '').length;
