import { spawn } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { compileAll, forgetOld } from './compiled.js';

/**
 * Compiles what changed, creates a folder that the test files of a run share, and starts one embedded, in-memory DynamoDB
 * for all of them.
 * `DYNAMODB_ENDPOINT` selects another one where there is no binary for the platform.
 */
export default async function setup() {
  forgetOld();
  await compileAll();
  process.env.TEST_RUN_FOLDER = mkdtempSync(join(tmpdir(), 'mayfly-test-'));
  if (process.env.DYNAMODB_ENDPOINT) {
    process.env.TEST_DYNAMODB_ENDPOINT = process.env.DYNAMODB_ENDPOINT;
    return;
  }
  const port = await freePort();
  const child = spawn(binary(), ['serve', '--port', String(port)], { stdio: 'ignore' });
  globalThis.mayflyDynamodb = child;
  const endpoint = `http://127.0.0.1:${port}`;
  for (;;) {
    if (child.exitCode !== null) throw new Error(`the embedded DynamoDB ended with ${child.exitCode}`);
    if (
      await fetch(endpoint).then(
        () => true,
        () => false,
      )
    )
      break;
  }
  process.env.TEST_DYNAMODB_ENDPOINT = endpoint;
}

function binary() {
  const name = `@dynoxide/${process.platform}-${process.arch}`;
  try {
    return join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'dynoxide');
  } catch (cause) {
    throw new Error(`no ${name}: set DYNAMODB_ENDPOINT to a DynamoDB to test against`, { cause });
  }
}

const freePort = () =>
  new Promise((resolve, reject) => {
    const server = createServer().once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
