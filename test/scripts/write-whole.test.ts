import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { writeWhole } from '../../scripts/write-whole.ts';

/** In the repository, because a file of `dist` is renamed. */
let folder: string;
let file: string;
beforeEach(() => {
  const dist = fileURLToPath(new URL('../../dist', import.meta.url));
  mkdirSync(dist, { recursive: true });
  folder = mkdtempSync(join(dist, '.test-'));
  file = join(folder, 'a', 'file.js');
  writeWhole(file, Buffer.from('one'));
  utimesSync(file, 0, 0);
});
afterEach(() => rmSync(folder, { recursive: true }));

describe('a file of a bundle', () => {
  it('is not written again with the same contents, so that its readers are not disturbed', () => {
    writeWhole(file, Buffer.from('one'));
    expect(statSync(file).mtimeMs).toBe(0);
  });

  it('is replaced with other contents, and leaves no other file', () => {
    writeWhole(file, Buffer.from('two'));
    expect(readFileSync(file, 'utf8')).toBe('two');
    expect(statSync(file).mtimeMs).toBeGreaterThan(0);
    expect(readdirSync(join(folder, 'a'))).toEqual(['file.js']);
  });
});
