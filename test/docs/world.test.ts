import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');
const codeIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => String(code));

/** The rows of the table of changes that remove a fix. */
const changes = read('docs/world.md')
  .split('\n')
  .filter((line) => /^\|.*\.ts` \|/.test(line))
  .map((line) => {
    const [, file = '', replaced = '', by = ''] = line.split(' | ');
    return { file: codeIn(file)[0] ?? '', replaced: codeIn(replaced), by: codeIn(by) };
  });

describe('the page on seeded worlds', () => {
  it('removes fixes by replacing code that is there, once', () => {
    expect(changes).toHaveLength(6);
    for (const { file, replaced, by } of changes) {
      expect(by).toHaveLength(replaced.length);
      const code = read(`lib/core/${file}`);
      expect([file, replaced.map((text) => code.split(text).length - 1)]).toEqual([file, replaced.map(() => 1)]);
    }
  });
});
