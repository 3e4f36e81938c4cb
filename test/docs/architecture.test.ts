import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';

const PAGE = readFileSync('docs/architecture.md', 'utf8');
const files = ['lib', 'lambdas', 'workbench', 'bin', 'policy', 'scripts', 'test'].flatMap((folder) =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((path) => join(folder, path)),
);

const textOf = (path: string): string => readFileSync(path, 'utf8');

/** The files that a page means by a path, which may lack its first folders. */
const filesNamed = (name: string): string[] => files.filter((path) => path === name || path.endsWith(`/${name}`));

describe('the architecture page', () => {
  it('names only existing files', () => {
    const named = [...PAGE.matchAll(/`([\w/-]+\.(?:ts|tsx|json))`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(40);
    expect(named.filter((name) => filesNamed(name).length === 0)).toEqual([]);
  });

  it('names only what is in the code', () => {
    const code = files
      .filter((path) => /^(?:lib|policy|workbench)\/.*\.(?:tsx?|yaml)$/.test(path))
      .map(textOf)
      .join('\n');
    const words = new Set(code.match(/\w+/g));
    const named = [...PAGE.matchAll(/`([A-Za-z]*[a-z][A-Z]\w*)`/g)].map(([, name = '']) => name);
    expect(named.length).toBeGreaterThan(20);
    expect(named.filter((name) => !words.has(name))).toEqual([]);
  });

  it('names the file in which a function is', () => {
    const pairs = [...PAGE.matchAll(/`(\w+)` (?:in |\()`([\w/-]+\.ts)`/g)];
    const wrong = pairs.filter(
      ([, name = '', file = '']) => !filesNamed(file).some((path) => textOf(path).includes(name)),
    );
    expect(pairs.length).toBeGreaterThan(1);
    expect(wrong.map(([pair]) => pair)).toEqual([]);
  });
});
