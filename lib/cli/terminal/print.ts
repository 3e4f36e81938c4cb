import pc from 'picocolors';
import { aligned, type Fitted, visible, withoutExtras, wrapped } from './layout.ts';

/** Colours for a terminal, plain text for pipes and files. Respects `NO_COLOR`. */
export const colours = (stream: NodeJS.WriteStream = process.stdout): ReturnType<typeof pc.createColors> =>
  pc.createColors(stream.isTTY === true && !process.env.NO_COLOR);

/** Prints a line of the result, on standard output. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

let notesAreJson = false;

/** Makes notes JSON objects, one a line, as errors are with `--json`. */
export function writeNotesAsJson(isJson: boolean): void {
  notesAreJson = isJson;
}

/** Prints a line about the work, on standard error, so that it does not get into a file with the result. */
export const note = (text: string): void => {
  process.stderr.write(`${notesAreJson ? escaped({ note: text }) : text}\n`);
};

export const sayJson = (value: unknown): void => say(escaped(value));

/** JSON in which control and format characters are escaped, because it may be printed on a terminal. */
export const escaped = (value: unknown): string => JSON.stringify(value).replace(/[\p{Cc}\p{Cf}]/gu, unicodeEscape);

/** Text of several lines, such as a message that quotes an argument, with control and format characters escaped. */
export const harmless = (text: string): string => text.replace(/(?!\n)[\p{Cc}\p{Cf}]/gu, unicodeEscape);

/** @example unicodeEscape('\u202e') // '\\u202e' */
const unicodeEscape = (found: string): string =>
  Array.from({ length: found.length }, (_, at) => `\\u${found.charCodeAt(at).toString(16).padStart(4, '0')}`).join('');

/** The option of every command that prints a result. */
export const JSON_FLAG = ['--json', 'JSON for programs, on standard output', false] as const;

/** The examples at the end of a command's help. */
export const examples = (...commands: string[]): string =>
  `\n${commands.length === 1 ? 'Example' : 'Examples'}:\n${commands.map((command) => `  $ ${command}`).join('\n')}`;

/** Untrusted text for one line of a terminal: without control characters, and so without escape sequences. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();

/** `2025-03-01 12:00:00Z`, or `2025-03-01 13:00:00+01:00` if `MAYFLY_TIMES` is `local`. `pastTime` reads both. */
export function when(atMs: number): string {
  const isLocal = process.env.MAYFLY_TIMES === 'local';
  const aheadMinutes = isLocal ? -new Date(atMs).getTimezoneOffset() : 0;
  const text = new Date(atMs + aheadMinutes * 60_000)
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z/, '');
  return `${text}${isLocal ? zoneOf(aheadMinutes) : 'Z'}`;
}

/** @example zoneOf(-210) // '-03:30' */
function zoneOf(aheadMinutes: number): string {
  const [hours, minutes] = [Math.floor(Math.abs(aheadMinutes) / 60), Math.abs(aheadMinutes) % 60];
  return `${aheadMinutes < 0 ? '-' : '+'}${String(hours).padStart(2, '0')}:${String(minutes).padStart(2, '0')}`;
}

/** `1 rule`, `2 rules`, `2 queries` */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Whole seconds in the form of a policy file. @example duration(600) // '10m' */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** The width of lines: the terminal's less two; unlimited elsewhere, so that no data is lost. */
const lineWidth = (): number => (process.stdout.isTTY ? Math.max(40, process.stdout.columns ?? 80) - 2 : Infinity);

/** How a table changes on a narrow terminal. */
interface Narrowing {
  /** Headings of columns that are hidden if there is no room, the least important first. */
  readonly drop?: readonly string[];
}

/**
 * Aligns rows in columns, two spaces apart. On a terminal that is too narrow, columns of `drop` are hidden; then the last
 * column's text is wrapped, and the widest cells are cut.
 *
 * @example columns([['web-1', 'seen'], ['a', 'missed']]) // 'web-1  seen\na      missed'
 */
export function columns(rows: readonly (readonly string[])[], { drop = [] }: Narrowing = {}): string {
  const width = lineWidth();
  const fitted = withoutExtras(rows, { width, drop });
  return [...aligned(fitted.rows, width), ...noteOf(fitted)].join('\n');
}

/** A table of numbers: the first column is left-aligned, the others are right-aligned. */
export function figures(rows: readonly (readonly string[])[], { drop = [] }: Narrowing = {}): string {
  const width = lineWidth();
  const fitted = withoutExtras(rows, { width, drop });
  const [head = []] = fitted.rows;
  const widths = head.map((_, at) => Math.max(...fitted.rows.map((row) => visible(row[at] ?? ''))));
  const right = (cell: string, at: number): string => ' '.repeat((widths[at] ?? 0) - visible(cell)) + cell;
  const cells = fitted.rows.map((row) => row.map((cell, at) => (at === 0 ? cell : right(cell, at))));
  return [...aligned(cells, width), ...noteOf(fitted)].join('\n');
}

const noteOf = ({ hidden }: Fitted): string[] =>
  hidden.length === 0
    ? []
    : [prose(colours().dim(`Without room: ${hidden.join(', ')}. A wider terminal or --json shows all.`))];

/** Text in lines that fit the terminal. */
export const prose = (text: string, indent = ''): string => {
  const width = lineWidth();
  if (width === Infinity) return indent + text;
  return wrapped(text, width - indent.length)
    .map((line) => indent + line)
    .join('\n');
};

/** Text whose first line begins at the margin, and whose others are indented. */
export const hanging = (text: string, indent: string): string => {
  const width = lineWidth();
  return width === Infinity ? text : wrapped(text, width - indent.length).join(`\n${indent}`);
};

/** `1.2 s`, `310 s` */
export const seconds = (ms: number): string => `${ms < 100_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;

const PATIENCE_MS = 2000;

/** Waits for `work`. After two seconds it prints what it waits for, so that the command does not seem to hang. */
export async function patiently<T>(what: string, work: Promise<T>): Promise<T> {
  const timer = setTimeout(() => note(`${what} …`), PATIENCE_MS);
  try {
    return await work;
  } finally {
    clearTimeout(timer);
  }
}

const TICK_MS = 1000;
const LINE_MS = 5000;

/**
 * Shows the progress of long work on standard error: on one line of a terminal, elsewhere as a new line every 5 s.
 *
 * @returns a function that stops it and clears the line of a terminal
 */
export function ticking(lineOf: (seconds: number) => string): () => void {
  const startedAt = performance.now();
  const { isTTY } = process.stderr;
  const print = (): void => {
    const line = lineOf(Math.round((performance.now() - startedAt) / 1000));
    if (isTTY) process.stderr.write(`\r${line}\u001b[K`);
    else note(line);
  };
  print();
  const timer = setInterval(print, isTTY ? TICK_MS : LINE_MS);
  return () => {
    clearInterval(timer);
    if (isTTY) process.stderr.write('\r\u001b[K');
  };
}
