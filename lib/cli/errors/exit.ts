/** The exit codes of the command. docs/reference/exit-codes.md is generated from this. */
export const EXIT_CODES = {
  0: 'Success.',
  1: 'It failed, or it was refused, or what it checked has an error: the message on standard error says which.',
  2: 'The command line is wrong. Nothing was done.',
  3: '`policy diff` found changes.',
  4: '`query` ended before enough hosts had answered: it expired, it was cancelled, or its --timeout was over.',
  5: '`query` ended, and at least one host had answered with an error.',
  130: '`query` was interrupted with Ctrl-C, and the query continues; or `rows` was, and its query in Athena is stopped.',
  141: 'The reader of its output closed the pipe, as `head` does.',
} as const satisfies Readonly<Record<number, string>>;

export type ExitCode = keyof typeof EXIT_CODES;

/** Thrown by a command that has printed its result, to end with this exit code. */
export class Exit extends Error {
  override readonly name = 'Exit';
  readonly code: ExitCode;
  constructor(code: ExitCode) {
    super(`exit code ${code}`);
    this.code = code;
  }
}

/** Whether an error of Node's carries this code, such as `ENOENT`. */
export const hasCode = (error: unknown, code: string): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === code;
