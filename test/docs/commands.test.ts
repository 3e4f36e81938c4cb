import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { mayfly } from '../lib/cli/policy/harness.ts';

const PAGES = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync('docs').flatMap((name) => (/\.md$/.test(name) ? [`docs/${name}`] : [])),
];

/** The commands of a page: in its blocks of code and in its text. */
function commandsIn(page: string): string[][] {
  const text = readFileSync(page, 'utf8').replaceAll(/\\\n\s*/g, ' ');
  return [...text.matchAll(/npx mayfly ([^`\n]*)/g)].map(([, line = '']) => wordsOf(line));
}

/** The words up to where the shell takes over: a comment, a pipe, a redirection, another command. */
const wordsOf = (line: string): string[] =>
  [...line.replace(/ (?:#|\||>|&&) ?.*$/, '').matchAll(/"[^"]*"|'[^']*'|\S+/g)].map(([word]) =>
    word.replace(/^(['"])(.*)\1$/, '$2'),
  );

/** `…` stands for any command. Placeholders are values where an option or an argument wants one. */
const isWhole = (words: readonly string[]): boolean => words.length > 0 && !words.includes('…');

/** A value that an option accepts for the placeholder of a page. */
const filled = (word: string): string =>
  ({ TIME: '1h', ID: 'abcdefghij', '{…}': '{}', N: '5', VERSION: '1', ADDRESS: '10.0.0.1', '{"host": "…"}': '{}' })[
    word
  ] ?? word.replace(/^\[?([A-Z]+)\]?$/, 'name');

describe.each(PAGES)('the commands of %s', (page) => {
  it('exist, with these options and arguments', async () => {
    for (const words of commandsIn(page).filter(isWhole)) {
      // With `--help` at the end a command does nothing, but has parsed its other arguments.
      const { code, stderr } = await mayfly(...words.map(filled), '--help');
      expect([words.join(' '), code, stderr]).toEqual([words.join(' '), 0, '']);
    }
  });
});
