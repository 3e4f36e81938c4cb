import { appendFile, mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { LogFollower, toldLine } from '../../../workbench/demo/tell.ts';

const line = (message: string, fields: object): string =>
  JSON.stringify({ level: 'INFO', message, timestamp: '2026-11-28T17:23:48.349Z', ...fields });

describe('what a local Mayfly tells', () => {
  it.each([
    ['node_enrolled', { host: 'i-1', hostname: 'web' }, 'enrolled   i-1 (web)'],
    ['enroll_refused', { hostIdentifier: 'x' }, 'refused    x: its enroll secret is wrong'],
    ['event_handled', { kind: 'task', outcome: 'queued' }, 'event      task: queued'],
    ['queries_delivered', { host: 'i-1', wireIds: ['a', 'b'] }, 'asked      i-1: 2 queries'],
    ['answers_stored', { host: 'i-1', answers: 1 }, 'answered   i-1: 1 answer'],
  ])('is a line for %s', (message, fields, told) => {
    expect(toldLine(line(message, fields))).toBe(`17:23:48Z  ${told}`);
  });

  it('is nothing for other lines', () => {
    for (const other of [line('policy_loaded', {}), line('__proto__', {}), 'no JSON', '{}', '[]', 'null']) {
      expect(toldLine(other)).toBeUndefined();
    }
  });

  it('has no control characters, whatever an agent calls itself', () => {
    expect(toldLine(line('node_enrolled', { host: 'a\u001b[2J\n', hostname: '' }))).toBe('17:23:48Z  enrolled   a [2J');
  });
});

describe('the lines that are added to logs', () => {
  it('are read once, whole, from all files, and not those of an earlier run', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mayfly-logs-'));
    await writeFile(join(folder, 'a.log'), 'old\n');
    const follower = new LogFollower(folder);
    await follower.skip();
    await appendFile(join(folder, 'a.log'), 'one ä\nhal');
    await writeFile(join(folder, 'b.log'), 'two\n');
    await writeFile(join(folder, 'c.txt'), 'no log\n');
    expect(await follower.added()).toEqual(['one ä', 'two']);
    await appendFile(join(folder, 'a.log'), 'f\n');
    expect([await follower.added(), await follower.added()]).toEqual([['half'], []]);
  });
});
