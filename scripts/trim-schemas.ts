import { readFile } from 'node:fs/promises';
import type { Plugin } from 'esbuild';

/**
 * An esbuild plugin that leaves unused schemas of AWS's SDK out of a bundle. The SDK writes `{ [_xN]: … }` with
 * `const _xN = "xmlName"`. esbuild keeps such an object, because computing a property name may have a side effect, and keeps all
 * schemas that the object refers to: 500 KB of EC2's, of which a function uses 20.
 */
export const trimSchemas: Plugin = {
  name: 'trim-schemas',
  setup: ({ onLoad }) =>
    onLoad({ filter: /[\\/]@aws-sdk[\\/].*[\\/]schemas_0\.js$/ }, async ({ path }) => ({
      contents: withPlainNames(await readFile(path, 'utf8')),
    })),
};

/** Replaces names of properties that are computed from a constant string by that string. */
export function withPlainNames(source: string): string {
  const constants = new Map(
    [...source.matchAll(/^const (\w+) = ("\w+");$/gm)].map(([, name = '', text = '']) => [name, text]),
  );
  return source.replace(/\[(\w+)\]:/g, (computed, name: string) => {
    const text = constants.get(name);
    return text === undefined ? computed : `${text}:`;
  });
}
