const GLOBALS = new URL('./globals.js', import.meta.url).href;

/** A hook of `node:module`: outside Jest's own module system, `@jest/globals` throws. */
export const resolve = (specifier, context, next) =>
  specifier === '@jest/globals' ? { url: GLOBALS, format: 'module', shortCircuit: true } : next(specifier, context);
