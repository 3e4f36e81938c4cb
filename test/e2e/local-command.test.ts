import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { lstat, mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import * as z from 'zod';
import type { Ready } from '../../lib/cli/deployment/local-mayfly.ts';
import type { Kind } from '../../lib/cli/logs/kinds.ts';
import { JSON_OUTPUTS } from '../../scripts/json-outputs/json-outputs.ts';
import { theAssembly } from '../support/assembly.ts';
import { send } from '../support/https.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const FIXTURES = 'test/fixtures/events';
const HOST = 'i-0a1b2c3d4e5f60718';
const START_MS = 300_000; // a bound, not a measurement: synthesis on a machine that is busy with other tests

interface Running {
  readonly ready: Ready;
  readonly child: ChildProcess;
  readonly lines: Interface;
  /** What it has printed. */
  readonly documents: readonly unknown[];
}

const running: ChildProcess[] = [];
let data: string;

/** `mayfly local --json --no-demo`, as a shell would start it; resolves when it reports that it is ready. */
async function start(): Promise<Running> {
  const args = ['bin/mayfly.js', 'local', '--json', '--no-demo', '--port', '0', '--data', data];
  // Without jest's own options: the command has to work as a user starts it.
  const { NODE_OPTIONS: _, ...env } = process.env;
  const child = spawn(process.execPath, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.push(child);
  let errors = '';
  child.stderr.on('data', (chunk) => {
    errors += chunk;
  });
  const lines = createInterface({ input: child.stdout });
  const documents: unknown[] = [];
  lines.on('line', (line) => documents.push(JSON.parse(line)));
  const first = await Promise.race([once(lines, 'line'), once(child, 'exit')]);
  if (typeof first[0] !== 'string') throw new Error(`mayfly local ended before it was ready: ${errors}`);
  return { ready: JSON.parse(first[0]).ready, child, lines, documents };
}

/** Waits until it prints that something of this kind happened. */
async function happened({ documents, lines }: Running, kind: Kind): Promise<void> {
  while (!documents.some((document) => Object(document).moment?.kind === kind)) await once(lines, 'line');
}

/** What the published schema says against these documents. */
const problemsOf = (documents: readonly unknown[]): string[] =>
  documents.flatMap((document) => {
    const { error } = z.safeParse(JSON_OUTPUTS.local.schema, document);
    return error ? [`${JSON.stringify(document)}: ${z.prettifyError(error)}`] : [];
  });

/** Runs the command. One test runs it with `npx`, as a user does, which takes five times the CPU. */
const mayfly = async (...args: string[]): Promise<string> =>
  (await promisify(execFile)(process.execPath, ['bin/mayfly.js', ...args], { cwd: ROOT })).stdout;

async function post(ready: Ready, path: string, body: object): Promise<Record<string, unknown>> {
  const ca = await readFile(ready.certificate, 'utf8');
  return JSON.parse((await send(`${ready.url}${path}`, ca, Buffer.from(JSON.stringify(body)))).text);
}

/** The files of a data folder that other users may access. The app is excluded: it is not secret, and CDK copies its modes. */
async function openToOthers(folder: string): Promise<string[]> {
  const inside = await readdir(folder, { recursive: true });
  const names = ['.', ...inside.filter((name) => !name.startsWith('cdk.out/'))];
  const modes = await Promise.all(names.map(async (name) => (await lstat(join(folder, name))).mode));
  return names.filter((_, index) => (modes[index] ?? 0) & 0o077);
}

/** Polls until a query is delivered: the event takes a moment through bus, queue and function. */
async function firstQueries(ready: Ready, nodeKey: unknown): Promise<Record<string, string>> {
  for (;;) {
    const { queries } = (await post(ready, '/v1/distributed/read', { node_key: nodeKey })) as {
      queries: Record<string, string>;
    };
    if (Object.values(queries).some((sql) => sql.includes('docker_containers'))) return queries;
    await post(ready, '/v1/distributed/write', {
      node_key: nodeKey,
      queries: Object.fromEntries(Object.keys(queries).map((id) => [id, []])),
    });
    await pause(100);
  }
}

async function enroll(ready: Ready, given?: string): Promise<unknown> {
  const secret = given ?? (await readFile(ready.enrollSecret, 'utf8')).trim();
  return (await post(ready, '/v1/enroll', { enroll_secret: secret, host_identifier: HOST })).node_key;
}

describe('mayfly local', () => {
  beforeAll(async () => {
    await theAssembly(); // whose bundles the command's own has too
    data = await mkdtemp(join(tmpdir(), 'mayfly-local-'));
  }, START_MS);
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
  afterAll(() => rm(data, { recursive: true, force: true }));

  it(
    'reads events from files and delivers their queries to the right host, across kill -9',
    async () => {
      const first = await start();
      expect(first.ready).toMatchObject({
        url: expect.stringMatching(/^https:\/\/localhost:\d+$/),
        events: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+$/),
        results: join(data, 'results'),
      });
      expect(first.ready).not.toHaveProperty('credentials'); // only the ready file contains them
      expect(await openToOthers(data)).toEqual([]);
      const key = await enroll(first.ready);
      const files = ['15-ecs-container-instance-registered', '05-ecs-task-ec2-running'].map(
        (name) => `${FIXTURES}/${name}.json`,
      );
      expect(await mayfly('local', 'put-events', '--data', data, ...files)).toBe('2 events accepted\n');
      await enroll(first.ready, 'a wrong secret');
      for (const kind of ['enrolled', 'event', 'query', 'refused'] as const) await happened(first, kind);
      expect(problemsOf(first.documents)).toEqual([]);
      first.child.kill('SIGKILL');
      await once(first.child, 'exit');

      const synthesized = await lstat(join(data, 'cdk.out/manifest.json'));
      const second = await start();
      expect((await lstat(join(data, 'cdk.out/manifest.json'))).mtimeMs).toBe(synthesized.mtimeMs); // not made again
      const queries = await firstQueries(second.ready, key);
      expect(Object.values(queries)).toContainEqual(
        expect.stringContaining("IN ('9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9'"),
      );

      second.child.kill('SIGINT');
      expect(await once(second.child, 'close')).toEqual([0, null]);
      expect(problemsOf(second.documents)).toEqual([]);
      expect(second.documents.at(-1)).toMatchObject({ usage: { seconds: expect.any(Number) } });
    },
    START_MS,
  );

  it('writes a flagfile that names what osqueryd needs', async () => {
    const { ready } = JSON.parse(
      JSON.stringify({ ready: JSON.parse(await readFile(join(data, 'ready.json'), 'utf8')) }),
    );
    const flags = await readFile(ready.flagfile, 'utf8');
    expect(flags).toContain(`--tls_server_certs=${ready.certificate}`);
    expect(flags).toContain(`--enroll_secret_path=${ready.enrollSecret}`);
    expect(flags).toContain(`--tls_hostname=${ready.url.replace('https://', '')}`);
  });

  it('exits silently when its reader closes the pipe', async () => {
    const { NODE_OPTIONS: _, ...env } = process.env;
    const child = spawn(process.execPath, ['bin/mayfly.js', 'policy', 'check', '--help'], { cwd: ROOT, env });
    child.stdout.destroy();
    let errors = '';
    child.stderr.on('data', (chunk) => {
      errors += chunk;
    });
    expect([...(await once(child, 'close')), errors]).toEqual([141, null, '']);
  });

  it('prints the next step when nothing runs', async () => {
    const args = ['mayfly', 'local', 'put-events', '--data', join(data, 'none'), 'x.json'];
    await expect(promisify(execFile)('npx', args, { cwd: ROOT })).rejects.toMatchObject({
      stderr: expect.stringContaining('npx mayfly local'),
    });
  });
});
