import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAYFLY = join(ROOT, 'bin/mayfly.js');

/** Needs an account, or a binary that is not on a machine with Node and npm only. */
const ELSEWHERE = /^(npx cdk deploy|osqueryd )/;

async function commands(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Words of a command line; the README quotes with " and ' only. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');

describe("the README's commands", () => {
  let folder: string;
  let runner: ChildProcess | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mayfly-readme-'));
    await symlink(join(ROOT, 'test'), join(folder, 'test')); // where the README's fixtures are
  });
  afterAll(async () => {
    runner?.kill('SIGINT');
    if (runner && runner.exitCode === null) await once(runner, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  it('work as they stand, in their order', async () => {
    const { NODE_OPTIONS: _, ...rest } = process.env;
    const env = { ...rest, MAYFLY_DATA: join(folder, 'data') };
    const options = { cwd: folder, env };
    const ci = await readFile(join(ROOT, '.ci/run'), 'utf8');
    const ran: string[] = [];
    for (const line of await commands()) {
      if (ELSEWHERE.test(line)) continue;
      const [, installed] = /^npm ci && (npm \w+)$/.exec(line) ?? [];
      const [, start] = /^npm start -- (--no-demo) --port 8443$/.exec(line) ?? [];
      if (installed) expect(ci).toMatch(new RegExp(`^${installed}`, 'm'));
      else if (start) {
        // Any free port: whatever else runs on this machine may have the README's.
        runner = spawn(process.execPath, [MAYFLY, 'local', start, '--port', '0'], options);
        for await (const said of createInterface({ input: runner.stdout as NodeJS.ReadableStream })) {
          if (said.includes('results')) break;
        }
      } else {
        expect(line).toMatch(/^(npx mayfly|cp) /);
        const [program = '', ...args] = line.startsWith('cp ')
          ? words(line)
          : [process.execPath, MAYFLY, ...words(line).slice(2)];
        await promisify(execFile)(program, args, options);
      }
      ran.push(line);
    }
    expect(ran.length).toBeGreaterThanOrEqual(9);
  });
});
