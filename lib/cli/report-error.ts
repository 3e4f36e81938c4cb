import { CommanderError } from 'commander';
import { CommandError, type CommandErrorCode } from './errors/command-error.ts';
import { Exit, type ExitCode, hasCode } from './errors/exit.ts';
import { escaped, harmless } from './terminal/print.ts';

/** An error as `--json` prints it, as the member `error` of one object on standard error. */
interface ErrorReport {
  readonly code: CommandErrorCode;
  readonly message: string;
  /** What to do about it; null if that is unknown. */
  readonly next: string | null;
}

/**
 * Prints an error that ended a command, on standard error.
 *
 * @param isJson whether the command line has `--json`
 * @returns the exit code
 */
export function reportError(error: unknown, isJson: boolean): ExitCode {
  if (error instanceof Exit) return error.code;
  if (error instanceof CommanderError) {
    if (error.exitCode === 0) return 0;
    // Commander has printed its message already, except with --json.
    if (isJson) write({ code: 'COMMAND_LINE_INVALID', message: messageOf(error), next: 'add --help for its usage' });
    return 2;
  }
  const { code, message, next } = reportOf(error);
  if (isJson) write({ code, message, next });
  else process.stderr.write(harmless(`mayfly: ${next === null ? message : `${message}: ${next}`}\n`));
  if (process.env.MAYFLY_DEBUG && error instanceof Error) process.stderr.write(`${error.stack}\n`);
  return code === 'COMMAND_LINE_INVALID' ? 2 : 1;
}

const write = (error: ErrorReport): void => {
  process.stderr.write(`${escaped({ error })}\n`);
};

function reportOf(error: unknown): ErrorReport {
  if (error instanceof CommandError) return { code: error.code, message: error.message, next: error.next ?? null };
  const message = error instanceof Error ? error.message : String(error);
  return ofFile(error) ?? { code: 'FAILED', message, next: null };
}

/** An error of the file system about a file that the operator named; undefined for any other. */
function ofFile(error: unknown): ErrorReport | undefined {
  if (!(error instanceof Error && 'path' in error && typeof error.path === 'string')) return undefined;
  const { path } = error;
  if (hasCode(error, 'ENOENT')) return { code: 'NOT_FOUND', message: `there is no file ${path}`, next: null };
  if (hasCode(error, 'EISDIR')) return { code: 'REFUSED', message: `${path} is a folder`, next: 'name a file' };
  if (hasCode(error, 'ENOTDIR')) return { code: 'REFUSED', message: `${path} is not in a folder`, next: null };
  if (hasCode(error, 'EACCES') || hasCode(error, 'EPERM') || hasCode(error, 'EROFS'))
    return { code: 'ACCESS_DENIED', message: `no access to ${path}`, next: 'check its owner and mode' };
  return undefined;
}

const messageOf = ({ message }: CommanderError): string => message.replace(/^error: /, '');
