/**
 * Measures the long-poll front: CPU and memory of a held host, with TLS in the process (a new connection for each read, as
 * osquery makes them) and behind a load balancer (plain HTTP on kept connections), each beside a bare Node server that holds
 * the same reads; how long a queued query takes to its host, alone, beside hostile clients and to all hosts at once; and how
 * the front ends. Fronts are child processes on queues in memory. More than 5,000 hosts beside 10,000 hostile connections need
 * a limit of 20,000 open files (`ulimit -n`).
 *
 *   npm run bench -- held [hosts = 1000] [queries = 100] [hostile connections = 10000]
 */
import { once } from 'node:events';
import { argv } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Front, HeldFleet, PAUSE_MS, printDelays, startFront, wakeAll, wakes } from './support/held-agents.ts';
import { beHostile, Crowd } from './support/hostile-clients.ts';
import { type Carrier, type Served, serve } from './support/served-front.ts';

const [HOSTS = 1_000, WAKES = 100, HOSTILE = 10_000] = argv.slice(2).map(Number);
const SCRIPT = fileURLToPath(import.meta.url);
const HOLD_MS = 12_000;
/** One hold and one pause: every agent has read once. */
const CYCLE_MS = 13_000;

/** An agent's read is held for 12 of 13 s. If fewer hosts are held, the machine cannot carry them, and figures mean nothing. */
const ENOUGH_HELD = 0.75 * HOSTS;

interface Held {
  readonly front: Front;
  readonly fleet: HeldFleet;
  /** Held reads at the end or the beginning of the measured time: the smaller number. */
  readonly held: number;
  readonly cpuShare: number;
  readonly microsARead: number;
  readonly bytesEach: number;
  /** The reads without a reply. */
  readonly problems: string;
}

/** Holds all hosts for a cycle, after one to get even. */
async function hold(served: Served, carrier: Carrier): Promise<Held> {
  const front = await startFront(SCRIPT, { served, carrier, holdMs: HOLD_MS, hosts: HOSTS });
  const empty = await front.ask({ kind: 'memory' });
  const fleet = new HeldFleet(front, HOSTS, CYCLE_MS);
  await pause(2 * CYCLE_MS);
  const before = await front.ask({ kind: 'usage' });
  const startedAtMs = performance.now();
  fleet.take();
  await pause(CYCLE_MS);
  const after = await front.ask({ kind: 'usage' });
  const tookMs = performance.now() - startedAtMs;
  const { replies, problems } = fleet.take();
  const full = await front.ask({ kind: 'memory' });
  const cpuMicros = after.cpuMicros - before.cpuMicros;
  return {
    front,
    fleet,
    held: Math.min(before.held, after.held),
    cpuShare: cpuMicros / 1_000 / tookMs,
    microsARead: cpuMicros / replies,
    bytesEach: (full.bytes - empty.bytes) / HOSTS,
    problems,
  };
}

function kill({ front, fleet }: Held): void {
  fleet.stop();
  front.child.kill('SIGKILL');
  fleet.close();
}

/** Holds all hosts; undefined, after saying so, if the machine cannot carry them. */
async function enoughHeld(served: Served, carrier: Carrier): Promise<Held | undefined> {
  const held = await hold(served, carrier);
  if (held.held >= ENOUGH_HELD) return held;
  const name = served === 'bare' ? 'a bare Node server' : 'the front';
  console.log(
    `  no figures: ${name} held ${held.held} of ${HOSTS} hosts, so this machine cannot carry them (reads without a reply: ${held.problems})`,
  );
  kill(held);
  return undefined;
}

/** Measures a carrier beside its baseline. @returns the front, which still holds its hosts; undefined if there are no figures */
async function density(carrier: Carrier, name: string): Promise<Held | undefined> {
  console.log(`${HOSTS} hosts held, ${name}`);
  const bare = await enoughHeld('bare', carrier);
  if (!bare) return undefined;
  kill(bare);
  const ours = await enoughHeld('ours', carrier);
  if (!ours) return undefined;
  const of10k = (share: number): string => `${((share / HOSTS) * 10_000 * 100).toFixed(1)} %`;
  console.log(
    `  CPU a read             ${ours.microsARead.toFixed(0)} µs; a bare Node server ${bare.microsARead.toFixed(0)} µs: ${(ours.microsARead / bare.microsARead).toFixed(2)} times as much`,
  );
  console.log(`  10,000 hosts           ${of10k(ours.cpuShare)} of a core; bare ${of10k(bare.cpuShare)}`);
  console.log(
    `  memory a host          ${(ours.bytesEach / 1024).toFixed(0)} kB; bare ${(bare.bytesEach / 1024).toFixed(0)} kB`,
  );
  return ours;
}

/** Everything that is measured of one carrier. */
async function measure(carrier: Carrier, name: string): Promise<void> {
  const held = await density(carrier, name);
  if (!held) return;
  const { front, fleet } = held;
  printDelays('queued until the agent has it', await wakes(front, fleet, HOSTS, WAKES), fleet);
  if (HOSTILE > 0) await besideHostileClients(front, fleet);
  printDelays(`one query to all ${HOSTS} hosts`, await wakeAll(front, fleet, HOSTS), fleet);
  await pause(CYCLE_MS / 2); // now all reads are held
  await end(front, fleet);
}

/** The same queries again while hostile clients keep many connections open. */
async function besideHostileClients(front: Front, fleet: HeldFleet): Promise<void> {
  fleet.take();
  const before = await front.ask({ kind: 'memory' });
  const startedAtMs = performance.now();
  const crowd = new Crowd(SCRIPT, front, HOSTILE);
  await pause(CYCLE_MS);
  const { cpuMicros, stalledMs } = await front.ask({ kind: 'usage' });
  const share = (cpuMicros - before.cpuMicros) / 10 / (performance.now() - startedAtMs);
  printDelays('the same beside hostile clients', await wakes(front, fleet, HOSTS, WAKES), fleet);
  const after = await front.ask({ kind: 'memory' });
  const { problems } = fleet.take();
  const { opened, open, closed } = await crowd.stop();
  console.log(`  ${opened} hostile connections, ${open} of them open, ${closed} closed by the front`);
  console.log(
    `  the front: ${share.toFixed(0)} % of a core while they came, its event loop waited ${stalledMs.toFixed(0)} ms at most; ${((after.bytes - before.bytes) / 2 ** 20).toFixed(0)} MB more memory; reads of agents without a reply: ${problems}`,
  );
  await pause(CYCLE_MS);
}

async function end(front: Front, fleet: HeldFleet): Promise<void> {
  const { held } = await front.ask({ kind: 'usage' });
  fleet.take();
  fleet.stop();
  const endsAtMs = performance.now();
  const ended = once(front.child, 'exit');
  front.child.kill('SIGTERM');
  await ended;
  await pause(PAUSE_MS); // until the agents have noticed
  console.log(
    `SIGTERM with ${held} reads held: ended after ${((performance.now() - PAUSE_MS - endsAtMs) / 1_000).toFixed(1)} s; reads without a reply: ${fleet.take().problems}`,
  );
  fleet.close();
}

if (argv[2] === 'serve') await serve(Number(argv[3]));
else if (argv[2] === 'hostile') beHostile();
else {
  await measure('alb', 'plain HTTP on kept connections, as behind a load balancer');
  await measure('tls', 'TLS in the process, a new connection for each read');
  process.exit(0);
}
