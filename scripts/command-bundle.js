// @ts-check
// JavaScript, because it runs before any TypeScript is compiled.
import { randomUUID } from 'node:crypto';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { sourceDigest } from '../workbench/demo/source-digest.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** All that a bundle is made of. The lock file that npm keeps in node_modules names the packages that are installed. */
const INPUTS = [
  'bin',
  'scripts/build-command.js',
  'scripts/build-console.js',
  'lib',
  'workbench',
  'policy',
  'package.json',
  'tsconfig.json',
  'node_modules/.package-lock.json',
];

const DAY_MS = 86_400_000;

/**
 * The address of a bundle of the command, made from the sources as they are now. Its folder is named for their digest, so a
 * bundle of other sources is never found; where there is none, it is built, which takes about a second.
 *
 * @returns {Promise<string>}
 */
export async function currentBundle(root = ROOT) {
  const bundles = join(root, 'dist', 'commands');
  for (;;) {
    const digest = sourceDigest(root, INPUTS);
    const folder = join(bundles, digest);
    const address = pathToFileURL(join(folder, 'mayfly-cli.js')).href;
    if (existsSync(folder)) return address;
    await buildInto(root, folder);
    if (sourceDigest(root, INPUTS) === digest) return address;
    rmSync(folder, { recursive: true, force: true }); // a source changed while esbuild read it
  }
}

/** @type {(root: string, folder: string) => Promise<void>} */
async function buildInto(root, folder) {
  const { buildCommand } = await import('./build-command.js');
  const bundles = join(folder, '..');
  const unfinished = join(bundles, `.${randomUUID()}`);
  await buildCommand({ root, entry: 'bin/mayfly-cli.ts', outdir: unfinished });
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
