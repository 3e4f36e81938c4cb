import { createInterface } from 'node:readline/promises';
import { CommandError } from '../errors/command-error.ts';

/**
 * Asks for confirmation at a terminal.
 *
 * @param isConfirmed whether the command line has `--yes`
 * @throws {CommandError} `UNCONFIRMED` without a terminal, and for any answer but yes
 */
export async function confirm(question: string, isConfirmed: boolean): Promise<void> {
  if (isConfirmed) return;
  if (!process.stdin.isTTY)
    throw new CommandError('UNCONFIRMED', `${question} There is no terminal to confirm it`, { next: 'add --yes' });
  const terminal = createInterface({ input: process.stdin, output: process.stderr });
  const answer = await terminal.question(`${question} [y/N] `).finally(() => terminal.close());
  if (!/^y(es)?$/i.test(answer.trim()))
    throw new CommandError('UNCONFIRMED', 'nothing was changed: you did not confirm');
}
