import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import packageJson from '../../package.json' with { type: 'json' };

const PAGE = readFileSync(new URL('../../docs/threat-model.md', import.meta.url), 'utf8');
const promises = [...PAGE.matchAll(/^\| (?!promise|who|---|a |an )(.+) \| (.+) \|$/gm)].map(([, promise, tests]) => ({
  promise: String(promise),
  tests: String(tests),
}));

describe('the threat model', () => {
  it('names the tests of each promise', () => {
    expect(promises.length).toBeGreaterThan(20);
    for (const { promise, tests } of promises)
      expect([promise, /`test\/|`npm run |\]\(world\.md\)/.test(tests)]).toEqual([promise, true]);
  });

  it('names only existing tests and scripts', () => {
    const paths = [...PAGE.matchAll(/`(test\/[\w./-]+)`/g)].map(([, path]) => String(path));
    const scripts = [...PAGE.matchAll(/`npm run ([\w:]+)/g)].map(([, name]) => String(name));
    expect(paths.filter((path) => !existsSync(path))).toEqual([]);
    expect(scripts.filter((name) => !Object.hasOwn(packageJson.scripts, name))).toEqual([]);
  });
});
