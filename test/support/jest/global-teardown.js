import { rmSync } from 'node:fs';

/** Stops the run's embedded DynamoDB and removes the shared folder. */
export default async function teardown() {
  globalThis.mayflyDynamodb?.kill();
  const folder = process.env.TEST_RUN_FOLDER;
  if (folder) rmSync(folder, { recursive: true, force: true });
}
