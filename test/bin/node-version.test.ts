import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Runs `mayfly --help` on this Node, which reports another version. */
function onNode(version: string) {
  const disguise = `Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '${version}' } })`;
  const preload = `data:text/javascript,${encodeURIComponent(disguise)}`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const args = ['--import', preload, 'bin/mayfly.js', '--help'];
  return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
}

describe('the command on an old Node', () => {
  it.each(['18.20.4', '20.18.3', '16.20.2'])('prints which version it needs and what to do: %s', (version) => {
    const { status, stderr, stdout } = onNode(version);
    expect([status, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(
      new RegExp(`^Mayfly needs Node 20\\.19 or later, and this is Node ${version}\\.\nInstall .*npm ci.*\n$`),
    );
  });

  it('runs on the version that package.json requires', () => {
    const { engines } = JSON.parse(readFileSync(`${ROOT}/package.json`, 'utf8'));
    expect(onNode(`${engines.node.replace('>=', '')}.0`).stdout).toContain('Usage: mayfly');
  });
});
