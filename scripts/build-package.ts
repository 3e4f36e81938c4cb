/** Builds what the npm package contains beside the policy: the functions, the long-poll front, the construct with its types, and the command. */
import { execFile } from 'node:child_process';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildCommand } from './build-command.js';
import { bundleIfChanged } from './bundle-if-changed.ts';
import { COMMON_JS } from './common-js.js';
import { build } from './esbuild.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STACK = join(ROOT, 'dist', 'stack');
const COMMAND = join(ROOT, 'dist', 'command');

await Promise.all([bundleIfChanged(), buildConstruct(), buildOperatorCommand()]);

/** CommonJS, as `cdk init` makes apps: an app that is an ES module can import it too. */
async function buildConstruct(): Promise<void> {
  await rm(STACK, { recursive: true, force: true });
  const compiler = join(ROOT, 'node_modules/typescript/bin/tsc');
  await Promise.all([
    build({ ...COMMON_JS, entryPoints: [join(ROOT, 'lib/stack/index.ts')], outdir: STACK }),
    promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.package.json'], { cwd: ROOT }),
  ]);
  await writeFile(join(STACK, 'package.json'), '{"type":"commonjs"}\n'); // the package's own says ES modules
  const kept = await declarationsOf(join(STACK, 'index.d.ts'));
  const made = (await readdir(STACK, { recursive: true })).map((name) => join(STACK, name));
  for (const file of made.filter((name) => name.endsWith('.d.ts') && !kept.has(name))) await rm(file);
}

/**
 * The files that declare what one declares, itself included. In each, imports get the ending .js, because not every TypeScript
 * resolves .ts there.
 *
 * @throws when one is missing
 */
async function declarationsOf(file: string, found = new Set<string>()): Promise<Set<string>> {
  if (found.has(file)) return found;
  found.add(file);
  const text = await readFile(file, 'utf8');
  await writeFile(file, text.replace(/(from '\.\.?\/[\w/-]+)\.ts'/g, "$1.js'"));
  for (const [, path = ''] of text.matchAll(/from '(\.\.?\/[\w/-]+)\.ts'/g))
    await declarationsOf(resolve(dirname(file), `${path}.d.ts`), found);
  return found;
}

async function buildOperatorCommand(): Promise<void> {
  await rm(COMMAND, { recursive: true, force: true });
  await buildCommand({ root: ROOT, entry: 'bin/mayfly-operator.ts', outdir: COMMAND });
}
