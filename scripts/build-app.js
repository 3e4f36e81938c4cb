// @ts-check
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { COMMON_JS } from './common-js.js';
import { build } from './esbuild.js';
import { sourceAddresses } from './source-addresses.js';

/**
 * Bundles the CDK app, `bin/mayfly.ts`, without its packages.
 *
 * @param {{ root: string, outdir: string }} options
 * @throws when esbuild finds an error
 */
export async function buildApp({ root, outdir }) {
  const entryPoints = [join(root, 'bin', 'mayfly.ts')];
  await build({ ...COMMON_JS, absWorkingDir: root, entryPoints, outdir, plugins: [sourceAddresses(root, outdir)] });
  await writeFile(join(outdir, 'package.json'), '{"type":"commonjs"}\n'); // the repository's own says ES modules
}
