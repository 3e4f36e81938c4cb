/** Builds what the npm package contains beside the policy: the functions, the long-poll front, the construct with its types, and the command. */
import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { buildCommand } from './build-command.js';
import { bundleIfChanged } from './bundle-if-changed.ts';
import { ifChanged } from './if-changed.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const STACK = join(ROOT, 'dist', 'stack');
const COMMAND = join(ROOT, 'dist', 'command');

await Promise.all([
  bundleIfChanged(),
  ifChanged({
    name: 'construct', // its types take 4 s of CPU: the compiler reads those of all of CDK
    inputs: [
      ...['lib', 'scripts/build-package.ts', 'package.json', 'tsconfig.json', 'tsconfig.package.json'],
      'node_modules/.package-lock.json',
    ],
    outputs: ['dist/stack'],
    make: buildConstruct,
  }),
  buildOperatorCommand(),
]);

/** CommonJS, as `cdk init` makes apps: an app that is an ES module can import it too. */
async function buildConstruct(): Promise<void> {
  await rm(STACK, { recursive: true, force: true });
  await mkdir(STACK, { recursive: true });
  const ownAddress = 'addressOfThisFile';
  await build({
    entryPoints: [join(ROOT, 'lib/stack/index.ts')],
    outfile: join(STACK, 'index.js'),
    bundle: true,
    packages: 'external', // aws-cdk-lib and constructs, which the app has
    platform: 'node',
    format: 'cjs',
    target: 'node20',
    define: { 'import.meta.url': ownAddress },
    banner: { js: `const ${ownAddress} = require('node:url').pathToFileURL(__filename).href;` },
    logLevel: 'warning',
  });
  await writeFile(join(STACK, 'package.json'), '{"type":"commonjs"}\n'); // the package's own says ES modules
  await promisify(execFile)(
    process.execPath,
    [join(ROOT, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.package.json', '--noCheck'], // `npm run types` checks the sources
    { cwd: ROOT },
  );
  await rm(join(ROOT, 'dist', 'core'), { recursive: true, force: true }); // types that no exported type refers to
  const types = (await readdir(STACK, { recursive: true })).filter((name) => name.endsWith('.d.ts'));
  // Not every TypeScript resolves the ending .ts in declarations.
  for (const file of types.map((name) => join(STACK, name)))
    await writeFile(file, (await readFile(file, 'utf8')).replace(/(from '\.\.?\/[\w/-]+)\.ts'/g, "$1.js'"));
}

async function buildOperatorCommand(): Promise<void> {
  await rm(COMMAND, { recursive: true, force: true });
  await buildCommand({ root: ROOT, entry: 'bin/mayfly-operator.ts', outdir: COMMAND });
}
