import { fileURLToPath } from 'node:url';
import { javaScriptOf } from './compiled.js';

const GLOBALS = new URL('./globals.js', import.meta.url).href;

/** A hook of `node:module`: outside Jest's own module system, `@jest/globals` throws. */
export const resolve = (specifier, context, next) =>
  specifier === '@jest/globals' ? { url: GLOBALS, format: 'module', shortCircuit: true } : next(specifier, context);

/** A hook of `node:module`: TypeScript as JavaScript. */
export async function load(url, context, next) {
  const { pathname } = new URL(url);
  if (!/\.tsx?$/.test(pathname)) return next(url, context);
  return { format: 'module', source: await javaScriptOf(fileURLToPath(new URL(pathname, url))), shortCircuit: true };
}
