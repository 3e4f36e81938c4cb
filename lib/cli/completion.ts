import { Argument, type Command } from 'commander';
import { NAMED } from './completion/words.ts';
import { withDeploymentOptions } from './deployment/deployment-flags.ts';
import { lazily } from './lazily.ts';
import { limit } from './terminal/paging.ts';
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
  withDeploymentOptions(program.command('names', { hidden: true }))
    .description('Print names that begin with a text, one a line, for the completion of a shell')
    .addArgument(new Argument('<of>', 'what they name').choices(NAMED))
    .argument('[beginning]', 'the text', '')
    .option('--within <ms>', 'end the command after this time', limit)
    .addHelpText(
      'after',
      `${examples('npx mayfly names hosts web-', 'npx mayfly names workloads 4f --stack Mayfly')}

It reads little and leaves out names that a shell would interpret.`,
    )
    .action(lazily(async () => (await import('./completion/names.ts')).names));
}
