import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf, isRunning, parseIdentity } from './data-folder.ts';
import { LocalError } from './local-error.ts';
import type { Notify } from './notice.ts';
import { freePort } from './port.ts';
import { replaceFile } from './replace-file.ts';

/** A DynamoDB on this machine. */
export interface LocalDynamo {
  readonly endpoint: string;
  close(): Promise<void>;
}

/**
 * Becomes dynoxide, and leaves a watchdog that ends it when our end of its standard input closes: that happens
 * even if we are killed with -9, so the database never outlives the runner. (`$$` stays the pid across `exec`.)
 */
const WATCHED = 'exec 3<&0; { cat <&3 >/dev/null; kill -9 $$; } >/dev/null 2>&1 & exec "$0" "$@" 3<&- </dev/null';

const START_ATTEMPTS = 5; // between choosing a free port and binding it, somebody else may take it
const STOP_GRACE_MS = 500;

/**
 * Starts dynoxide's native binary on a file of `folder`, on a free loopback port. If it dies it is started again,
 * on the same port, because the functions know that one; SQLite's log loses no acknowledged write.
 *
 * @throws {LocalError} where no binary is installed
 */
export async function startDynoxide(folder: string, logFile: string, notify: Notify): Promise<LocalDynamo> {
  const binary = findBinary();
  const pidFile = path.join(folder, 'dynoxide.pid');
  await endStale(pidFile);
  await mkdir(path.dirname(logFile), { recursive: true });

  let closing = false;
  let port = 0;
  let child = await startOnFreePort();
  supervise();

  async function startOnFreePort(): Promise<ChildProcess> {
    for (let attempt = 1; ; attempt++) {
      port = await freePort();
      try {
        return await start(port);
      } catch (error) {
        if (attempt === START_ATTEMPTS) throw error;
      }
    }
  }

  async function start(onPort: number): Promise<ChildProcess> {
    const database = path.join(folder, 'dynamodb.sqlite');
    const serve = ['serve', '--host', '127.0.0.1', '--port', String(onPort), '--db-path', database];
    // Detached: a Ctrl-C goes to the terminal's whole process group, and the database must outlive the requests in flight.
    const started = spawn('/bin/sh', ['-c', WATCHED, binary, ...serve], { stdio: 'pipe', env: {}, detached: true });
    await listening(started, logFile);
    if (started.pid !== undefined) await replaceFile(pidFile, JSON.stringify(identityOf(started.pid)));
    return started;
  }

  function supervise(): void {
    child.once('exit', (code, signal) => {
      child.stdin?.destroy(); // ends the watchdog
      if (closing) return;
      notify({ kind: 'dynamodb-restarted', exit: signal ?? `code ${code}` });
      restart().catch((error) => notify({ kind: 'dynamodb-restarted', exit: `and could not be: ${String(error)}` }));
    });
  }

  async function restart(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        child = await start(port);
        if (closing) child.kill('SIGKILL');
        else supervise();
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS || closing) throw error;
        await pause(50 * attempt);
      }
    }
  }

  async function close(): Promise<void> {
    closing = true;
    if (child.exitCode === null && child.signalCode === null) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    }
    await rm(pidFile, { force: true });
  }

  return { endpoint: `http://127.0.0.1:${port}`, close };
}

/** dynoxide comes as one optional package a platform; npm leaves out those that do not fit. */
function findBinary(): string {
  const platform = `${process.platform}-${process.arch}`;
  try {
    const manifest = createRequire(import.meta.url).resolve(`@dynoxide/${platform}/package.json`);
    return path.join(path.dirname(manifest), 'dynoxide');
  } catch (cause) {
    throw new LocalError(
      `there is no embedded DynamoDB for ${platform} (package @dynoxide/${platform} is not installed): ` +
        'set DYNAMODB_ENDPOINT to any other DynamoDB, such as http://127.0.0.1:8000 of amazon/dynamodb-local',
      { cause },
    );
  }
}

/** Ends a database that an earlier runner left behind. Its pid is checked against its start time: numbers are used again. */
async function endStale(pidFile: string): Promise<void> {
  const stale = parseIdentity(await readFile(pidFile, 'utf8').catch(() => ''));
  if (stale && isRunning(stale)) {
    process.kill(stale.pid, 'SIGKILL');
    while (isRunning(stale)) await pause(5);
  }
  await rm(pidFile, { force: true });
}

/** Resolves when dynoxide says that it listens; what it prints goes to the log. */
function listening(child: ChildProcess, logFile: string): Promise<void> {
  const log = createWriteStream(logFile, { flags: 'a' });
  log.on('error', () => undefined); // a full disk must not end the runner through a log
  let said = '';
  return new Promise((resolve, reject) => {
    const fail = (reason: string) => reject(new LocalError(`dynoxide did not start: ${reason} ${said}`.trim()));
    child.once('error', (error) => fail(error.message));
    child.once('exit', (code, signal) => {
      log.end();
      fail(`it ended with ${signal ?? `code ${code}`}`);
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        log.write(chunk);
        if (said.length < 4096) said += chunk.toString('utf8');
        if (said.includes('listening on')) resolve();
      });
    }
  });
}
