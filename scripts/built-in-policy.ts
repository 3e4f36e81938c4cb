/**
 * Compiles `policy/` into the module that the functions carry: what an empty table is given as version 1. Run it after
 * every change of that folder (`npm run policy`); a test compares.
 */
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { compilePolicy, readPolicyFolder } from '../lib/policy-compiler/index.ts';

const FOLDER = fileURLToPath(new URL('../policy', import.meta.url));
const MODULE = fileURLToPath(new URL('../lib/core/policy/built-in.ts', import.meta.url));

/**
 * The module's text.
 *
 * @throws with every problem of the folder, warnings too: the default has to be beyond reproach
 */
export async function builtInModule(): Promise<string> {
  const files = await readPolicyFolder(FOLDER);
  const { policy, problems } = await compilePolicy(files);
  if (!policy || problems.length > 0) throw new Error(JSON.stringify(problems, null, 2));
  return `// Made from policy/ by \`npm run policy\`.
import type { Policy } from './policy.ts';

export const builtInPolicy: Policy = ${JSON.stringify(policy, null, 2)};

/** The files it was compiled from, so that it can be shown and edited. */
export const builtInSources: Readonly<Record<string, string>> = ${JSON.stringify(Object.fromEntries(files), null, 2)};
`;
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(MODULE, await builtInModule());
