/** A text after stripping, with a map back to offsets in the original text. */
export interface CleanText {
  readonly text: string;
  /** The offset in the original of an offset in `text`. */
  readonly original: (offset: number) => number;
}

/**
 * Strips from a pack what osquery strips before it parses JSON: lines that begin with `#` or `//`, and a backslash at the
 * end of a line with the line break, which lets SQL span lines.
 *
 * @see osquery, "Query packs": comments and multi-line queries
 */
export function stripOsqueryJson(text: string): CleanText {
  // osquery joins continued lines first, so a continuation does not begin a new line.
  const removed = /(?<!\\\r?\n)^[ \t]*(?:#|\/\/)(?:\\\r?\n|[^\n])*|\\\r?\n/gm;
  const kept: { from: number; at: number }[] = [];
  let clean = '';
  let from = 0;
  const keep = (to: number) => {
    if (to > from) kept.push({ from, at: clean.length });
    clean += text.slice(from, to);
  };
  for (const match of text.matchAll(removed)) {
    keep(match.index);
    from = match.index + match[0].length;
  }
  keep(text.length);
  return {
    text: clean,
    original: (offset) => {
      const piece = kept.findLast(({ at }) => at <= offset);
      return piece ? piece.from + offset - piece.at : 0;
    },
  };
}
