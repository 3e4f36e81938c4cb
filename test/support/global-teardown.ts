import type { ChildProcess } from 'node:child_process';

/** Ends the embedded DynamoDB of this run. */
export default async function teardown(): Promise<void> {
  (globalThis as { mayflyDynamodb?: ChildProcess }).mayflyDynamodb?.kill();
}
