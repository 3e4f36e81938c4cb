import type { Command } from 'commander';
import { CommandError } from './errors/command-error.ts';
import { examples } from './terminal/print.ts';

/** Adds `mayfly help`. It takes the whole path of a command; Commander's own takes only the first word. */
export function addHelp(program: Command): void {
  program.helpCommand(false);
  program
    .command('help')
    .description('Show the help of a command')
    .argument('[path...]', 'the command, such as: policy push')
    .addHelpText('after', examples('npx mayfly help', 'npx mayfly help policy push'))
    .action((path: string[]) => {
      commandAt(program, path).outputHelp();
    });
}

function commandAt(program: Command, path: readonly string[]): Command {
  return path.reduce((group, name) => {
    const found = group.commands.find((command) => command.name() === name || command.aliases().includes(name));
    if (found) return found;
    const at = ['npx mayfly', ...path.slice(0, path.indexOf(name))].join(' ');
    throw new CommandError('COMMAND_LINE_INVALID', `${at} has no command ${name}`, {
      next: `"${at} --help" lists those that it has`,
    });
  }, program);
}
