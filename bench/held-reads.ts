/**
 * Measures the long-poll front: CPU and memory of a held host, with TLS in the process (a new connection for each read, as
 * osquery makes them) and behind a load balancer (plain HTTP on kept connections), each beside a bare Node server that holds
 * the same reads; how long a queued query takes to its host, alone, to all hosts at once and beside hostile clients; and how
 * the front ends. Fronts are child processes on queues in memory.
 *
 *   npm run bench -- held [hosts = 1000] [queries = 100] [hostile connections = 10000]
 */
import { once } from 'node:events';
import { argv } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Front, HeldFleet, printDelays, startFront, wakeAll, wakes } from './support/held-agents.ts';
import { HostileClients } from './support/hostile-clients.ts';
import { type Carrier, type Served, serve } from './support/served-front.ts';

const [HOSTS = 1_000, WAKES = 100, HOSTILE = 10_000] = argv.slice(2).map(Number);
const HOLD_MS = 12_000;
/** One hold and one pause: every agent has read once. */
const CYCLE_MS = 13_000;

interface Held {
  readonly front: Front;
  readonly fleet: HeldFleet;
  readonly cpuShare: number;
  readonly bytesEach: number;
}

/** Holds all hosts for a cycle, after one to get even. */
async function hold(served: Served, carrier: Carrier): Promise<Held> {
  const front = await startFront(fileURLToPath(import.meta.url), { served, carrier, holdMs: HOLD_MS, hosts: HOSTS });
  const empty = await front.ask({ kind: 'usage' });
  const fleet = new HeldFleet(front, HOSTS, CYCLE_MS);
  await pause(2 * CYCLE_MS);
  const before = await front.ask({ kind: 'usage' });
  const startedAtMs = performance.now();
  await pause(CYCLE_MS);
  const after = await front.ask({ kind: 'usage' });
  const tookMs = performance.now() - startedAtMs;
  return {
    front,
    fleet,
    cpuShare: (after.cpuMicros - before.cpuMicros) / 1_000 / tookMs,
    bytesEach: (after.bytes - empty.bytes) / HOSTS,
  };
}

/** Measures a carrier beside its baseline. @returns the front, which still holds its hosts */
async function density(carrier: Carrier, name: string): Promise<Held> {
  const bare = await hold('bare', carrier);
  bare.fleet.stop();
  bare.front.child.kill('SIGKILL');
  bare.fleet.close();
  const ours = await hold('ours', carrier);
  const each = (share: number): string => `${((share / HOSTS) * 1e6).toFixed(0)} µs`;
  const of10k = (share: number): string => `${((share / HOSTS) * 10_000 * 100).toFixed(0)} %`;
  console.log(`${HOSTS} hosts held, ${name}`);
  console.log(`  CPU a host and second  ${each(ours.cpuShare)}; a bare Node server ${each(bare.cpuShare)}`);
  console.log(
    `  10,000 hosts           ${of10k(ours.cpuShare)} of a core; bare ${of10k(bare.cpuShare)}: ${(ours.cpuShare / bare.cpuShare).toFixed(2)} times as much`,
  );
  console.log(
    `  memory a host          ${(ours.bytesEach / 1024).toFixed(0)} kB; bare ${(bare.bytesEach / 1024).toFixed(0)} kB`,
  );
  return ours;
}

async function bench(): Promise<void> {
  const balanced = await density('alb', 'plain HTTP on kept connections, as behind a load balancer');
  printDelays('queued until the agent has it', await wakes(balanced.front, balanced.fleet, HOSTS, WAKES));
  balanced.fleet.stop();
  balanced.front.child.kill('SIGKILL');
  balanced.fleet.close();

  const { front, fleet } = await density('tls', 'TLS in the process, a new connection for each read');
  printDelays('queued until the agent has it', await wakes(front, fleet, HOSTS, WAKES));
  printDelays(`one query to all ${HOSTS} hosts`, await wakeAll(front, fleet, HOSTS));
  const calm = await front.ask({ kind: 'usage' });
  const lostBefore = fleet.lost;
  const crowd = new HostileClients(front, HOSTILE);
  await pause(10_000);
  printDelays('beside hostile clients', await wakes(front, fleet, HOSTS, WAKES));
  const crowded = await front.ask({ kind: 'usage' });
  console.log(
    `  ${crowd.opened} hostile connections, ${crowd.closed} of them closed by the front; ${((crowded.bytes - calm.bytes) / 2 ** 20).toFixed(0)} MB more memory; reads of agents without a reply: ${fleet.lost - lostBefore}`,
  );
  crowd.stop();
  await pause(CYCLE_MS);

  const { held } = await front.ask({ kind: 'usage' });
  const lostAtEnd = fleet.lost;
  fleet.stop();
  const endsAtMs = performance.now();
  const ended = once(front.child, 'exit');
  front.child.kill('SIGTERM');
  await ended;
  console.log(
    `SIGTERM with ${held} reads held: ended after ${((performance.now() - endsAtMs) / 1_000).toFixed(1)} s; reads without a reply: ${fleet.lost - lostAtEnd}`,
  );
  process.exit(0);
}

if (argv[2] === 'serve') await serve(Number(argv[3]));
else await bench();
