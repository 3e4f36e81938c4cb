import { type Command, Option } from 'commander';
import { DATA } from './local-mayfly.ts';

/** The flags that choose the Mayfly a command works on. */
export interface DeploymentFlags {
  readonly data: string;
  readonly stack?: string;
  readonly id?: string;
  readonly table?: string;
}

/** Adds the options that choose a Mayfly. */
export const withDeploymentOptions = (command: Command): Command =>
  command
    .option('-d, --data <folder>', 'a Mayfly on this machine, given by its data folder', DATA)
    .addOption(
      new Option('-s, --stack <name>', 'a Mayfly in AWS, given by its stack; uses your credentials').conflicts('table'),
    )
    .addOption(new Option('--id <path>', 'which Mayfly of the stack, if it has several').conflicts('table'))
    .option('-t, --table <name>', 'a Mayfly in AWS, given by its table');
