import { constants, copyFile, mkdir, readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { quoted } from '../deployment/deployment-flags.ts';
import { CommandError } from '../errors/command-error.ts';
import { hasCode } from '../errors/exit.ts';
import { count, say, sayJson } from '../terminal/print.ts';

/** The folder of the default policy. */
export const DEFAULT_FOLDER = fileURLToPath(new URL('../../../policy', import.meta.url));
/** Generated files begin with this and are not copied. */
const COMPILED = 'built-in.';

/** @throws {CommandError} for the folder of the default policy itself, in a clone of Mayfly's repository */
export function checkOwn(dir: string): void {
  if (resolve(dir) === resolve(DEFAULT_FOLDER))
    throw new CommandError('REFUSED', `${dir} is Mayfly's own default policy`, {
      next: 'name another folder, such as my-policy',
    });
}

/** Copies the default policy into `dir`; keeps files that exist already. */
export async function init(dir: string, { json }: { json: boolean }): Promise<void> {
  checkOwn(dir);
  const target = resolve(dir);
  const written: string[] = [];
  const kept: string[] = [];
  const entries = await readdir(DEFAULT_FOLDER, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const from of files.sort()) {
    const file = relative(DEFAULT_FOLDER, from);
    if (file.startsWith(COMPILED)) continue;
    const to = join(target, file);
    await mkdir(dirname(to), { recursive: true });
    (await copied(from, to)) ? written.push(file) : kept.push(file);
  }
  if (json) return sayJson({ dir, written, kept });
  for (const file of written) say(`  ${join(dir, file)}`);
  const also = kept.length > 0 ? `; ${count(kept.length, 'existing file')} kept` : '';
  say(`${count(written.length, 'file')} written${also}.`);
  say(`Edit the files, then run: npx mayfly policy check ${quoted(dir)}`);
}

async function copied(from: string, to: string): Promise<boolean> {
  try {
    await copyFile(from, to, constants.COPYFILE_EXCL);
    return true;
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false;
    throw error;
  }
}
