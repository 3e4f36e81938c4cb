import { readdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder with the JavaScript of our TypeScript, by the digest of its text. */
export const COMPILED = fileURLToPath(new URL('../../../node_modules/.cache/mayfly-tests', import.meta.url));

const WEEK_MS = 7 * 86_400_000;

/** Removes what was compiled more than a week ago. What is still used is compiled again. */
export function forgetOld() {
  let names;
  try {
    names = readdirSync(COMPILED);
  } catch {
    return; // the first run
  }
  for (const name of names) {
    const file = join(COMPILED, name);
    if (Date.now() - (statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0) > WEEK_MS) rmSync(file, { force: true });
  }
}
