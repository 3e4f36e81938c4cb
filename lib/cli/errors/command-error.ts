/** Codes of the errors that commands print with `--json`. Stable. docs/reference/exit-codes.md is generated from this. */
export const COMMAND_ERRORS = {
  COMMAND_LINE_INVALID: 'The command line is wrong: an unknown command or option, a missing or impossible value.',
  NOT_FOUND: 'What the command line names does not exist: a stack, a table, a host, a file, a version.',
  AMBIGUOUS: 'The beginning of an id or a name fits several; the message lists them.',
  NOT_RUNNING: 'No Mayfly runs in the data folder, and the command needs one that runs.',
  NO_CREDENTIALS: 'There are no AWS credentials, or AWS does not accept them any more, or no Region is set.',
  ACCESS_DENIED: 'The AWS credentials do not allow a call, or the file system does not allow access to a file.',
  UNCONFIRMED: 'The change was not confirmed, or it needs confirmation and there is no terminal to ask at.',
  OUTDATED: 'The Mayfly was deployed by an earlier version that lacks something the command needs.',
  REFUSED: 'The command cannot do this, for example because a file is invalid, and did nothing.',
  FAILED: 'Anything else.',
} as const satisfies Readonly<Record<string, string>>;

export type CommandErrorCode = keyof typeof COMMAND_ERRORS;

interface CommandErrorOptions extends ErrorOptions {
  /** What to do about it, best as a command that can be pasted. */
  readonly next?: string;
}

/** A failure of a command that a person can do something about. Printed as `mayfly: <message>: <next>`. */
export class CommandError extends Error {
  override readonly name = 'CommandError';
  readonly code: CommandErrorCode;
  readonly next: string | undefined;
  constructor(code: CommandErrorCode, message: string, { next, ...options }: CommandErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.next = next;
  }
}
