import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cp, mkdtemp, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { synthesizeIfChanged } from '../../workbench/demo/synthesize.ts';
import { theAssembly } from '../support/assembly.ts';

const SYNTHESIS_MS = 300_000; // a bound against hanging
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const MAYFLY = join(ROOT, 'bin/mayfly.js');

/** Commands that need an AWS account, or a binary other than Node and npm. */
const ELSEWHERE = /^(npx cdk deploy|osqueryd )/;

async function commands(): Promise<string[]> {
  const text = await readFile(join(ROOT, 'README.md'), 'utf8');
  return [...text.matchAll(/```sh\n([\s\S]*?)```/g)].flatMap(([, block = '']) => block.trim().split('\n'));
}

/** Words of a command line; the README quotes with " and ' only. */
const words = (line: string): string[] =>
  [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(([, double, single, plain]) => double ?? single ?? plain ?? '');

interface RunOptions {
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
}

/** Runs `npx mayfly …` or `cp …`. @throws when it fails */
async function run(line: string, options: RunOptions): Promise<void> {
  expect(line).toMatch(/^(npx mayfly|cp) /);
  const [program = '', ...args] = line.startsWith('cp ')
    ? words(line)
    : [process.execPath, MAYFLY, ...words(line).slice(2)];
  await promisify(execFile)(program, args, options);
}

describe("the README's commands", () => {
  let folder: string;
  let runner: ChildProcess | undefined;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mayfly-readme-'));
    await symlink(join(ROOT, 'test'), join(folder, 'test')); // where the README's fixtures are
    // As if Mayfly had run here before: another test starts it in an empty folder.
    const made = await theAssembly();
    await synthesizeIfChanged(join(folder, 'data'), { make: (to) => cp(made, to, { recursive: true }) });
  }, SYNTHESIS_MS);
  afterAll(async () => {
    runner?.kill('SIGINT');
    if (runner && runner.exitCode === null) await once(runner, 'exit');
    await rm(folder, { recursive: true, force: true });
  });

  /** Runs a Mayfly as the README says, on any free port, because the README's may be in use. Waits until it is ready. */
  async function start(flag: string, options: RunOptions): Promise<void> {
    runner = spawn(process.execPath, [MAYFLY, 'local', flag, '--port', '0'], options);
    for await (const line of createInterface({ input: runner.stdout as NodeJS.ReadableStream })) {
      if (line.includes('results')) return;
    }
  }

  it('run unchanged, in order', async () => {
    const { NODE_OPTIONS: _, ...rest } = process.env;
    const options = { cwd: folder, env: { ...rest, MAYFLY_DATA: join(folder, 'data') } };
    const ci = await readFile(join(ROOT, '.ci/run'), 'utf8');
    const lines = (await commands()).filter((line) => !ELSEWHERE.test(line));
    for (const line of lines) {
      const [, installed] = /^npm ci && (npm \w+)$/.exec(line) ?? [];
      const [, flag] = /^npm start -- (--no-demo) --port 8443$/.exec(line) ?? [];
      if (installed) expect(ci).toMatch(new RegExp(`^${installed}`, 'm'));
      else if (flag) await start(flag, options);
      else await run(line, options);
    }
    expect(lines.length).toBeGreaterThanOrEqual(9);
  });
});
