import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const RUNS = 3;

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

const COMMANDS = ['--version', 'coverage --table x', 'policy show --table x'] as const;
const NODE = ['-e', '0'];
const LINES = [NODE, ...COMMANDS.map((command) => ['bin/mayfly.js', ...command.split(' ')])];

describe('a command in a clone whose sources have not changed', () => {
  /** The runs of Node itself and then of each command, taken in turns. */
  let runs: ReturnType<typeof run>[][];
  beforeAll(() => {
    run('bin/mayfly.js', '--version'); // builds the bundle
    runs = Array.from({ length: RUNS }, () => LINES.map((args) => run(...args)));
  });

  /** CPU of a command as a multiple of what Node itself needs to start: the least of several runs. */
  function costOf(command: (typeof COMMANDS)[number]): { readonly said: string; readonly multiple: number } {
    const at = 1 + COMMANDS.indexOf(command);
    const least = (index: number): number => Math.min(...runs.map((turn) => turn[index]?.cpuMs ?? Number.NaN));
    return { said: runs[0]?.[at]?.said ?? '', multiple: least(at) / least(0) };
  }

  // Node takes 0.05 to 0.1 s. The sources compiled at each start took 24 times as much.
  it('starts in less than four times the CPU that Node takes', () => {
    const { said, multiple } = costOf('--version');
    expect(said).toMatch(/^\d+\.\d+\.\d+\n/);
    expect(multiple).toBeLessThan(4);
  });

  it.each(['coverage --table x', 'policy show --table x'] as const)(
    'reads its table after less than seven times that: %s',
    (command) => {
      const { said, multiple } = costOf(command);
      expect(said).toContain('ECONNREFUSED');
      expect(multiple).toBeLessThan(7);
    },
  );
});
