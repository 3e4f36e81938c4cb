import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/** Writes a file that only the user can read; a reader finds the old content or the new, never a part. */
export async function replaceFile(file: string, content: string): Promise<void> {
  const fresh = `${file}.${randomUUID()}.new`; // two writers never share it
  await writeFile(fresh, content, { mode: 0o600 });
  await rename(fresh, file);
}
