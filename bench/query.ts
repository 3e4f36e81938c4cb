/**
 * Measures `mayfly query` on this machine: `mayfly local` and the command as processes of their own, simulated agents over
 * HTTPS in this one. Shows how long a person waits for the first and the last row, and how long an answered row takes to
 * the screen. Agents poll as their front tells them.
 *
 *   node --import tsx bench/query.ts [hosts] [serverless|service]
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { argv } from 'node:process';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import type { Ready } from '../lib/cli/deployment/local-mayfly.ts';
import { Faults, Random, RealClock, SimulatedAgent, simulatedHosts } from '../workbench/world/index.ts';

const HOSTS = Number(argv[2] ?? 40);
const FRONT = argv[3] ?? 'serverless';
const QUESTIONS = 3;

const mayfly = (...args: string[]): ChildProcess =>
  spawn(process.execPath, ['bin/mayfly.js', ...args], { stdio: ['ignore', 'pipe', 'inherit'] });

async function* linesOf({ stdout }: ChildProcess): AsyncGenerator<string> {
  if (stdout) yield* createInterface({ input: stdout });
}

async function started(data: string): Promise<{ readonly child: ChildProcess; readonly ready: Ready }> {
  const child = mayfly('local', '--json', '--no-demo', '--port', '0', '--front', FRONT, '--data', data);
  for await (const line of linesOf(child)) return { child, ready: JSON.parse(line).ready };
  throw new Error('mayfly local ended before it was ready');
}

/** Asks all hosts. @returns when rows arrived, ms after the command started, and ms after each answer */
async function ask(data: string): Promise<{ readonly atMs: number[]; readonly delaysMs: number[] }> {
  const startedAtMs = performance.now();
  const child = mayfly('query', 'SELECT total_seconds FROM uptime', '--all', '--yes', '--json', '--data', data);
  const [atMs, delaysMs]: [number[], number[]] = [[], []];
  for await (const line of linesOf(child)) {
    atMs.push(performance.now() - startedAtMs);
    delaysMs.push(Date.now() - Date.parse(JSON.parse(line).answeredAt));
  }
  return { atMs, delaysMs };
}

const data = await mkdtemp(join(tmpdir(), 'mayfly-query-'));
const { child, ready } = await started(data);
const [ca, enrollSecret] = await Promise.all([
  readFile(ready.certificate, 'utf8'),
  readFile(ready.enrollSecret, 'utf8').then((text) => text.trim()),
]);
const [clock, random] = [new RealClock(), new Random('query')];
const agents = simulatedHosts(HOSTS, { clock, random }).map(
  (host) => new SimulatedAgent({ host, url: ready.url, ca, enrollSecret, clock, random, faults: new Faults() }),
);
try {
  for (const agent of agents) agent.start();
  // Until every host has answered its enrollment queries and polls at its own pace.
  await pause(30_000);
  for (let n = 1; n <= QUESTIONS; n++) {
    const { atMs, delaysMs } = await ask(data);
    const sorted = delaysMs.toSorted((a, b) => a - b);
    const seconds = (ms: number | undefined): string => `${((ms ?? Number.NaN) / 1000).toFixed(2)} s`;
    console.log(
      `${FRONT}, ${HOSTS} hosts, question ${n}: first row ${seconds(atMs[0])}, last ${seconds(atMs.at(-1))} (${atMs.length} rows); ` +
        `answer to screen: median ${seconds(sorted[sorted.length >> 1])}, most ${seconds(sorted.at(-1))}`,
    );
    await pause(5_000);
  }
} finally {
  await Promise.all(agents.map((agent) => agent.stop()));
  child.kill('SIGINT');
  await once(child, 'exit');
  await rm(data, { recursive: true, force: true });
}
