import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { sourceDigest } from '../workbench/demo/source-digest.js';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

interface Build {
  /** The name of the file in `dist` that holds the digests. */
  readonly name: string;
  /** All that the outputs are made of, relative to the repository. */
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly make: () => Promise<unknown>;
}

/** Makes outputs, unless those that are there are of the same sources and nothing else has changed them. */
export async function ifChanged({ name, inputs, outputs, make }: Build): Promise<void> {
  const digests = (sources: string): string => `${sources} ${sourceDigest(ROOT, outputs)}\n`;
  const file = join(ROOT, 'dist', `${name}.digest`);
  const sources = sourceDigest(ROOT, inputs);
  if (textOf(file) === digests(sources)) return;
  await make();
  // Of a source that changed meanwhile, the outputs may have either version: the next call makes them again.
  if (sourceDigest(ROOT, inputs) !== sources) return;
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(file, digests(sources));
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
