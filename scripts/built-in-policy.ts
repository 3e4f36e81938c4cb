/**
 * Compiles `policy/` into `policy/built-in.json`. The functions' bundles contain it; it becomes version 1 in an empty table.
 * Run `npm run policy` after every change of that folder. A test compares the two.
 */
import { writeFileSync } from 'node:fs';
import { argv } from 'node:process';
import { fileURLToPath } from 'node:url';
import { compilePolicy, readPolicyFolder } from '../lib/policy-compiler/index.ts';

const FOLDER = fileURLToPath(new URL('../policy', import.meta.url));

/** @throws with every problem of the folder, including warnings: the default policy must have none */
async function compiled(): Promise<string> {
  const files = readPolicyFolder(FOLDER);
  const { policy, problems } = await compilePolicy(files);
  if (!policy || problems.length > 0) throw new Error(JSON.stringify(problems, null, 2));
  return JSON.stringify({ policy, sources: Object.fromEntries(files) }, null, 2);
}

if (argv[1] === fileURLToPath(import.meta.url)) writeFileSync(`${FOLDER}/built-in.json`, `${await compiled()}\n`);
