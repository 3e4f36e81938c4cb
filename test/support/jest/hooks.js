import { createHash } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { readFile, rename, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { transform, version } from 'esbuild';
import { COMPILED } from './compiled.js';

const GLOBALS = new URL('./globals.js', import.meta.url).href;

// Without `keepNames`, which tsx sets: it costs a call for each function that a function makes.
const OPTIONS = {
  format: 'esm',
  target: 'node20.19',
  sourcemap: 'inline',
  jsx: 'automatic',
  jsxImportSource: 'preact',
};

mkdirSync(COMPILED, { recursive: true });

/** A hook of `node:module`: outside Jest's own module system, `@jest/globals` throws. */
export const resolve = (specifier, context, next) =>
  specifier === '@jest/globals' ? { url: GLOBALS, format: 'module', shortCircuit: true } : next(specifier, context);

/** A hook of `node:module`: TypeScript as JavaScript. */
export async function load(url, context, next) {
  const { pathname } = new URL(url);
  const loader = /\.(tsx?)$/.exec(pathname)?.[1];
  if (!loader) return next(url, context);
  return {
    format: 'module',
    source: await javaScriptOf(fileURLToPath(new URL(pathname, url)), loader),
    shortCircuit: true,
  };
}

/** Each text is compiled once, and its JavaScript is kept for other workers and later runs. */
async function javaScriptOf(file, loader) {
  const text = await readFile(file, 'utf8');
  const digest = createHash('sha1')
    .update([version, JSON.stringify(OPTIONS), file, text].join('\0'))
    .digest('hex');
  const kept = `${COMPILED}/${digest}`;
  const made = await readFile(kept, 'utf8').catch(() => undefined);
  if (made !== undefined) return made;
  const { code } = await transform(text, { ...OPTIONS, loader, sourcefile: file });
  const unfinished = `${kept}.${process.pid}`;
  await writeFile(unfinished, code);
  await rename(unfinished, kept);
  return code;
}
