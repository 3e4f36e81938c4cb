import type { Command } from 'commander';
import { say } from '../terminal/print.ts';
import { bashScript } from './bash.ts';
import { fishScript } from './fish.ts';
import { wordsOf } from './words.ts';
import { zshScript } from './zsh.ts';

const SCRIPTS = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** Prints the completion script of a shell. */
export const printScript =
  (program: Command) =>
  async (shell: keyof typeof SCRIPTS): Promise<void> =>
    say(SCRIPTS[shell](wordsOf(program)));
