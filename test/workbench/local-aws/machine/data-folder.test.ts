import { spawn } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { identityOf, isRunning, takeFolder } from '../../../../workbench/local-aws/machine/data-folder.ts';
import { aFolder } from '../../../support/folder.ts';

const lockOf = (folder: string) => path.join(folder, 'runner.lock');

describe('a data folder', () => {
  it('belongs to one runner at a time, and to the next once it is released', async () => {
    const folder = path.join(aFolder(), 'new');
    const release = await takeFolder(folder);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    await expect(takeFolder(folder)).rejects.toThrow(`${folder} is in use by process ${process.pid}`);
    await release();
    await (await takeFolder(folder))();
    expect(existsSync(lockOf(folder))).toBe(false);
  });

  it('belongs to exactly one of many runners that start at once', async () => {
    const folder = aFolder();
    const taken = await Promise.allSettled(Array.from({ length: 10 }, () => takeFolder(folder)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  it('is taken over from a killed runner, even if its process id is in use again', async () => {
    const folder = aFolder();
    const child = spawn('sleep', ['60']);
    const dead = identityOf(child.pid ?? 0);
    expect(isRunning(dead)).toBe(true);
    const gone = new Promise((resolve) => child.once('exit', resolve));
    child.kill('SIGKILL');
    await gone;
    expect(isRunning(dead)).toBe(false);
    for (const stale of [dead, { pid: process.pid, startedAt: 'another time' }]) {
      writeFileSync(lockOf(folder), JSON.stringify(stale));
      const release = await takeFolder(folder);
      expect(JSON.parse(readFileSync(lockOf(folder), 'utf8'))).toEqual(identityOf(process.pid));
      await release();
    }
  });

  it('cannot be a file or below a file', async () => {
    const file = path.join(aFolder(), 'file');
    writeFileSync(file, '');
    for (const folder of [file, path.join(file, 'below')])
      await expect(takeFolder(folder)).rejects.toThrow(`${folder} is no folder: choose another`);
  });

  it('keeps the permissions of an existing folder', async () => {
    const folder = aFolder();
    const before = statSync(folder).mode;
    await (await takeFolder(folder))();
    expect(statSync(folder).mode).toBe(before);
  });
});
