/**
 * Measures requests without a valid key: CPU and memory of one answer of the TLS API for each kind, compared with the
 * budget (docs/decisions/0019-the-key-comes-first.md). Prints the most expensive kinds. Compare figures from an idle
 * machine.
 *
 *   npm run bench -- strangers
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { RequestBody } from '../lib/core/osquery/request-body.ts';
import { aWatchedApi, strangersRequests } from '../test/support/strangers.ts';

const BUDGET_CPU_MS = 5;
const BUDGET_HEAP_MB = 8;
const ROUNDS = 7;
const SHOWN = 15;

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;
const { api } = aWatchedApi(() => undefined);

const requests = strangersRequests().map(({ body, ...request }) => ({ ...request, text: body.toString('base64') }));
const answer = ({ path, text, authorization }: (typeof requests)[number]): Promise<unknown> =>
  api.answer({
    method: 'POST',
    path,
    body: new RequestBody(text, 'base64'),
    authorization,
    timeLeftMs: () => 15_000,
  });

/** Returns the median CPU time and the maximum memory of an answer. */
async function measure(request: (typeof requests)[number]): Promise<{ cpuMs: number; heapMb: number }> {
  const cpu: number[] = [];
  let bytes = 0;
  for (let round = 0; round < ROUNDS; round++) {
    collect();
    const before = process.memoryUsage();
    const start = process.cpuUsage();
    await answer(request);
    const { user, system } = process.cpuUsage(start);
    const after = process.memoryUsage();
    cpu.push((user + system) / 1000);
    bytes = Math.max(bytes, after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers);
  }
  return { cpuMs: cpu.sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? 0, heapMb: bytes / 2 ** 20 };
}

for (const request of requests) await answer(request); // compile the code before measuring
const measured = [];
for (const request of requests) measured.push({ name: request.name, ...(await measure(request)) });
const dearest = measured.sort((a, b) => b.cpuMs - a.cpuMs);
for (const { name, cpuMs, heapMb } of dearest.slice(0, SHOWN)) {
  console.log(`${cpuMs.toFixed(2).padStart(7)} ms CPU ${heapMb.toFixed(2).padStart(7)} MB  ${name}`);
}
const mostMb = Math.max(...measured.map(({ heapMb }) => heapMb));
console.log(`${measured.length} kinds; at most ${dearest[0]?.cpuMs.toFixed(2)} ms CPU and ${mostMb.toFixed(2)} MB`);
if ((dearest[0]?.cpuMs ?? 0) > BUDGET_CPU_MS || mostMb > BUDGET_HEAP_MB) process.exitCode = 1;
