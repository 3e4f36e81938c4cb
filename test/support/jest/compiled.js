import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { transform, version } from 'esbuild';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const SOURCES = ['bench', 'bin', 'lambdas', 'lib', 'scripts', 'test', 'workbench'];

/** The folder with the JavaScript of our TypeScript, by the digest of its text. */
const COMPILED = join(ROOT, 'node_modules/.cache/mayfly-tests');

const WEEK_MS = 7 * 86_400_000;

// Without `keepNames`, which tsx sets: it costs a call for each function that a function makes.
const OPTIONS = {
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

mkdirSync(COMPILED, { recursive: true });

/** The JavaScript of a TypeScript file. Each text is compiled once, and its JavaScript is kept for other workers and later runs. */
export async function javaScriptOf(file) {
  const text = await readFile(file, 'utf8');
  const digest = createHash('sha1')
    .update([version, JSON.stringify(OPTIONS), file, text].join('\0'))
    .digest('hex');
  const kept = join(COMPILED, digest);
  const made = await readFile(kept, 'utf8').catch(() => undefined);
  if (made !== undefined) return made;
  const loader = file.endsWith('x') ? 'tsx' : 'ts';
  const { code } = await transform(text, { ...OPTIONS, loader, sourcefile: file });
  const unfinished = `${kept}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, kept);
  return code;
}

/** Compiles all TypeScript: together it takes a fraction of what one file after the other takes, in each worker. */
export async function compileAll() {
  const files = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true })
      .filter((name) => /(?<!\.d)\.tsx?$/.test(name))
      .map((name) => join(ROOT, folder, name)),
  );
  await Promise.all(files.map(javaScriptOf));
}

/** Removes what was compiled more than a week ago. What is still used is compiled again. */
export function forgetOld() {
  for (const name of readdirSync(COMPILED)) {
    const file = join(COMPILED, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > WEEK_MS) rmSync(file, { force: true });
  }
}
