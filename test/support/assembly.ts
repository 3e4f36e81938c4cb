import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { synthesize } from '../../workbench/demo/synthesize.ts';

/**
 * The synthesized app. The first test file that needs it makes it, once per run; the others, in their own processes,
 * wait for it. Treat it as read-only.
 */
export async function theAssembly(): Promise<string> {
  const folder = process.env.TEST_RUN_FOLDER ?? '';
  const [done, taken, failed] = ['assembly', 'assembly.taken', 'assembly.failed'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  if (isFirst(taken)) {
    try {
      await synthesize(`${done}.unfinished`);
      renameSync(`${done}.unfinished`, done);
    } catch (error) {
      writeFileSync(failed, String(error));
      throw error;
    }
  }
  while (!existsSync(done)) {
    if (existsSync(failed)) throw new Error('the app could not be synthesized: another test file shows why');
    await pause(50);
  }
  return done;
}

function isFirst(marker: string): boolean {
  try {
    mkdirSync(marker);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}
