import { stripVTControlCharacters } from 'node:util';
import pc from 'picocolors';

/** Colours where a person looks on, plain text in pipes and files; `NO_COLOR` is honoured. */
export const colours = (stream: NodeJS.WriteStream = process.stdout): ReturnType<typeof pc.createColors> =>
  pc.createColors(stream.isTTY === true && !process.env.NO_COLOR);

/** A line of what was asked for. */
export const say = (text: string): void => {
  process.stdout.write(`${text}\n`);
};

/** A line about it, which must not end up in a file that the answer is written to. */
export const note = (text: string): void => {
  process.stderr.write(`${text}\n`);
};

export const sayJson = (value: unknown): void => say(JSON.stringify(value));

/** The option that every command with an answer has. */
export const JSON_FLAG = ['--json', 'JSON for programs, on standard output', false] as const;

/** What follows a command's help. */
export const examples = (...commands: string[]): string =>
  `\nExamples:\n${commands.map((command) => `  $ ${command}`).join('\n')}`;

/** Text of somebody else's on one line of the terminal: control characters, and so escape sequences, do nothing. */
export const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}]+/gu, ' ').trim();

/** `2025-03-01 12:00:00Z` */
export const when = (atMs: number): string => new Date(atMs).toISOString().replace('T', ' ').replace(/\.\d+/, '');

/** `1 rule`, `2 rules`, `2 queries` */
export const count = (n: number, one: string, many = `${one}s`): string => `${n} ${n === 1 ? one : many}`;

/** Whole seconds as a policy writes them: `90s`, `10m`, `3h`. */
export function duration(seconds: number): string {
  if (seconds > 0 && seconds % 86_400 === 0) return `${seconds / 86_400}d`;
  if (seconds > 0 && seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds > 0 && seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

/** Rows in columns as wide as their widest cell, two spaces apart; the last column keeps its length. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows.reduce<number[]>((widest, row) => {
    row.forEach((cell, at) => {
      widest[at] = Math.max(widest[at] ?? 0, width(cell));
    });
    return widest;
  }, []);
  const line = (row: readonly string[]): string =>
    row.map((cell, at) => cell + ' '.repeat((widths[at] ?? 0) - width(cell))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}

/** A table of numbers with their names in the first column: the others end where their heading ends. */
export function figures([head = [], ...rows]: readonly (readonly string[])[]): string {
  const all = [head, ...rows];
  const widths = head.map((_, at) => Math.max(...all.map((row) => width(row[at] ?? ''))));
  const right = (cell: string, at: number): string => ' '.repeat((widths[at] ?? 0) - width(cell)) + cell;
  return columns(all.map((row) => row.map((cell, at) => (at === 0 ? cell : right(cell, at)))));
}

/** As it is seen: a colour takes no room. */
const width = (cell: string): number => stripVTControlCharacters(cell).length;

/** `1.2 s`, `310 s` */
export const seconds = (ms: number): string => `${ms < 100_000 ? (ms / 1000).toFixed(1) : Math.round(ms / 1000)} s`;

const PATIENCE_MS = 2000;

/** Waits for `work`; after two seconds it says what is being waited for, so that silence never looks like a hang. */
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
 * Shows how far something long has come, on standard error: in place on a terminal, else in a new line every few seconds.
 *
 * @returns what ends it, and takes the line off a terminal
 */
export function ticking(lineOf: (seconds: number) => string): () => void {
  const startedAt = performance.now();
  const { isTTY } = process.stderr;
  const tell = (): void => {
    const line = lineOf(Math.round((performance.now() - startedAt) / 1000));
    process.stderr.write(isTTY ? `\r${line}\u001b[K` : `${line}\n`);
  };
  tell();
  const timer = setInterval(tell, isTTY ? TICK_MS : LINE_MS);
  return () => {
    clearInterval(timer);
    if (isTTY) process.stderr.write('\r\u001b[K');
  };
}
