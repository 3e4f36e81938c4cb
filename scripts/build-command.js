// @ts-check
import { existsSync } from 'node:fs';
import { copyFile, readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, relative, sep } from 'node:path';
import { build } from 'esbuild';
import { buildConsole } from './build-console.js';

/**
 * Bundles the command with all packages that it uses, in parts: each subcommand's code is a file that is loaded when it runs.
 * The page of the web console is in the folder `console` beside it.
 *
 * @param {{ root: string, entry: string, outdir: string }} options `entry` relative to `root`
 * @returns {Promise<import('esbuild').Metafile>}
 * @throws when esbuild finds an error
 */
export async function buildCommand({ root, entry, outdir }) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [join(root, entry)],
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    mainFields: ['module', 'main'], // ES modules can be tree-shaken
    external: ['esbuild', 'selfsigned'], // used in a clone alone
    // Packages in CommonJS call `require`, which an ES module does not have.
    banner: {
      js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);",
    },
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
    plugins: [sourceAddresses(root, outdir)],
  });
  // SQLite looks for its code beside the file that it is in.
  await copyFile(
    createRequire(import.meta.url).resolve('@sqlite.org/sqlite-wasm/sqlite3.wasm'),
    join(outdir, 'sqlite3.wasm'),
  );
  if (existsSync(join(root, 'lib', 'console'))) await buildConsole({ root, outdir: join(outdir, 'console') });
  return metafile;
}

/**
 * Lets our sources find files relative to themselves, although they run from a bundle in another folder: `import.meta.url`
 * becomes the source's own address, relative to the bundle.
 *
 * @type {(root: string, outdir: string) => import('esbuild').Plugin}
 */
const sourceAddresses = (root, outdir) => ({
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
