import { closeSync, openSync, readdirSync, readSync, statSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isMeant, kindOf } from './compile/policy-file.ts';
import { MAX_FILE_CHARACTERS } from './source/source-document.ts';

/**
 * Reads the files of a policy folder: path with `/` → text. Skips files that are not part of a policy (`examples/`, a README).
 * Of a file that is too large it reads only enough to detect that.
 *
 * @throws the file system's error if there is no such folder
 * @example readPolicyFolder('policy').get('policy.yaml')
 */
export function readPolicyFolder(folder: string): Map<string, string> {
  const paths = pathsIn(folder).filter((path) => kindOf(path) !== undefined);
  return new Map(paths.map((path) => [path, readStart(join(folder, path))]));
}

/** Files in the folder that look like part of the policy but are not. */
export const strayFiles = (folder: string): string[] =>
  pathsIn(folder).filter((path) => kindOf(path) === undefined && isMeant(path));

const pathsIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).replaceAll(sep, '/'))
    .sort();

/** The text of a file; if the file is too large, only enough of it to detect that. */
export function readStart(file: string): string {
  const bytes = Buffer.alloc(Math.min(statSync(file).size, 4 * MAX_FILE_CHARACTERS + 4));
  const handle = openSync(file, 'r');
  try {
    return bytes.subarray(0, readSync(handle, bytes)).toString('utf8');
  } finally {
    closeSync(handle);
  }
}
