import { rename, writeFile } from 'node:fs/promises';

/** Writes a file that only the user can read; whoever reads it finds the old content or the new, never a part. */
export async function replaceFile(file: string, content: string): Promise<void> {
  await writeFile(`${file}.new`, content, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
