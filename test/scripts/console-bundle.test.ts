import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { buildConsole } from '../../scripts/build-console.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let outdir: string;
let inputs: string[];
beforeAll(async () => {
  outdir = await mkdtemp(join(tmpdir(), 'mayfly-console-'));
  inputs = Object.keys((await buildConsole({ root: ROOT, outdir })).inputs);
});
afterAll(() => rm(outdir, { recursive: true }));

describe('the bundle of the console page', () => {
  it('is made of lib/console and of packages for browsers, of nothing else of ours', () => {
    const ours = inputs.filter((file) => !file.startsWith('node_modules/'));
    expect(ours.filter((file) => !file.startsWith('lib/console/'))).toEqual([]);
    const packages = inputs.flatMap((file) => /^node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
    const known =
      /^(preact|uplot|@codemirror\/\w[\w-]*|@lezer\/\w+|@marijn\/find-cluster-break|crelt|style-mod|w3c-keyname)$/;
    expect([...new Set(packages)].filter((name) => !known.test(name))).toEqual([]);
  });

  it('has four files, and its code is less than 200 KB on the way to the browser', async () => {
    expect((await readdir(outdir)).sort()).toEqual(['icon.svg', 'index.html', 'page.css', 'page.js']);
    const { gzipSync } = await import('node:zlib');
    expect(gzipSync(await readFile(join(outdir, 'page.js'))).length).toBeLessThan(200 * 1024);
  });

  it('requests nothing from other hosts, and builds no HTML from text', async () => {
    const files = await readdir(join(ROOT, 'lib/console'), { recursive: true, withFileTypes: true });
    const source = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(join(file.parentPath, file.name), 'utf8')),
    );
    expect(source.length).toBeGreaterThan(30);
    for (const text of source) {
      expect(text).not.toMatch(/innerHTML|insertAdjacentHTML|\beval\(|new Function/);
      expect(text.replaceAll('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:\/\//);
    }
  });
});
