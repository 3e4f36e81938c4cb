import { stripVTControlCharacters } from 'node:util';

/** The room of a table. */
export interface TableRoom {
  /** The widest line, in characters. */
  readonly width: number;
  /** Headings of columns that may be hidden, the least important first. The first row has the headings. */
  readonly drop: readonly string[];
}

type Row = readonly string[];

const GAP = 2;
/** Text that is wrapped gets at least this width. */
const MIN_TEXT = 24;
const MIN_CELL = 8;
/** A time as `when` prints it. Its end says more than its date: `…10:15:00Z`. */
const TIME = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/;
const MIN_TIME = '…10:15:00Z'.length;

/** A table with the columns that fit. */
export interface Fitted {
  readonly rows: readonly Row[];
  readonly hidden: readonly string[];
}

/** Hides the columns of `drop`, in that order, until the rows fit. */
export function withoutExtras(rows: readonly Row[], { width, drop }: TableRoom): Fitted {
  const headings = (rows[0] ?? []).map((cell) => stripVTControlCharacters(cell).trim());
  let [fitted, hidden]: [readonly Row[], string[]] = [rows, []];
  for (const heading of drop) {
    if (totalOf(widthsOf(fitted)) <= width) break;
    if (!headings.includes(heading)) continue;
    hidden = [...hidden, heading];
    const kept = headings.flatMap((one, at) => (hidden.includes(one) ? [] : [at]));
    fitted = rows.map((row) => kept.map((at) => row[at] ?? ''));
  }
  return { rows: fitted, hidden };
}

/**
 * Aligns rows in columns, two spaces apart, within a width. If they are too wide, the text of the last column is wrapped,
 * and then the widest cells are cut in the middle, those of times last. The last column is not padded.
 */
export function aligned(rows: readonly Row[], width: number): string[] {
  const natural = widthsOf(rows);
  if (totalOf(natural) <= width) return rows.map((row) => lineOf(row, natural));
  const last = natural.length - 1;
  const isText = rows.some((row) => / \S+ /.test(row[last] ?? ''));
  const widths = [...natural];
  if (isText)
    widths[last] = Math.min(natural[last] ?? 0, Math.max(MIN_TEXT, width - totalOf(natural.slice(0, -1)) - GAP));
  const hasTimes = natural.map((_, at) => rows.some((row) => TIME.test(stripVTControlCharacters(row[at] ?? ''))));
  const columnsWith = (times: boolean): number[] => hasTimes.flatMap((one, at) => (one === times ? [at] : []));
  shrink(widths, columnsWith(false), { width, least: MIN_CELL });
  shrink(widths, columnsWith(true), { width, least: MIN_TIME });
  return rows.flatMap((row) => {
    const cells = row.map((cell, at) => (at === last && isText ? cell : elided(cell, widths[at] ?? 0)));
    if (!isText) return [lineOf(cells, widths)];
    const [first = '', ...more] = wrapped(cells[last] ?? '', widths[last] ?? MIN_TEXT);
    const indent = ' '.repeat(totalOf(widths.slice(0, -1)) + GAP);
    return [lineOf([...cells.slice(0, -1), first], widths), ...more.map((line) => indent + line)];
  });
}

/** Narrows the widest of these columns until the row fits, but none below a minimum. */
function shrink(
  widths: number[],
  columns: readonly number[],
  { width, least }: { width: number; least: number },
): void {
  while (totalOf(widths) > width) {
    const widest = Math.max(...columns.map((at) => widths[at] ?? 0));
    const at = columns.find((one) => widths[one] === widest);
    if (at === undefined || widest <= least) return;
    widths[at] = widest - 1;
  }
}

/** Breaks a text at spaces into lines of at most `width` characters; a longer word is broken too. */
export function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && visible(line) + 1 + visible(word) > width) {
      lines.push(line.trimEnd());
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
    while (visible(line) > width) {
      lines.push(line.slice(0, width));
      line = line.slice(width);
    }
  }
  return [...lines, line];
}

/**
 * Wraps the paragraphs of a help text. A paragraph is a block of lines without indentation; other blocks, such as lists of
 * options and examples, stay as they are.
 */
export const reflowed = (help: string, width: number): string =>
  help
    .split('\n\n')
    .map((block) => {
      const lines = block.split('\n').filter((line) => line !== '');
      const isProse = lines.length > 0 && lines.every((line) => !line.startsWith(' '));
      if (!isProse) return block;
      const [start = '', end = ''] = [/^\n*/.exec(block)?.[0], /\n*$/.exec(block)?.[0]];
      return start + wrapped(lines.join(' '), width).join('\n') + end;
    })
    .join('\n\n');

/** Cuts a cell in the middle. The end stays longer, because the ends of names differ more than their beginnings. */
function elided(cell: string, width: number): string {
  const text = stripVTControlCharacters(cell);
  if (text.length <= width) return cell;
  const start = TIME.test(text) ? 0 : Math.max(1, Math.floor((width - 1) / 4));
  return `${text.slice(0, start)}…${text.slice(text.length - (width - 1 - start))}`;
}

/** The width of each column: that of its widest cell. */
export const widthsOf = (rows: readonly Row[]): number[] =>
  rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, at) => {
      widest[at] = Math.max(widest[at] ?? 0, visible(cell));
    });
    return widest;
  }, []);

/** The width of a row with these columns. */
export const totalOf = (widths: readonly number[]): number =>
  widths.reduce((sum, one) => sum + one, 0) + GAP * Math.max(0, widths.length - 1);

const lineOf = (row: Row, widths: readonly number[]): string =>
  row
    .map((cell, at) => cell + ' '.repeat(Math.max(0, (widths[at] ?? 0) - visible(cell))))
    .join(' '.repeat(GAP))
    .trimEnd();

/** The visible width: colour codes have none. */
export const visible = (cell: string): number => stripVTControlCharacters(cell).length;
