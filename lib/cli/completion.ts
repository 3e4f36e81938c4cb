import { Argument, type Command } from 'commander';
import { lazily } from './lazily.ts';
import { examples } from './terminal/print.ts';

/** Adds `mayfly completion`. */
export function addCompletion(program: Command): void {
  program
    .command('completion')
    .description('Print a script that completes commands and options in your shell')
    .addArgument(new Argument('<shell>', 'your shell').choices(['bash', 'zsh', 'fish']))
    .addHelpText(
      'after',
      `${examples(
        'source <(npx mayfly completion bash)',
        `npx mayfly completion zsh >"\${fpath[1]}/_mayfly"`,
        'npx mayfly completion fish >~/.config/fish/completions/mayfly.fish',
      )}

The scripts complete the word "mayfly". Without a global installation, define it first: alias mayfly="npx mayfly".
Print the script again after an upgrade.`,
    )
    .action(lazily(async () => (await import('./completion/print-script.ts')).printScript(program)));
}
