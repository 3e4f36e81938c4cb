import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceDigest } from '../workbench/demo/source-digest.js';
import { bundleFunctions } from './bundle.ts';
import { bundleService } from './bundle-service.ts';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIGESTS = join(ROOT, 'dist', 'bundles.digest');

/** All that the bundles are made of: sources, the built-in policy, and the packages that are installed. */
const INPUTS = [
  ...['lambdas', 'lib', 'policy/built-in.json', 'scripts/bundle.ts', 'scripts/bundle-service.ts'],
  ...['package.json', 'tsconfig.json', 'node_modules/.package-lock.json'],
];
const OUTPUTS = ['dist/lambdas', 'dist/service'];

/** Bundles the functions and the long-poll front, unless the bundles there are of the same sources. A build takes 6 s of CPU. */
export async function bundleIfChanged(): Promise<void> {
  const sources = sourceDigest(ROOT, INPUTS);
  if (written() === digests(sources)) return;
  await Promise.all([bundleFunctions(), bundleService()]);
  // Of a source that changed meanwhile, the bundles may have either version: the next call builds again.
  if (sourceDigest(ROOT, INPUTS) !== sources) return;
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(DIGESTS, digests(sources));
}

const digests = (sources: string): string => `${sources} ${sourceDigest(ROOT, OUTPUTS)}\n`;

function written(): string | undefined {
  try {
    return readFileSync(DIGESTS, 'utf8');
  } catch {
    return undefined;
  }
}
