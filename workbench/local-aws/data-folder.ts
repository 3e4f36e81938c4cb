import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { chmod, link, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { LocalError } from './local-error.ts';

/** A process, told apart from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startedAt: string; // opaque: equal only for the same process
}

/**
 * Takes `folder` for this process alone, and makes it private to this user: it holds keys and secrets.
 * The lock of a runner that was killed is recognized by its process being gone, and taken over.
 *
 * @returns releases the folder
 * @throws {LocalError} while another runner uses it, where it is no folder, and where it belongs to another user
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
    // Renaming first, so that of two runners starting at once only one removes the stale lock.
    const aside = `${lock}.${randomUUID()}`;
    await rename(lock, aside).catch(() => undefined);
    if ((await readFile(aside, 'utf8').catch(() => theirs)) !== theirs) await rename(aside, lock);
    await rm(aside, { force: true });
  }
  throw new LocalError(`cannot lock ${folder}: another runner is starting there`);
}

/** Linked into place, so that a lock never exists without its content. */
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

/** @returns `undefined` if `text` names no process */
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

/** When a process started, in whatever form the system tells it; `undefined` if there is no such process. */
function startOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // Fields after the name in parentheses, which may hold anything: state is the first, start time the 20th (proc_pid_stat(5)).
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      if (fields[0] === 'Z') return undefined; // a zombie runs no more
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
