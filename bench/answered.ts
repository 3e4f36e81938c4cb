/**
 * Measures how long a query takes from the queue until its answer is stored, on one machine: simulated osquery agents over
 * HTTPS, the long-poll front in a process of its own, queues in memory. The baseline, in the same run, are the same agents
 * whose reads are answered at once, so that they poll every second.
 *
 *   npm run bench -- answered [hosts = 20] [queries = 200]
 */
import { argv } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Random, RealClock, SimulatedAgent, simulatedHosts } from '../workbench/world/index.ts';
import { type Delay, printDelays, startFront } from './support/held-agents.ts';
import { SECRET, serve } from './support/served-front.ts';

const [HOSTS = 20, QUERIES = 200] = argv.slice(2).map(Number);
const QUERY_MS = 10;

async function measure(name: string, holdMs: number): Promise<void> {
  const script = fileURLToPath(import.meta.url);
  const front = await startFront(script, { served: 'ours', carrier: 'tls', holdMs, hosts: 0 });
  const [clock, random] = [new RealClock(), new Random('answered')];
  const written = new Map<string, () => void>();
  const enrolled = new Set<string>();
  const agents = simulatedHosts(HOSTS, { clock, random }).map(
    (host) =>
      new SimulatedAgent({
        host,
        url: `https://localhost:${front.port}`,
        ca: front.ca,
        enrollSecret: SECRET,
        flags: { distributed_interval: 1 },
        clock,
        random,
        queryDurationMs: () => QUERY_MS,
        on: (event) => {
          if (event.kind === 'polled') enrolled.add(event.host);
          if (event.kind === 'results-written') written.get(event.host)?.();
        },
      }),
  );
  for (const agent of agents) agent.start();
  while (enrolled.size < HOSTS) await pause(100);
  await pause(5_000); // the answers of their enrollment are stored

  const delays: Delay[] = [];
  for (let n = 0; n < QUERIES; n++) {
    const host = agents[n % HOSTS]?.hostIdentifier ?? '';
    await pause(random.between(0, 2_000 / HOSTS)); // at any phase of the agent
    const queuedAtMs = performance.now();
    const answered = new Promise<void>((resolve) => written.set(host, resolve));
    await front.ask({ kind: 'queue', hosts: [host] });
    await answered;
    delays.push({ host: n % HOSTS, queuedAtMs, ms: performance.now() - queuedAtMs });
  }
  printDelays(name, delays);
  await Promise.all(agents.map((agent) => agent.stop()));
  front.child.kill('SIGKILL');
}

if (argv[2] === 'serve') await serve(Number(argv[3]));
else {
  await measure('queued until answered, reads held', 12_000);
  await measure('the same, polls every second', 0);
  process.exit(0);
}
