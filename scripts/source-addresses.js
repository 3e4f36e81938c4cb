// @ts-check
import { readFile } from 'node:fs/promises';
import { relative, sep } from 'node:path';

/**
 * Lets our sources find files relative to themselves, although they run from a bundle in another folder: `import.meta.url`
 * becomes the source's own address, relative to the bundle.
 *
 * @type {(root: string, outdir: string) => import('esbuild').Plugin}
 */
export const sourceAddresses = (root, outdir) => ({
  name: 'source-addresses',
  setup({ onLoad }) {
    onLoad({ filter: /\.ts$/ }, async ({ path }) => {
      if (relative(root, path).split(sep).includes('node_modules')) return undefined;
      const source = await readFile(path, 'utf8');
      const address = relative(outdir, path).split(sep).join('/');
      const own = `new URL(${JSON.stringify(address)}, import.meta.url).href`;
      return { contents: source.replaceAll('import.meta.url', own), loader: 'ts' };
    });
  },
});
