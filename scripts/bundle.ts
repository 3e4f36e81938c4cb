/** Bundles the functions: `lambdas/<name>/index.ts` → `dist/lambdas/<name>/index.js`. */
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OutputFile } from 'esbuild';
import { build } from './esbuild.js';
import { trimSchemas } from './trim-schemas.ts';
import { writeWhole } from './write-whole.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SOURCES = join(ROOT, 'lambdas');
const BUNDLES = join(ROOT, 'dist', 'lambdas');

/**
 * Bundles every folder of `lambdas/` in one build, which reads each package once: 40 % of the CPU of a build for each function.
 *
 * The bundles are CommonJS, because the SDK then loads in two thirds of the time of an ES module. They are for Node 20,
 * because the same files run locally (docs/decisions/0004-bundles-esbuild-cjs.md).
 *
 * @throws when a folder has no index.ts, or when esbuild finds an error
 */
export async function bundleFunctions(): Promise<void> {
  const names = functionNames();
  const sources = names.map((name) => join(SOURCES, name, 'index.ts'));
  for (let some = sources; some.length > 0; ) {
    const { files, later } = await bundleFiles(some);
    for (const { path, contents } of files) writeWhole(path, contents);
    some = later.filter((source) => !sources.includes(source));
    sources.push(...some);
  }
  // Without this file, Node uses the repository's package.json, which says that files are ES modules.
  for (const name of names) writeWhole(join(BUNDLES, name, 'package.json'), Buffer.from('{"type":"commonjs"}\n'));
  removeOthers(names);
}

function functionNames(): string[] {
  const names = readdirSync(SOURCES, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
  const lacking = names.filter((name) => !existsSync(join(SOURCES, name, 'index.ts')));
  if (names.length === 0) throw new Error(`No function to bundle: ${SOURCES} has no folder`);
  if (lacking.length > 0)
    throw new Error(`Nothing to bundle in lambdas/${lacking.join(', lambdas/')}: no index.ts there`);
  return names;
}

/**
 * Bundles files of functions. What one of them imports with `import('./…')` becomes a file of its own, so that a start does not
 * load it.
 *
 * @returns `later`: the sources of those files
 */
async function bundleFiles(sources: readonly string[]): Promise<{ files: OutputFile[]; later: string[] }> {
  const later = new Set<string>();
  const { outputFiles } = await build({
    entryPoints: [...sources],
    outbase: SOURCES,
    outdir: BUNDLES,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    supported: { 'dynamic-import': false }, // becomes `require`: to `import` CommonJS, Node scans it for exports first, twice the CPU
    mainFields: ['module', 'main'], // the SDK's ES modules can be tree-shaken: the bundle is a third smaller and loads faster
    minify: true,
    keepNames: true, // error names decide what is retried
    legalComments: 'none',
    logLevel: 'warning',
    write: false,
    plugins: [
      trimSchemas,
      {
        name: 'later',
        setup: ({ onResolve }) =>
          onResolve({ filter: /^\.\/[^/]+\.ts$/ }, ({ path, kind, importer }) => {
            if (kind !== 'dynamic-import' || !sources.includes(importer)) return undefined;
            later.add(join(dirname(importer), path));
            return { path: path.replace(/\.ts$/, '.js'), external: true };
          }),
      },
    ],
  });
  return { files: outputFiles, later: [...later] };
}

/** Removes the bundles of functions that no longer exist. */
function removeOthers(names: readonly string[]): void {
  for (const entry of readdirSync(BUNDLES, { withFileTypes: true })) {
    if (entry.isDirectory() && !names.includes(entry.name)) rmSync(join(BUNDLES, entry.name), { recursive: true });
  }
}
