// @ts-check
import { existsSync } from 'node:fs';
import { copyFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { buildConsole } from './build-console.js';
import { build } from './esbuild.js';
import { sourceAddresses } from './source-addresses.js';

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
