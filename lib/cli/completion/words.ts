import type { Argument, Command, Option } from 'commander';

/** Kinds of names that a shell completes by calling `mayfly names`. */
export const NAMED = ['hosts', 'workloads', 'queries', 'rows', 'rules', 'rule-queries', 'requests'] as const;
export type NameKind = (typeof NAMED)[number];

/** What a shell completes for the value of an option or an argument. */
export type Value =
  | { readonly kind: 'file' | 'folder' | 'text' }
  | { readonly kind: 'names'; readonly of: NameKind }
  | { readonly kind: 'words'; readonly words: readonly string[] };

/** An option, as a shell completes it. */
export interface OptionWords {
  /** `-s` */
  readonly short: string | undefined;
  /** `--stack` */
  readonly long: string | undefined;
  readonly description: string;
  /** Undefined for an option without a value. */
  readonly value: Value | undefined;
}

/** A command, as a shell completes it. */
export interface CommandWords {
  /** `mayfly policy push` */
  readonly path: string;
  readonly commands: readonly { readonly name: string; readonly description: string }[];
  readonly options: readonly OptionWords[];
  /** Its first argument; undefined without one. */
  readonly argument: Value | undefined;
}

/** All commands of a program, each group before its commands. */
export function wordsOf(command: Command, parent: readonly string[] = []): CommandWords[] {
  const path = [...parent, command.name()];
  const [argument] = command.registeredArguments;
  const visible = command.createHelp().visibleCommands(command);
  const commands = command.commands.filter((sub) => visible.includes(sub));
  return [
    {
      path: path.join(' '),
      commands: commands.map((sub) => ({ name: sub.name(), description: brief(sub.description()) })),
      options: command.createHelp().visibleOptions(command).map(optionOf),
      argument: argument && valueNamed(argument.name(), argument),
    },
    ...commands.flatMap((sub) => wordsOf(sub, path)),
  ];
}

const optionOf = (option: Option): OptionWords => {
  const [, placeholder] = /[<[]([\w-]+)/.exec(option.flags) ?? [];
  return {
    short: option.short,
    long: option.long,
    description: brief(option.description),
    value: placeholder === undefined ? undefined : valueNamed(placeholder, option),
  };
};

/** Placeholder of a value → the kind of name that it stands for. */
const NAMES: ReadonlyMap<string, NameKind> = new Map([
  ['host', 'hosts'],
  ['workload', 'workloads'],
  ['sql|id', 'queries'],
  ['campaign', 'queries'],
  ['workload|campaign|name', 'rows'],
  ['rule', 'rules'],
  ['query', 'rule-queries'],
  ['request', 'requests'],
]);

/** What to complete for a value, judged by its placeholder: `<folder>`, `<file>`. */
function valueNamed(placeholder: string, { argChoices }: Pick<Argument | Option, 'argChoices'>): Value {
  if (argChoices) return { kind: 'words', words: argChoices };
  const named = NAMES.get(placeholder);
  if (named) return { kind: 'names', of: named };
  if (/^(dir|folder)$/.test(placeholder)) return { kind: 'folder' };
  return { kind: /^(files?|events)$/.test(placeholder) ? 'file' : 'text' };
}

const MAX_CHARACTERS = 72;

/** The start of a description: a completion has one line for it. */
function brief(description: string): string {
  const [first = ''] = description.split(/[:;]\s/);
  return first.length <= MAX_CHARACTERS ? first : `${first.slice(0, MAX_CHARACTERS - 1).trimEnd()}…`;
}
