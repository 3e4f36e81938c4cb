import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';

/** A new folder of this run, which removes it when it ends. */
export const aFolder = (): string => mkdtempSync(join(process.env.TEST_RUN_FOLDER ?? '', 'folder-'));
