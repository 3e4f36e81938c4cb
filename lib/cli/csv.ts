import { printable } from './print.ts';

/** What a spreadsheet takes for the beginning of a formula. @see OWASP, "CSV Injection" */
const FORMULA = /^[=+\-@\t\r]/;
const NUMBER = /^-?\d+(\.\d+)?$/;

/**
 * Rows as CSV (RFC 4180). Cells are untrusted: control and format characters become blanks, and a cell that a spreadsheet would
 * run as a formula begins with an apostrophe.
 *
 * @example csv([['host', 'command'], ['web-1', '=cmd()']]) // 'host,command\nweb-1,\'=cmd()'
 */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((row) => row.map(cellOf).join(',')).join('\n');

function cellOf(value: string): string {
  const text = printable(value);
  const safe = FORMULA.test(text) && !NUMBER.test(text) ? `'${text}` : text;
  return /[",\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
