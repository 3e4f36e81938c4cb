// @ts-check
// JavaScript, because it runs before any TypeScript is compiled.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

/**
 * A digest of the names and contents of files. It changes when a file does, is added or goes.
 *
 * @param {string} root the folder that the paths are relative to
 * @param {readonly string[]} paths files, and folders with all files below them except `node_modules`; a missing one counts too
 * @param {readonly string[]} values further text that the digest depends on
 * @returns {string} 40 hexadecimal digits
 */
export function sourceDigest(root, paths, values = []) {
  const hash = createHash('sha1');
  for (const file of paths.flatMap((path) => filesOf(root, path))) {
    const contents = contentsOf(`${root}/${file}`);
    // With lengths, so that no two lists of files have the same bytes.
    hash.update(`${file}:${contents?.length ?? 'absent'}:`);
    if (contents) hash.update(contents);
  }
  for (const value of values) hash.update(`${value.length}:${value}`);
  return hash.digest('hex');
}

/** @type {(root: string, path: string) => string[]} */
function filesOf(root, path) {
  try {
    return readdirSync(`${root}/${path}`, { withFileTypes: true })
      .filter(({ name }) => name !== 'node_modules')
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .flatMap((entry) => {
        const inside = `${path}/${entry.name}`;
        return entry.isDirectory() ? filesOf(root, inside) : [inside];
      });
  } catch {
    return [path]; // a file, or absent
  }
}

/** @type {(file: string) => Buffer | undefined} */
function contentsOf(file) {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}
