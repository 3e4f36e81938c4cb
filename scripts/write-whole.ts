import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

/** Replaces a file below `dist` atomically, because another synthesis may read it. Does not touch one with the same contents. */
export function writeWhole(file: string, contents: Uint8Array): void {
  if (existsSync(file) && readFileSync(file).equals(contents)) return;
  mkdirSync(dirname(file), { recursive: true });
  const unfinished = join(DIST, `.${randomUUID()}`);
  writeFileSync(unfinished, contents);
  renameSync(unfinished, file);
}
