import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeCertificate } from '../../workbench/local-aws/machine/certificate.ts';
import { replaceFile } from '../../workbench/local-aws/machine/replace-file.ts';

/** The certificate of a run's servers and its key, both as PEM. The first test file that needs them makes them. */
export async function theCertificate(): Promise<{ readonly cert: string; readonly key: string }> {
  const file = join(process.env.TEST_RUN_FOLDER ?? '', 'certificate.json');
  const made = await readFile(file, 'utf8').catch(() => undefined);
  if (made) return JSON.parse(made);
  const fresh = await makeCertificate(Date.now());
  await replaceFile(file, JSON.stringify(fresh));
  return fresh;
}
