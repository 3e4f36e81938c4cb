import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalError } from './local-error.ts';

/** Identifies a process, even if a later process gets the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string; // opaque: equal only for the same process
}

/**
 * Locks `folder` for this process and makes it private to this user, because it holds keys and secrets. A lock left by
 * a killed runner is detected (its process is gone) and taken over.
 *
 * @returns a function that releases the folder
 * @throws {LocalError} if another runner uses it, if it is not a folder, or if it belongs to another user
 */
export async function takeFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true, mode: 0o700 }).catch((cause) => {
    if (cause.code !== 'EEXIST' && cause.code !== 'ENOTDIR') throw cause;
    throw new LocalError(`${folder} is no folder: choose another data folder`, { cause });
  });
  await chmod(folder, 0o700).catch((cause) => {
    throw new LocalError(`${folder} belongs to another user: choose another data folder`, { cause });
  });
  const lock = path.join(folder, 'runner.lock');
  const mine = JSON.stringify(identityOf(process.pid));
  for (let attempt = 0; attempt < 3; attempt++) {
    if (await createExclusively(lock, mine)) return () => rm(lock, { force: true });
    const theirs = await readFile(lock, 'utf8').catch(() => '');
    const owner = parseIdentity(theirs);
    if (owner && isRunning(owner)) {
      throw new LocalError(`${folder} is in use by process ${owner.pid}: stop it, or choose another data folder`);
    }
    // Rename first: if two runners start at once, only one of them removes the stale lock.
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside).catch(() => undefined);
    if ((await readFile(aside, 'utf8').catch(() => theirs)) !== theirs) await rename(aside, lock);
    await rm(aside, { force: true });
  }
  throw new LocalError(`cannot lock ${folder}: another runner is starting there`);
}

/** Creates the file by linking it into place, so that a lock always has its content. */
async function createExclusively(file: string, content: string): Promise<boolean> {
  const draft = `${file}.${randomUUID()}`;
  await writeFile(draft, content, { mode: 0o600 });
  try {
    await link(draft, file);
    return true;
  } catch (error) {
    if (Object(error).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** @returns `undefined` if `text` does not identify a process */
export function parseIdentity(text: string): ProcessIdentity | undefined {
  try {
    const { pid, startedAt } = JSON.parse(text);
    return Number.isInteger(pid) && pid > 0 && typeof startedAt === 'string' ? { pid, startedAt } : undefined;
  } catch {
    return undefined;
  }
}

export const identityOf = (pid: number): ProcessIdentity => ({ pid, startedAt: startOf(pid) ?? '' });

export function isRunning({ pid, startedAt }: ProcessIdentity): boolean {
  return startOf(pid) === startedAt;
}

/** Returns when a process started, in the system's own format; `undefined` if there is no such process. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Skip the name in parentheses, which may contain any character. The fields after it start with the state; the
      // start time is the 20th (proc_pid_stat(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') return undefined; // a zombie is no longer running
      return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
    } catch {
      return undefined;
    }
  }
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (Object(error).code !== 'EPERM') return undefined;
  }
  if (process.platform === 'win32') return 'running';
  return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
}
