import type { CommandWords, OptionWords, Value } from './words.ts';

/** A text in single quotes, for bash and zsh. */
export const quote = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

/** The options that choose a Mayfly, as patterns of a `case`. */
export const CHOOSING = '-d|--data|-s|--stack|--id|-t|--table';

/** Both spellings of an option. */
export const spellings = ({ short, long }: OptionWords): string[] => [short, long].flatMap((name) => name ?? []);

/** The patterns of a `case` on the path and the next word: the paths of all commands but the program itself. */
export const pathPatterns = (commands: readonly CommandWords[]): string =>
  commands
    .slice(1)
    .map(({ path }) => quote(path))
    .join('|');

/**
 * The branches of a `case` on the path and the word before: what completes the value of each option.
 *
 * @param action the shell's code for a value
 */
export const valueBranches = (commands: readonly CommandWords[], action: (value: Value) => string): string[] =>
  commands.flatMap(({ path, options }) =>
    options.flatMap((option) =>
      option.value
        ? [
            `${spellings(option)
              .map((name) => quote(`${path} ${name}`))
              .join('|')}) ${action(option.value)}; return;;`,
          ]
        : [],
    ),
  );
