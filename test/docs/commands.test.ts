import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { mayfly } from '../support/command.ts';
import { commandsIn } from '../support/page-commands.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs').flatMap((name) => (/\.md$/.test(name) ? [`docs/${name}`] : [])),
];

/** `…` stands for any command. Placeholders are values where an option or an argument wants one. */
const isWhole = (words: readonly string[]): boolean => words.length > 0 && !words.includes('…');

/** A value that an option accepts for the placeholder of a page. */
const filled = (word: string): string =>
  ({ TIME: '1h', ID: 'abcdefghij', '{…}': '{}', N: '5', VERSION: '1', ADDRESS: '10.0.0.1', '{"host": "…"}': '{}' })[
    word
  ] ?? word.replace(/^\[?([A-Z]+)\]?$/, 'name');

describe.each(PAGES)('the commands of %s', (page) => {
  it('exist, with these options and arguments', async () => {
    for (const words of commandsIn(readFileSync(page, 'utf8')).filter(isWhole)) {
      // With `--help` at the end a command does nothing, but has parsed its other arguments.
      const { code, stderr } = await mayfly(...words.map(filled), '--help');
      expect([words.join(' '), code, stderr]).toEqual([words.join(' '), 0, '']);
    }
  });
});
