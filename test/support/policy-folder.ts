import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Policy } from '../../lib/core/policy/policy.ts';
import { compilePolicy, readPolicyFolder } from '../../lib/policy-compiler/index.ts';

const FOLDER = join(import.meta.dirname, '../../policy');

/** The default policy plus these files of `policy/examples/`, compiled as `mayfly policy push` does. */
export function defaultPolicyWith(...examples: readonly string[]): Policy {
  const files = new Map(readPolicyFolder(FOLDER));
  for (const file of examples) files.set(file, readFileSync(join(FOLDER, 'examples', file), 'utf8'));
  const { policy, problems } = compilePolicy(files);
  if (!policy) throw new Error(problems.map(({ message }) => message).join('\n'));
  return policy;
}
