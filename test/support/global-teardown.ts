import type { ChildProcess } from 'node:child_process';
import { rmSync } from 'node:fs';

/** Stops the run's embedded DynamoDB and removes the shared folder. */
export default async function teardown(): Promise<void> {
  (globalThis as { mayflyDynamodb?: ChildProcess }).mayflyDynamodb?.kill();
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder) rmSync(folder, { recursive: true, force: true });
}
