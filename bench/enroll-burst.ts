/**
 * Simulates a burst of enrollments on one machine. Agents and server run in separate processes; each host uses its own
 * TLS connection and retries as osqueryd does. Prints the time until all hosts had a node key, and the replies they got
 * meanwhile. Fails if a host has no key within the limit, unless the machine has too little CPU for so many hosts.
 *
 *   npm run bench -- enroll [hosts = 2000] [seconds over which they start = 10] [limit in seconds = 120]
 */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { synthesize } from '../workbench/demo/synthesize.ts';
import { startLocal } from '../workbench/local-aws/index.ts';

const [hosts = 2000, spreadSeconds = 10, limitSeconds = 120] = process.argv.slice(2).map(Number);
/** Environment variable that is set only in the agents' process. */
const AGENTS = 'MAYFLY_BENCH_AGENTS';
const MAX_ATTEMPTS = 12; // osquery's default of tls_enroll_max_attempts
const CLIENT_TIMEOUT_MS = 16_000; // timeout of osquery's HTTP client

interface Server {
  readonly url: string;
  readonly ca: string;
  readonly secret: string;
}

/** Makes one attempt. @returns the status, or the error's code */
function enroll({ url, ca, secret }: Server, host: string): Promise<{ outcome: string; enrolled: boolean }> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ enroll_secret: secret, host_identifier: host });
    const request = https.request(`${url}/v1/enroll`, {
      method: 'POST',
      ca,
      agent: false,
      timeout: CLIENT_TIMEOUT_MS,
      headers: { 'Content-Type': 'application/json', 'Content-Length': Buffer.byteLength(body) },
    });
    request.once('timeout', () => request.destroy(Object.assign(new Error('timeout'), { code: 'client timeout' })));
    request.once('error', (error) => resolve({ outcome: String(Object(error).code), enrolled: false }));
    request.once('response', (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () =>
        resolve({ outcome: String(response.statusCode), enrolled: text.includes('"node_key"') }),
      );
    });
    request.end(body);
  });
}

interface Figures {
  readonly outcomes: Readonly<Record<string, number>>;
  readonly enrolledAfterMs: readonly number[];
}

/** Runs all agents, from the first start to the last key. */
async function agents(server: Server): Promise<Figures> {
  const outcomes: Record<string, number> = {};
  const enrolledAfterMs: number[] = [];
  const startedAtMs = performance.now();
  const host = async (index: number): Promise<void> => {
    await pause((index / hosts) * spreadSeconds * 1000);
    for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
      const { outcome, enrolled } = await enroll(server, `burst-${index}`);
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      if (enrolled) {
        enrolledAfterMs.push(performance.now() - startedAtMs);
        return;
      }
      await pause(attempt * attempt * 1000);
    }
  };
  await Promise.all(Array.from({ length: hosts }, (_, index) => host(index)));
  return { outcomes, enrolledAfterMs: enrolledAfterMs.sort((a, b) => a - b) };
}

/** The CPU time of the main thread so far, ms: that of the local AWS, without the functions. A tick is 10 ms. */
async function mainThreadMs(): Promise<number> {
  const stat = await readFile(`/proc/self/task/${process.pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function measure(): Promise<void> {
  const data = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
  await synthesize(join(data, 'cdk.out'));
  const mayfly = await startLocal({ assembly: join(data, 'cdk.out'), data, port: 0 });
  const ca = await readFile(mayfly.certificate, 'utf8');
  const secret = (await readFile(mayfly.enrollSecret, 'utf8')).trim();
  const cpu = process.cpuUsage();
  const mainMs = await mainThreadMs();
  let peakBytes = 0;
  const watch = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 500);
  const child = fork(fileURLToPath(import.meta.url), process.argv.slice(2), {
    env: { ...process.env, [AGENTS]: 'yes' },
  });
  child.send({ url: mayfly.url, ca, secret } satisfies Server);
  const { outcomes, enrolledAfterMs }: Figures = (await once(child, 'message'))[0];
  clearInterval(watch);
  const { user, system } = process.cpuUsage(cpu);
  const cpuMs = (user + system) / 1000;
  const localMs = (await mainThreadMs()) - mainMs;

  const at = (q: number) =>
    `${((enrolledAfterMs[Math.ceil(q * enrolledAfterMs.length) - 1] ?? 0) / 1000).toFixed(1)} s`;
  const answers = Object.entries(outcomes).map(([outcome, times]) => `${times} × ${outcome}`);
  console.log(
    `${enrolledAfterMs.length} of ${hosts} hosts enrolled, started over ${spreadSeconds} s, on ${availableParallelism()} cores: ` +
      `half after ${at(0.5)}, 95 % after ${at(0.95)}, all after ${at(1)}\n` +
      `answers: ${answers.join(', ')}\n` +
      `${(cpuMs / hosts).toFixed(1)} ms CPU a host: ${(localMs / hosts).toFixed(1)} in the local AWS, the rest in functions (without agents and DynamoDB), ` +
      `${(peakBytes / 1024 / 1024).toFixed(0)} MB resident at most`,
  );
  await mayfly.close();
  await rm(data, { recursive: true });
  const inTime = enrolledAfterMs.filter((afterMs) => afterMs <= limitSeconds * 1000).length;
  if (inTime === hosts) return;
  console.error(`${hosts - inTime} hosts had no node key within ${limitSeconds} s`);
  const thereMs = limitSeconds * 1000 * availableParallelism();
  // The agents and DynamoDB, which are other processes, need the other half.
  if (enrolledAfterMs.length === hosts && cpuMs > thereMs / 2)
    console.error(
      `No figure for this limit: ${hosts} hosts took ${(cpuMs / 1000).toFixed(0)} s of CPU here, and ${availableParallelism()} cores have ${thereMs / 1000} s for it, the agents and DynamoDB.`,
    );
  else process.exitCode = 1;
}

if (process.env[AGENTS])
  process.once('message', async (server: Server) => {
    process.send?.(await agents(server), () => process.disconnect());
  });
else await measure();
