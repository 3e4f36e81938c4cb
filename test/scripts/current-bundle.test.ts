import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { currentCommand } from '../../scripts/current-bundle.js';
import { sourceDigest } from '../../workbench/demo/source-digest.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'mayfly-bundle-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Writes files into a new folder, with the packages of this repository. */
function aClone(name: string, files: Readonly<Record<string, string>>): string {
  const root = join(folder, name);
  for (const [file, text] of Object.entries({ 'package.json': '{"type":"module"}', ...files })) {
    mkdirSync(join(root, file, '..'), { recursive: true });
    writeFileSync(join(root, file), text);
  }
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

const output = (bundle: string): string =>
  spawnSync(process.execPath, [fileURLToPath(bundle)], { encoding: 'utf8' }).stdout;

describe('the bundle of the command in a clone', () => {
  const says = (word: string) => `export const word: string = '${word}';`;

  it('is built from the sources as they are, and reused while they stay the same', async () => {
    const root = aClone('reused', {
      'bin/mayfly-cli.ts': "import { word } from '../lib/word.ts';\nconsole.log(word);",
      'lib/word.ts': says('first'),
    });
    const first = await currentCommand(root);
    expect([output(first), await currentCommand(root)]).toEqual(['first\n', first]);
    writeFileSync(join(root, 'lib/word.ts'), says('other')); // as long as before
    const second = await currentCommand(root);
    expect(output(second)).toBe('other\n');
    writeFileSync(join(root, 'lib/word.ts'), says('first'));
    expect(await currentCommand(root)).toBe(first);
    expect(readdirSync(join(root, 'dist/commands'))).toHaveLength(2);
  });

  it('is not made of sources with an error', async () => {
    const root = aClone('broken', { 'bin/mayfly-cli.ts': "import '../lib/missing.ts';" });
    await expect(currentCommand(root)).rejects.toThrow('Could not resolve');
    expect(existsSync(join(root, 'dist/commands'))).toBe(false);
  });

  it('is built once by commands that start at the same time', async () => {
    const root = aClone('race', { 'bin/mayfly-cli.ts': "console.log('ran');" });
    const [one, other] = await Promise.all([currentCommand(root), currentCommand(root)]);
    expect([one, output(one)]).toEqual([other, 'ran\n']);
    expect(readdirSync(join(root, 'dist/commands'))).toHaveLength(1);
  });

  it('finds files relative to its sources', async () => {
    const root = aClone('relative', {
      'bin/mayfly-cli.ts': "import { own } from '../lib/deep/own.ts';\nconsole.log(own);",
      'lib/deep/own.ts': "export const own = new URL('../data', import.meta.url).href;",
    });
    expect(output(await currentCommand(root))).toBe(`file://${join(root, 'lib/data')}\n`);
  });
});

describe('the digest of sources', () => {
  it('changes when a file changes, is added, is renamed or goes', () => {
    const root = aClone('digest', { 'lib/a.ts': 'a', 'lib/b.ts': 'b' });
    const digest = () => sourceDigest(root, ['lib', 'cdk.json']);
    const seen = [digest()];
    writeFileSync(join(root, 'lib/a.ts'), 'A');
    seen.push(digest());
    writeFileSync(join(root, 'lib/c.ts'), '');
    seen.push(digest());
    writeFileSync(join(root, 'cdk.json'), '');
    seen.push(digest());
    rmSync(join(root, 'lib/b.ts'));
    writeFileSync(join(root, 'lib/d.ts'), 'b');
    seen.push(digest());
    expect(new Set(seen).size).toBe(seen.length);
  });
});

describe('what a command loads before it runs', () => {
  it('is the command line alone: no SDK, no schema, no policy, no part of the core but what checks arguments', async () => {
    const metafile = new URL('metafile.json', await currentCommand());
    const { outputs }: Metafile = JSON.parse(readFileSync(metafile, 'utf8'));
    const loaded = new Set<string>();
    const load = (file: string | undefined): void => {
      if (file === undefined || loaded.has(file)) return;
      loaded.add(file);
      for (const { path, kind } of outputs[file]?.imports ?? []) if (kind === 'import-statement') load(path);
    };
    load(Object.keys(outputs).find((file) => outputs[file]?.entryPoint === 'bin/mayfly-cli.ts'));
    const inputs = [...loaded].flatMap((file) => Object.keys(outputs[file]?.inputs ?? {}));
    const allowed =
      /^(package\.json|bin\/|lib\/cli\/|workbench\/demo\/|lib\/core\/policy\/ip-address|lib\/cost\/usage|node_modules\/(commander|picocolors|ipaddr\.js)\/)/;
    expect(inputs.filter((input) => !allowed.test(input))).toEqual([]);
    expect(inputs).toContain('lib/cli/program.ts');
    const bytes = [...loaded].reduce((sum, file) => sum + (outputs[file]?.bytes ?? 0), 0);
    expect(bytes).toBeLessThan(250_000);
  });
});
