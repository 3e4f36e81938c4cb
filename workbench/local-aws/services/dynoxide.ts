import { type ChildProcess, spawn } from 'node:child_process';
import { createWriteStream } from 'node:fs';
import { copyFile, mkdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { identityOf, isRunning, parseIdentity } from '../machine/data-folder.ts';
import { LocalError } from '../machine/local-error.ts';
import type { Notify } from '../machine/notice.ts';
import { replaceFile } from '../machine/replace-file.ts';
import type { Service } from '../protocol/aws-error.ts';
import { type Database, dynamodbService } from './dynamodb.ts';
import { withKeptItems } from './kept-items.ts';
import { McpChild } from './mcp-child.ts';

/** A DynamoDB that runs in a child process. */
export interface LocalDynamo {
  readonly answer: Service;
  close(): Promise<void>;
}

/**
 * Makes the database's files private to this user. `$0` and `$@` pass the program and its arguments on to `exec`.
 */
const PRIVATE = 'umask 077; exec "$0" "$@"';

const START_ATTEMPTS = 5;
const STOP_GRACE_MS = 500;

/**
 * Starts dynoxide's native binary on a file in `folder`. The runner talks to it through pipes: on a port it would
 * answer every user of this machine. The binary exits when its input closes, so it stops even after `kill -9` of the
 * runner. If it crashes, the runner restarts it; SQLite's write-ahead log loses no acknowledged write.
 *
 * @throws {LocalError} if no binary is installed
 */
export async function startDynoxide(folder: string, logFile: string, notify: Notify): Promise<LocalDynamo> {
  const binary = findBinary();
  const pidFile = path.join(folder, PID_FILE);
  await endStale(pidFile);
  await mkdir(path.dirname(logFile), { recursive: true, mode: 0o700 });
  const dynoxide = new Dynoxide({ binary, folder, pidFile, logFile, notify });
  await dynoxide.start();
  const answer = withKeptItems(dynamodbService(() => dynoxide.database));
  return { answer, close: () => dynoxide.close() };
}

/** Copies the database in a folder, which no runner may use meanwhile, to another folder. */
export async function copyDatabase(from: string, to: string): Promise<void> {
  await endStale(path.join(from, PID_FILE));
  await copyFile(path.join(from, DATABASE), path.join(to, DATABASE));
  await copyFile(path.join(from, LOG), path.join(to, LOG)).catch((error) => {
    if (Object(error).code !== 'ENOENT') throw error; // the database was closed in order
  });
}

const DATABASE = 'dynamodb.sqlite';
/** SQLite's write-ahead log. */
const LOG = `${DATABASE}-wal`;
const PID_FILE = 'dynoxide.pid';

interface DynoxideOptions {
  readonly binary: string;
  readonly folder: string;
  readonly pidFile: string;
  readonly logFile: string;
  readonly notify: Notify;
}

/** The database's process, restarted when it ends by itself. */
class Dynoxide {
  /** Undefined while the process restarts. */
  database: Database | undefined;
  readonly #options: DynoxideOptions;
  #child: ChildProcess | undefined;
  #closing = false;

  constructor(options: DynoxideOptions) {
    this.#options = options;
  }

  async start(): Promise<void> {
    this.#child = await this.#spawn();
    this.#supervise(this.#child);
  }

  async close(): Promise<void> {
    this.#closing = true;
    const child = this.#child;
    if (child && !hasEnded(child)) {
      const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      child.stdin?.end();
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_GRACE_MS);
      await exited;
      clearTimeout(timer);
    }
    await rm(this.#options.pidFile, { force: true });
  }

  async #spawn(): Promise<ChildProcess> {
    const { binary, folder, pidFile, logFile } = this.#options;
    const serve = ['mcp', '--db-path', path.join(folder, DATABASE)];
    // Detached, because Ctrl-C signals the terminal's whole process group and the database must finish the requests in
    // flight.
    const started = spawn('/bin/sh', ['-c', PRIVATE, binary, ...serve], { stdio: 'pipe', env: {}, detached: true });
    const talk = new McpChild(started);
    const said = logged(started, logFile);
    try {
      this.database = { child: talk, tools: await talk.start() };
    } catch (cause) {
      throw new LocalError(`dynoxide did not start: ${said()}`.trim(), { cause });
    }
    if (started.pid !== undefined) await replaceFile(pidFile, JSON.stringify(identityOf(started.pid)));
    return started;
  }

  #supervise(child: ChildProcess): void {
    const { notify } = this.#options;
    const ended = (code: number | null, signal: NodeJS.Signals | null) => {
      this.database = undefined;
      if (this.#closing) return;
      notify({ kind: 'dynamodb-restarted', exit: signal ?? `code ${code}` });
      this.#restart().catch((error) =>
        notify({ kind: 'dynamodb-restarted', exit: `and could not be: ${String(error)}` }),
      );
    };
    if (hasEnded(child)) ended(child.exitCode, child.signalCode);
    else child.once('exit', ended);
  }

  async #restart(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        const child = await this.#spawn();
        this.#child = child;
        if (this.#closing) child.kill('SIGKILL');
        else this.#supervise(child);
        return;
      } catch (error) {
        if (attempt === START_ATTEMPTS || this.#closing) throw error;
        await pause(50 * attempt);
      }
    }
  }
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;

/** Finds dynoxide's binary. It comes as one optional package per platform; npm installs only the matching one. */
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

/** Stops a database that an earlier runner left running. Compares its start time, because pids are reused. */
async function endStale(pidFile: string): Promise<void> {
  const stale = parseIdentity(await readFile(pidFile, 'utf8').catch(() => ''));
  if (stale && isRunning(stale)) {
    process.kill(stale.pid, 'SIGKILL');
    while (isRunning(stale)) await pause(5);
  }
  await rm(pidFile, { force: true });
}

/** Logs the child's standard error. @returns a function that reads the beginning of it */
function logged(child: ChildProcess, logFile: string): () => string {
  const log = createWriteStream(logFile, { flags: 'a', mode: 0o600 });
  log.on('error', () => undefined); // a log that cannot be written (full disk) must not stop the runner
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log.write(chunk);
    if (said.length < 4096) said += chunk.toString('utf8');
  });
  child.once('close', () => log.end());
  return () => said;
}
