import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { newCredentials, type RunCredentials } from './access/credentials.ts';
import { startAwsServer } from './aws-server.ts';
import { theOperator } from './callers.ts';
import { takeFolder } from './machine/data-folder.ts';
import { LocalError } from './machine/local-error.ts';
import { once } from './machine/once.ts';
import { copyDatabase, startDynoxide } from './services/dynoxide.ts';

/** A DynamoDB that listens on loopback. */
interface OpenTable {
  readonly endpoint: string;
  readonly credentials: RunCredentials;
  close(): Promise<void>;
}

/**
 * Opens the table in the data folder of a stopped Mayfly. Locks the folder, so that no Mayfly can start there
 * meanwhile.
 *
 * @returns undefined if a Mayfly is running or starting there
 * @throws {LocalError} if no binary is installed
 */
export async function openLeft(data: string): Promise<OpenTable | undefined> {
  const folder = path.resolve(data);
  const release = await takenFolder(folder);
  return release && serveTable(folder, path.join(folder, 'logs', 'dynoxide.log'), release);
}

/**
 * Opens a copy of the table in the data folder of a stopped Mayfly. The folder is locked only until the copy is open.
 *
 * @returns undefined if a Mayfly is running or starting there
 * @throws {LocalError} if no binary is installed
 */
export async function openCopy(data: string): Promise<OpenTable | undefined> {
  const folder = path.resolve(data);
  const release = await takenFolder(folder);
  if (!release) return undefined;
  try {
    const copy = await mkdtemp(path.join(tmpdir(), 'mayfly-table-'));
    // A command that ends before it closes the copy, as a completion does when it takes too long, leaves none behind.
    const removeNow = (): void => rmSync(copy, { recursive: true, force: true });
    process.once('exit', removeNow);
    const remove = async (): Promise<void> => {
      await rm(copy, { recursive: true, force: true });
      process.off('exit', removeNow);
    };
    await copyDatabase(folder, copy).catch((error) => remove().finally(() => Promise.reject(error)));
    return await serveTable(copy, path.join(copy, 'dynoxide.log'), remove);
  } finally {
    await release();
  }
}

const takenFolder = (folder: string): Promise<(() => Promise<void>) | undefined> =>
  takeFolder(folder).catch((error) => {
    if (error instanceof LocalError) return undefined;
    throw error;
  });

/** Serves the database in a folder on loopback. @param after what to do when it is closed */
async function serveTable(folder: string, log: string, after: () => Promise<unknown>): Promise<OpenTable> {
  const cleanUp: (() => Promise<unknown>)[] = [after];
  const close = once(async () => {
    for (const step of cleanUp.reverse()) await step();
  });
  try {
    const dynamo = await startDynoxide(folder, log, () => undefined);
    cleanUp.push(() => dynamo.close());
    const credentials = newCredentials();
    const server = await startAwsServer(
      { json: { DynamoDB_20120810: dynamo.answer }, query: {} },
      theOperator(credentials),
    );
    cleanUp.push(() => server.close());
    return { endpoint: server.url, credentials, close };
  } catch (error) {
    await close();
    throw error;
  }
}
