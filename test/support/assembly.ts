import { cpSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { bundleIfChanged } from '../../scripts/bundle-if-changed.ts';
import { type Context, SERVICE_CONTEXT, synthesizeIfChanged } from '../../workbench/demo/synthesize.ts';

/** Keeps the apps between runs: a synthesis takes 4 s of CPU. */
const KEPT = fileURLToPath(new URL('../../node_modules/.cache/mayfly-tests-assemblies', import.meta.url));

/** The synthesized app, and the current bundles in `dist`. Treat it as read-only. */
export const theAssembly = (): Promise<string> => onceARun('assembly', {});

/** The synthesized app with the long-poll front, and the current bundles in `dist`. Treat it as read-only. */
export const theServiceAssembly = (): Promise<string> => onceARun('service-assembly', SERVICE_CONTEXT);

/** The first test file that needs an app makes it; the others, in their own processes, wait for it. */
async function onceARun(name: string, context: Context): Promise<string> {
  const done = join(process.env.TEST_RUN_FOLDER ?? '', name);
  const failed = `${done}.failed`;
  if (isFirst(`${done}.taken`)) {
    try {
      await bundleIfChanged();
      const { folder } = await synthesizeIfChanged(join(KEPT, name), { context });
      cpSync(folder, `${done}.unfinished`, { recursive: true });
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
