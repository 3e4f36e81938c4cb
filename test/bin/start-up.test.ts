import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUNS = 5;

/** The process writes its own CPU time, user and system, when it ends. */
const CLOCK = `data:text/javascript,${encodeURIComponent(`process.on('exit', () => {
  const { user, system } = process.cpuUsage();
  require('node:fs').writeSync(2, '\\ncpu ' + (user + system));
});
import { createRequire } from 'node:module';
const require = createRequire('${ROOT}');`)}`;

const { NODE_OPTIONS: _, ...rest } = process.env;
/** Nothing listens on port 1: a command ends at its first request. */
const ENV = {
  ...rest,
  ...{ AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:1', AWS_MAX_ATTEMPTS: '1', AWS_REGION: 'eu-west-1' },
  ...{ AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' },
};

function run(...args: string[]): { readonly said: string; readonly cpuMs: number } {
  const { stdout, stderr } = spawnSync(process.execPath, ['--import', CLOCK, ...args], {
    cwd: ROOT,
    env: ENV,
    encoding: 'utf8',
  });
  return { said: stdout + stderr, cpuMs: Number(/cpu (\d+)/.exec(stderr)?.[1]) / 1000 };
}

/** CPU of a command as a multiple of what Node itself needs to start: the least of several runs, taken in turns. */
function costOf(...args: string[]): { readonly said: string; readonly multiple: number } {
  const runs = Array.from({ length: RUNS }, () => ({ node: run('-e', '0'), command: run('bin/mayfly.js', ...args) }));
  const least = (of: 'node' | 'command'): number => Math.min(...runs.map((one) => one[of].cpuMs));
  return { said: runs[0]?.command.said ?? '', multiple: least('command') / least('node') };
}

describe('a command in a clone whose sources have not changed', () => {
  beforeAll(() => {
    run('bin/mayfly.js', '--version'); // builds the bundle
  });

  // Node takes 0.05 to 0.1 s. The sources compiled at each start took 24 times as much.
  it('starts in less than four times the CPU that Node takes', () => {
    const { said, multiple } = costOf('--version');
    expect(said).toMatch(/^\d+\.\d+\.\d+\n/);
    expect(multiple).toBeLessThan(4);
  });

  it.each(['coverage', 'policy show'])('reads its table after less than seven times that: %s', (name) => {
    const { said, multiple } = costOf(...name.split(' '), '--table', 'x');
    expect(said).toContain('ECONNREFUSED');
    expect(multiple).toBeLessThan(7);
  });
});
