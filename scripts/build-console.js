// @ts-check
import { copyFile, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { build } from './esbuild.js';

/**
 * Bundles the page of the web console: its code, its style sheet, and the two files they need.
 *
 * @param {{ root: string, outdir: string }} options
 * @returns {Promise<import('esbuild').Metafile>} what it is made of
 */
export async function buildConsole({ root, outdir }) {
  await mkdir(outdir, { recursive: true });
  const source = join(root, 'lib', 'console');
  const copies = ['index.html', 'icon.svg'].map((file) => copyFile(join(source, file), join(outdir, file)));
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['page.tsx', 'page.css'].map((file) => ({ in: join(source, file), out: 'page' })),
    outdir,
    bundle: true,
    platform: 'browser',
    format: 'esm',
    target: ['chrome120', 'firefox121', 'safari17'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
    metafile: true,
  });
  await Promise.all(copies);
  return metafile;
}
