/**
 * Rows as CSV (RFC 4180). Cells are untrusted, and spreadsheets run them: what could be a formula begins with an apostrophe, at the
 * start of a cell and after a semicolon, and control and format characters are escaped, line breaks too.
 *
 * @example csv([['host', 'command'], ['web-1', '=cmd()']]) // 'host,command\nweb-1,\'=cmd()'
 * @see OWASP, "CSV Injection"
 */
export const csv = (rows: readonly (readonly string[])[]): string =>
  rows.map((cells) => cells.map(csvCell).join(',')).join('\n');

/** A number may begin with a sign; any other text that a spreadsheet could take for a formula may not. */
function csvCell(text: string): string {
  const plain = text.replace(
    /[\p{Cc}\p{Cf}]/gu,
    (found) => `\\u${found.codePointAt(0)?.toString(16).padStart(4, '0')}`,
  );
  const isFormula = /^["'\s]*[=+\-@＝＋－＠|%]/.test(plain) && !/^[+-]?\d+(\.\d+)?$/.test(plain);
  // Where a comma separates decimals, spreadsheets separate cells at semicolons, whatever the quotes around them.
  const inner = plain.replace(/;(?=["'\s]*[=+\-@＝＋－＠|%])/g, ";'");
  const safe = isFormula ? `'${inner}` : inner;
  return /[",]|^\s|\s$/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
