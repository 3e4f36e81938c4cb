import { describe, expect, it } from '@jest/globals';
import type { Command, Option } from 'commander';
import { programWith } from '../../../lib/cli/program.ts';
import { grouped } from '../../../lib/core/grouped.ts';
import { addWorkbench } from '../../../workbench/demo/add-workbench.ts';
import { mayfly } from '../../support/command.ts';

const program = programWith(addWorkbench);

/** The words of every command after `mayfly`, groups included. */
const pathsOf = (command: Command, path: readonly string[] = []): string[] => [
  path.join(' '),
  ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()])),
];
const PATHS = pathsOf(program);

/** Cut where the shell takes over: at a pipe, a redirection or the end of a substitution. */
const examplesIn = (help: string): string[][] =>
  [...help.matchAll(/^ {2}\$ .*?(?:npx mayfly|npm start --)[ ]?([^|>)\n]*)/gm)].map(([, words = '']) =>
    [
      ...words
        .split(/ {3,}/, 1)
        .join('')
        .matchAll(/"[^"]*"|'[^']*'|\S+/g),
    ].map(([word]) => word.replace(/^(['"])(.*)\1$/, '$2')),
  );

describe('every command', () => {
  it('is found', () => {
    expect(PATHS).toEqual(expect.arrayContaining(['', 'coverage', 'policy', 'policy push', 'local put-events']));
  });

  it.each(PATHS)('"mayfly help %s" shows its help, with an example', async (path) => {
    const words = path.split(' ').filter((word) => word !== '');
    const helped = await mayfly('help', ...words);
    expect(helped).toEqual(await mayfly(...words, '--help'));
    expect(helped.code).toBe(0);
    expect(helped.stdout).toContain(`Usage: ${['mayfly', ...words].join(' ')}`);
    const examples = examplesIn(helped.stdout);
    expect(examples.length).toBeGreaterThan(0);
    // With `--help` at the end a command does nothing, but has parsed its other arguments.
    for (const example of examples) {
      expect([example, (await mayfly(...example, '--help')).code]).toEqual([example, 0]);
      expect([example, (await mayfly(...example, '--no-such-option')).code]).toEqual([example, 2]);
    }
  });

  it.each(PATHS)('"mayfly %s" describes every option and argument', (path) => {
    const found = path
      .split(' ')
      .filter((word) => word !== '')
      .reduce<Command | undefined>((at, word) => at?.commands.find((sub) => sub.name() === word), program);
    expect(found?.description()).not.toBe('');
    for (const { flags, description } of found?.options ?? []) expect([flags, description]).not.toEqual([flags, '']);
    for (const argument of found?.registeredArguments ?? [])
      expect([argument.name(), argument.description]).not.toEqual([argument.name(), '']);
  });
});

describe('options with one name', () => {
  const all = (command: Command): readonly Option[] => [...command.options, ...command.commands.flatMap(all)];
  const byName = [...grouped(all(program), ({ long }) => long ?? '')];
  /** `query --all` asks every node, so it has no short name. */
  const OTHER = ['--all', '--front'];

  it.each(byName.filter(([long]) => !OTHER.includes(long)))(
    '%s have one short name and one placeholder',
    (_, those) => {
      expect(new Set(those.map(({ flags }) => flags)).size).toBe(1);
    },
  );

  it('have one default, so that --data means the same everywhere but in cost', () => {
    const defaults = all(program).flatMap(({ long, defaultValue }) => (long === '--data' ? [defaultValue] : []));
    expect(new Set(defaults)).toEqual(new Set(['.mayfly', undefined]));
    expect(defaults.filter((value) => value === undefined)).toHaveLength(1);
  });
});

describe('"mayfly help" of a command that does not exist', () => {
  it('says where the path ends', async () => {
    expect(await mayfly('help', 'policy', 'publish')).toMatchObject({
      code: 2,
      stderr: 'mayfly: npx mayfly policy has no command publish: "npx mayfly policy --help" lists those that it has\n',
    });
  });
});
