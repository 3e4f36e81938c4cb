/** Text without what JSON does not know, and for each of its characters where it stood. */
export interface CleanJson {
  readonly text: string;
  /** The offset in the original of an offset in `text`. */
  readonly original: (offset: number) => number;
}

/**
 * What osquery strips from a pack before it reads it as JSON: lines that begin with `#` or `//`, and a backslash at a
 * line's end together with the line break, so that SQL may go over several lines.
 *
 * @see osquery, "Query packs": comments and multi-line queries
 */
export function stripOsqueryJson(text: string): CleanJson {
  // A line that a backslash continues begins no line of its own: osquery joins them first.
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
