/**
 * A burst of enrollments on one machine: each host on a TLS connection of its own, retrying as osqueryd does. Prints how
 * long it took until all had a node key, and what they got meanwhile. Fails if one has none within the limit.
 *
 *   npm run bench:enroll -- [hosts = 2000] [seconds over which they start = 10] [limit in seconds = 120]
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { synthesize } from '../lib/cli/synthesize.ts';
import { startLocal } from '../lib/local/index.ts';

const [hosts = 2000, spreadSeconds = 10, limitSeconds = 120] = process.argv.slice(2).map(Number);
const MAX_ATTEMPTS = 12; // osquery's tls_enroll_max_attempts
const CLIENT_TIMEOUT_MS = 16_000; // osquery's HTTP client

const data = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
await synthesize(join(data, 'cdk.out'));
const mayfly = await startLocal({ assembly: join(data, 'cdk.out'), data, port: 0 });
const ca = await readFile(mayfly.certificate, 'utf8');
const secret = (await readFile(mayfly.enrollSecret, 'utf8')).trim();

/** One attempt: the status, or the error's code. */
function enroll(host: string): Promise<{ outcome: string; enrolled: boolean }> {
  return new Promise((resolve) => {
    const body = JSON.stringify({ enroll_secret: secret, host_identifier: host });
    const request = https.request(`${mayfly.url}/v1/enroll`, {
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

const outcomes = new Map<string, number>();
const enrolledAfterMs: number[] = [];
const startedAtMs = performance.now();

async function host(index: number): Promise<void> {
  await pause((index / hosts) * spreadSeconds * 1000);
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
    const { outcome, enrolled } = await enroll(`burst-${index}`);
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (enrolled) {
      enrolledAfterMs.push(performance.now() - startedAtMs);
      return;
    }
    await pause(attempt * attempt * 1000);
  }
}

const cpu = process.cpuUsage();
let peakBytes = 0;
const watch = setInterval(() => {
  peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
}, 500);
await Promise.all(Array.from({ length: hosts }, (_, index) => host(index)));
clearInterval(watch);
const { user, system } = process.cpuUsage(cpu);

const at = (q: number): string => {
  const sorted = enrolledAfterMs.sort((a, b) => a - b);
  return `${((sorted[Math.ceil(q * sorted.length) - 1] ?? 0) / 1000).toFixed(1)} s`;
};
const answers = [...outcomes].map(([outcome, times]) => `${times} × ${outcome}`).join(', ');
console.log(
  `${enrolledAfterMs.length} of ${hosts} hosts enrolled, started over ${spreadSeconds} s, on ${availableParallelism()} cores: ` +
    `half after ${at(0.5)}, 95 % after ${at(0.95)}, all after ${at(1)}\n` +
    `answers: ${answers}\n` +
    `${((user + system) / 1000 / hosts).toFixed(1)} ms CPU a host (client, edge and functions; without DynamoDB), ` +
    `${(peakBytes / 1024 / 1024).toFixed(0)} MB resident at most`,
);
await mayfly.close();
await rm(data, { recursive: true });
const inTime = enrolledAfterMs.filter((afterMs) => afterMs <= limitSeconds * 1000).length;
if (inTime < hosts) {
  console.error(`${hosts - inTime} hosts had no node key within ${limitSeconds} s`);
  process.exitCode = 1;
}
