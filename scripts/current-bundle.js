// @ts-check
// JavaScript, because it runs before any TypeScript is compiled.
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sourceDigest } from '../workbench/demo/source-digest.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** All that a bundle is made of. The lock file that npm keeps in node_modules names the packages that are installed. */
const INPUTS = [
  ...['bin', 'lib', 'policy', 'scripts', 'workbench', 'cdk.json', 'package.json', 'tsconfig.json'],
  'node_modules/.package-lock.json',
];

const DAY_MS = 86_400_000;

/**
 * @typedef {object} Kind
 * @property {string} folder in `dist`, with a folder for each bundle
 * @property {string} file that a process loads
 * @property {(root: string, outdir: string) => Promise<unknown>} build
 */

/** @type {Kind} */
const COMMAND = {
  folder: 'commands',
  file: 'mayfly-cli.js',
  build: async (root, outdir) => {
    const { buildCommand } = await import('./build-command.js');
    const metafile = await buildCommand({ root, entry: 'bin/mayfly-cli.ts', outdir });
    await writeFile(join(outdir, 'metafile.json'), JSON.stringify(metafile)); // shows what a start loads
  },
};

/** @type {Kind} */
const APP = {
  folder: 'apps',
  file: 'mayfly.js',
  build: async (root, outdir) => (await import('./build-app.js')).buildApp({ root, outdir }),
};

/** The address of a bundle of the command. A build takes about a second. */
export const currentCommand = (root = ROOT) => currentBundle(root, COMMAND);

/** The address of a bundle of the CDK app. */
export const currentApp = (root = ROOT) => currentBundle(root, APP);

/**
 * The address of a bundle made from the sources as they are now. Its folder is named for their digest, so a bundle of other
 * sources is never found; where there is none, it is built.
 *
 * @type {(root: string, kind: Kind) => Promise<string>}
 */
async function currentBundle(root, kind) {
  const bundles = join(root, 'dist', kind.folder);
  for (;;) {
    const digest = sourceDigest(root, INPUTS);
    const folder = join(bundles, digest);
    const address = pathToFileURL(join(folder, kind.file)).href;
    if (existsSync(folder)) return address;
    await buildInto(root, folder, kind);
    if (sourceDigest(root, INPUTS) === digest) return address;
    rmSync(folder, { recursive: true, force: true }); // a source changed while esbuild read it
  }
}

/** @type {(root: string, folder: string, kind: Kind) => Promise<void>} */
async function buildInto(root, folder, { build }) {
  const bundles = join(folder, '..');
  const unfinished = join(bundles, `.${randomUUID()}`);
  await build(root, unfinished);
  try {
    renameSync(unfinished, folder);
  } catch {
    rmSync(unfinished, { recursive: true }); // another process was first
  }
  removeOld(bundles);
}

/** Removes bundles that no process uses any more. One that runs may still load a part of an old one. */
function removeOld(/** @type {string} */ bundles) {
  for (const name of readdirSync(bundles)) {
    const folder = join(bundles, name);
    if (Date.now() - statSync(folder).mtimeMs > DAY_MS) rmSync(folder, { recursive: true, force: true });
  }
}
