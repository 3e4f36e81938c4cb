import { type Command, Option } from 'commander';

/** The default data folder of commands. */
export const DATA = process.env.MAYFLY_DATA || '.mayfly';

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
      new Option(
        '-s, --stack <name>',
        'a Mayfly in AWS, given by its stack; uses your credentials (env: MAYFLY_STACK)',
      ).conflicts('table'),
    )
    .addOption(new Option('--id <path>', 'which Mayfly of the stack, if it has several').conflicts('table'))
    .option('-t, --table <name>', 'a Mayfly in AWS, given by its table')
    .hook('preAction', useStackOfEnvironment);

/** Uses MAYFLY_STACK, unless the command line chooses a Mayfly itself. */
function useStackOfEnvironment(command: Command): void {
  const stack = process.env.MAYFLY_STACK;
  const isChosen = ['data', 'stack', 'table'].some((name) => command.getOptionValueSource(name) === 'cli');
  if (stack && !isChosen) command.setOptionValueWithSource('stack', stack, 'env');
}

/**
 * The flags that choose the same Mayfly, for a command that the operator can paste; empty for the default.
 *
 * @example `npx mayfly nodes${pasted(flags)}` // 'npx mayfly nodes --stack Mayfly'
 */
export function pasted({ data, stack, id, table }: DeploymentFlags): string {
  if (table) return ` --table ${quoted(table)}`;
  if (stack) return ` --stack ${quoted(stack)}${id ? ` --id ${quoted(id)}` : ''}`;
  return data === DATA ? '' : ` --data ${quoted(data)}`;
}

/** Whether the flags choose a Mayfly in AWS. */
export const isInAws = ({ stack, table }: Pick<DeploymentFlags, 'stack' | 'table'>): boolean =>
  stack !== undefined || table !== undefined;

/** What messages call the Mayfly that the flags choose, such as `the stack Mayfly`. */
export const nameOf = ({ data, stack, table }: DeploymentFlags): string =>
  table ? `the table ${table}` : stack ? `the stack ${stack}` : `the Mayfly in ${data}`;

/** A word for a shell, in quotes if it needs them. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
