/** Bundles the process of the long-poll front, `lib/service/main.ts` → `dist/service`, which is also the context of its image. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from './esbuild.js';
import { writeWhole } from './write-whole.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCE = join(ROOT, 'lib', 'service');
const FOLDER = join(ROOT, 'dist', 'service');

/** Writes `index.js`, `package.json` and `Dockerfile`. Files whose contents are the same are not touched. */
export async function bundleService(): Promise<void> {
  const { outputFiles } = await build({
    entryPoints: [join(SOURCE, 'main.ts')],
    outfile: join(FOLDER, 'index.js'),
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20', // it also runs locally (docs/decisions/0004-bundles-esbuild-cjs.md)
    mainFields: ['module', 'main'],
    // Names stay as they are, because error names decide what is retried. `keepNames` would name each closure when it is made, which
    // costs a held read more than its own code.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
  });
  const [output] = outputFiles;
  if (!output) throw new Error('esbuild made no file of lib/service');
  writeWhole(join(FOLDER, 'index.js'), output.contents);
  writeWhole(join(FOLDER, 'package.json'), Buffer.from('{"type":"commonjs"}\n'));
  writeWhole(join(FOLDER, 'Dockerfile'), readFileSync(join(SOURCE, 'Dockerfile')));
}
