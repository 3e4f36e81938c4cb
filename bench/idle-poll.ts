/**
 * Measures the cost of an idle poll, with a new TLS connection for each request, like osquery: the bundled function behind
 * the local HTTPS edge, and the long-poll front with reads that are answered at once, beside a bare Node TLS server. Reports
 * CPU per poll and latency percentiles. Compare ratios of paired runs, not single figures (docs/spec/performance.md §6).
 *
 *   npm run bench -- edge
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import https from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { synthesize } from '../workbench/demo/synthesize.ts';
import { startLocal } from '../workbench/local-aws/index.ts';
import { HeldAgent, startFront } from './support/held-agents.ts';
import type { Served } from './support/served-front.ts';

const WARM_UP = 200;
const POLLS = 2_000;
const AT_ONCE = 8;
const HOSTS = 50;

const data = await mkdtemp(join(tmpdir(), 'mayfly-bench-'));
await synthesize(join(data, 'cdk.out'));
const mayfly = await startLocal({ assembly: join(data, 'cdk.out'), data, port: 0 });
const ca = await readFile(mayfly.certificate, 'utf8');
const secret = (await readFile(mayfly.enrollSecret, 'utf8')).trim();

function post(path: string, body: object, agent: https.Agent | false): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = https.request(`${mayfly.url}${path}`, {
      method: 'POST',
      ca,
      agent,
      headers: { 'Content-Type': 'application/json' },
    });
    request.once('error', reject).once('response', (response) => {
      let text = '';
      response.on('data', (chunk) => {
        text += chunk;
      });
      response.once('end', () => resolve(text));
    });
    request.end(JSON.stringify(body));
  });
}

const enrolled = JSON.parse(await post('/v1/enroll', { enroll_secret: secret, host_identifier: 'bench' }, false));
const poll = (agent: https.Agent | false): Promise<string> =>
  post('/v1/distributed/read', { node_key: enrolled.node_key }, agent);
// An enrollment's queries arrive in several deliveries, and accelerate the agent's polling for a while.
for (;;) {
  const { queries } = JSON.parse(await poll(false));
  const ids = Object.keys(queries);
  if (ids.length === 0) break;
  const answers = { node_key: enrolled.node_key, queries: Object.fromEntries(ids.map((id) => [id, []])) };
  await post('/v1/distributed/write', answers, false);
}

async function run(count: number, agent: https.Agent | false): Promise<number[]> {
  const times: number[] = [];
  let left = count;
  const worker = async (): Promise<void> => {
    while (left-- > 0) {
      const from = performance.now();
      const body = await poll(agent);
      if (!body.startsWith('{"queries":{}')) throw new Error(`not an idle poll: ${body}`);
      times.push(performance.now() - from);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  return times.sort((a, b) => a - b);
}

const at = (sorted: readonly number[], q: number): string =>
  `${(sorted[Math.ceil(q * sorted.length) - 1] ?? 0).toFixed(1)} ms`;
for (const [name, agent] of [
  ['new connection each', false],
  ['keep-alive', new https.Agent({ keepAlive: true, maxSockets: AT_ONCE })],
] as const) {
  await run(WARM_UP, agent);
  const cpu = process.cpuUsage();
  const times = await run(POLLS, agent);
  const { user, system } = process.cpuUsage(cpu);
  const each = (user + system) / POLLS;
  console.log(
    `${name.padEnd(20)} ${POLLS} idle polls, ${AT_ONCE} at once: ${each.toFixed(0)} µs CPU each (client, edge and function; without DynamoDB), ` +
      `p50 ${at(times, 0.5)}, p95 ${at(times, 0.95)}, p99 ${at(times, 0.99)}`,
  );
  if (agent) agent.destroy();
}
await mayfly.close();
await rm(data, { recursive: true });

/** CPU of a front's process for one read, µs. */
async function readMicros(served: Served): Promise<number> {
  const script = fileURLToPath(new URL('held-reads.ts', import.meta.url));
  const front = await startFront(script, { served, carrier: 'tls', holdMs: 0, hosts: HOSTS });
  const agents = Array.from({ length: HOSTS }, (_, host) => new HeldAgent(front, host));
  const reads = async (count: number): Promise<void> => {
    for (let n = 0; n < count; n++) await agents[n % HOSTS]?.read();
  };
  await reads(WARM_UP);
  const before = await front.ask({ kind: 'usage' });
  await reads(POLLS);
  const after = await front.ask({ kind: 'usage' });
  front.child.kill('SIGKILL');
  return (after.cpuMicros - before.cpuMicros) / POLLS;
}

const [bare, ours] = [await readMicros('bare'), await readMicros('ours')];
console.log(
  `long-poll front      ${POLLS} idle reads, not held: ${ours.toFixed(0)} µs CPU each (front alone); a bare Node TLS server ${bare.toFixed(0)} µs: ${(ours / bare).toFixed(2)} times as much`,
);
process.exit(0);
