import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { compilePolicy, readPolicyFolder, strayFiles } from '../../../lib/policy-compiler/index.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-folder-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

describe('a policy folder', () => {
  it('is read in the order of its paths, without files that are not part of a policy', () => {
    const files = [
      'rules/b.yaml',
      'rules/deep/a.yml',
      'policy.yaml',
      'config/default.yaml',
      'packs/x.conf',
      'packs/y.json',
    ];
    const others = ['README.md', 'examples/rules/c.yaml', 'rules/notes.txt', 'config.yaml', '.git/config'];
    for (const file of [...files, ...others]) write(file, `# ${file}`);
    const read = readPolicyFolder(folder);
    expect([...read.keys()]).toEqual([...files].sort());
    expect(read.get('rules/b.yaml')).toBe('# rules/b.yaml');
    expect(strayFiles(folder)).toEqual(['config.yaml']);
  });

  it('with a file of 10 MB is read only until the file is known to be too large', () => {
    write('rules/a.yaml', 'x'.repeat(10_000_000));
    const read = readPolicyFolder(folder);
    expect(read.get('rules/a.yaml')?.length).toBeLessThan(5_000_000);
    expect(compilePolicy(read).problems).toContainEqual(
      expect.objectContaining({ file: 'rules/a.yaml', message: expect.stringContaining('larger than') }),
    );
  });

  it('that does not exist is an error', () => {
    expect(() => readPolicyFolder(join(folder, 'nowhere'))).toThrow('ENOENT');
  });
});
