import { randomUUID } from 'node:crypto';
import { rename, writeFile } from 'node:fs/promises';

/**
 * Replaces a file atomically: readers see the old content or the new, never a part. Only this user can read the file.
 */
export async function replaceFile(file: string, content: string): Promise<void> {
  const fresh = `${file}.${randomUUID()}.new`; // unique for each writer
  await writeFile(fresh, content, { mode: 0o600 });
  await rename(fresh, file);
}
