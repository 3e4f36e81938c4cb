import { readFile } from 'node:fs/promises';
import { CommandError } from '../errors/command-error.ts';
import { Exit, hasCode } from '../errors/exit.ts';
import { colours, count, hanging, printable, say, sayJson } from '../terminal/print.ts';
import { type FlagProblem, lintFlagfile } from './lint-flagfile.ts';

/** Checks a flagfile and prints its problems. @throws {Exit} 1 if there are errors */
export async function lint(file: string, { json }: { readonly json: boolean }): Promise<void> {
  const problems = lintFlagfile(await textOf(file));
  const errors = problems.filter(({ level }) => level === 'error').length;
  if (json) sayJson({ file, errors, problems: problems.map(({ level, ...rest }) => ({ severity: level, ...rest })) });
  else {
    for (const problem of problems) say(hanging(lineOf(file, problem), '    '));
    const warnings = problems.length - errors;
    say(`${printable(file)}: ${count(errors, 'error')}, ${count(warnings, 'warning')}`);
  }
  if (errors > 0) throw new Exit(1);
}

async function textOf(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (hasCode(error, 'ENOENT')) throw new CommandError('NOT_FOUND', `there is no file ${file}`);
    throw error;
  }
}

function lineOf(file: string, { level, line, flag, message }: FlagProblem): string {
  const { red, yellow } = colours();
  const where = line === 0 ? file : `${file}:${line}`;
  const shown = level === 'error' ? red(level) : yellow(level);
  return `${printable(where)}  ${shown}  ${flag && `--${printable(flag)} `}${printable(message)}`;
}
