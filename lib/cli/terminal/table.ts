import { totalOf, widthsOf } from './layout.ts';
import { columns } from './print.ts';

/** The widest line that a terminal of 80 columns shows in one piece, with room for its cursor. */
export const MAX_WIDTH = 78;
/** The narrowest a cell may become. */
const MIN_WIDTH = 12;

/**
 * Aligns rows like `columns`, in at most 78 characters a line as far as possible: cells of columns that may shrink are cut.
 *
 * @param shrinking numbers of the columns that may shrink, the least important first
 * @example fitted([['host', 'command'], ['web-1', 'nginx -g daemon off; …']], [1])
 */
export function fitted(rows: readonly (readonly string[])[], shrinking: readonly number[]): string {
  const widths = widthsOf(rows);
  let excess = totalOf(widths) - MAX_WIDTH;
  for (const at of shrinking) {
    const width = widths[at] ?? 0;
    const less = Math.min(Math.max(0, width - MIN_WIDTH), Math.max(0, excess));
    widths[at] = width - less;
    excess -= less;
  }
  return columns(rows.map((row) => row.map((cell, at) => shortened(cell, widths[at] ?? 0))));
}

/** Whether a table needs no cut to fit. */
export const fits = (rows: readonly (readonly string[])[]): boolean => totalOf(widthsOf(rows)) <= MAX_WIDTH;

/** The beginning of a text, with an ellipsis if something is missing. */
export const shortened = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1)).toWellFormed()}…`;
