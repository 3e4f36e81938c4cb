/**
 * Measures the long-poll front: how many hosts one process holds, at which CPU and memory; how long a queued query takes to its
 * host; what hostile clients change; and how it ends. The process is a child of this one, on queues in memory, with TLS and a
 * new connection for each read, as osquery makes them. The baseline, in the same run, are the same reads answered at once.
 *
 *   npm run bench:held -- 2000 150
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { argv } from 'node:process';
import { setTimeout as pause } from 'node:timers/promises';
import { connect, type TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { aServedFront, type FromFront } from './support/served-front.ts';

const HOSTS = Number(argv[2] ?? 1_000);
const WAKES = argv[2] === 'serve' ? 0 : Number(argv[3] ?? 150);
const BASELINE_READS = 1_000;
const HOSTILE = '127.0.0.2'; // another address of this machine

interface Front {
  readonly child: ChildProcess;
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly string[];
  ask(message: object): Promise<FromFront>;
}

async function start(holdMs: number, hosts: number): Promise<Front> {
  const child = fork(fileURLToPath(import.meta.url), ['serve', String(hosts)], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
    env: { ...process.env, HOLD_MS: String(holdMs) },
  });
  const next = async (): Promise<FromFront> => (await once(child, 'message'))[0] as FromFront;
  const { port, ca, keys } = await next();
  const ask = async (message: object): Promise<FromFront> => {
    const reply = next();
    child.send(message);
    return reply;
  };
  return { child, port, ca, keys, ask };
}

/** One read on a connection of its own. @returns the reply's body; undefined if there was none */
async function read(front: Front, host: number, socketOf?: (socket: TLSSocket) => void): Promise<string | undefined> {
  const { port, ca, keys } = front;
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca });
  socketOf?.(socket);
  const body = JSON.stringify({ node_key: keys[host] });
  socket.write(`POST /distributed/read HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${body.length}\r\n\r\n${body}`);
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.on('error', () => undefined); // no reply, then
  await once(socket, 'close').catch(() => undefined);
  return text.split('\r\n\r\n')[1];
}

const percentile = (sorted: readonly number[], share: number): string =>
  `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0)} ms`;

function printDelays(name: string, delays: readonly number[]): void {
  const sorted = delays.toSorted((a, b) => a - b);
  const [p50, p99, most] = [0.5, 0.99, 1].map((share) => percentile(sorted, share));
  console.log(`${name.padEnd(46)} p50 ${p50}, p99 ${p99}, max ${most} (${sorted.length})`);
}

/** Agents that read, pause for a second, and read again. @returns how to end, with the replies that never came */
function agents(front: Front): { delays: Map<number, (ms: number) => void>; stop: () => void; lost: () => number } {
  const delays = new Map<number, (ms: number) => void>();
  let isOver = false;
  let lost = 0;
  const run = async (host: number): Promise<void> => {
    await pause((host / HOSTS) * 3_000);
    while (!isOver) {
      const body = await read(front, host);
      if (body === undefined) lost += isOver ? 0 : 1;
      if (body?.includes('SELECT')) delays.get(host)?.(performance.now());
      await pause(1_000);
    }
  };
  for (let host = 0; host < HOSTS; host++) void run(host);
  return { delays, stop: () => (isOver = true), lost: () => lost };
}

/** Queues queries one after another, each for a host whose read is held. */
async function wakes(front: Front, delays: Map<number, (ms: number) => void>, first: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = first; n < first + WAKES; n++) {
    const host = (n * 7919) % HOSTS;
    const queuedAtMs = performance.now();
    const arrived = new Promise<number>((resolve) => delays.set(host, resolve));
    await front.ask({ kind: 'queue', host });
    took.push((await arrived) - queuedAtMs);
  }
  return took;
}

/** Clients that take what they can get: idle, slow, half-closed and pipelining connections of one address. */
function hostile({ port, ca, keys }: Front): { stop: () => void; open: () => number } {
  const sockets = new Set<TLSSocket>();
  const body = JSON.stringify({ node_key: keys[0] });
  const post = `POST /distributed/read HTTP/1.1\r\nHost: x\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
  const habits: ((socket: TLSSocket) => void)[] = [
    () => undefined,
    (socket) => socket.write('POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{"'),
    (socket) => socket.end('POST /log HTTP/1.1\r\n'),
    (socket) => socket.write(post.repeat(50)),
  ];
  const address = { host: '127.0.0.1', localAddress: HOSTILE };
  for (let n = 0; n < 3_000; n++) {
    const socket = connect({ ...address, port, servername: 'localhost', ca });
    sockets.add(socket);
    socket.on('error', () => undefined); // refused
    socket.once('close', () => sockets.delete(socket));
    habits[n % habits.length]?.(socket);
  }
  return {
    stop: () => {
      for (const socket of sockets) socket.destroy();
    },
    open: () => sockets.size,
  };
}

/** CPU of reads that are answered at once, microseconds each. */
async function baseline(): Promise<number> {
  const front = await start(0, 50);
  for (let n = 0; n < 200; n++) await read(front, n % 50);
  const before = await front.ask({ kind: 'usage' });
  for (let n = 0; n < BASELINE_READS; n++) await read(front, n % 50);
  const after = await front.ask({ kind: 'usage' });
  front.child.kill('SIGKILL');
  return (after.cpuMicros - before.cpuMicros) / BASELINE_READS;
}

async function bench(): Promise<void> {
  const pollMicros = await baseline();
  const front = await start(12_000, HOSTS);
  const empty = await front.ask({ kind: 'usage' });
  const { delays, stop, lost } = agents(front);
  while ((await front.ask({ kind: 'usage' })).held < HOSTS * 0.9) await pause(500);
  await pause(13_000); // every agent has polled again
  const before = await front.ask({ kind: 'usage' });
  const startedAtMs = performance.now();
  await pause(13_000); // one cycle of hold and pause
  const after = await front.ask({ kind: 'usage' });
  const seconds = (performance.now() - startedAtMs) / 1_000;
  const cpu = (after.cpuMicros - before.cpuMicros) / 1e6 / seconds;
  console.log(`${HOSTS} hosts, ${after.held} reads held with TLS in the process`);
  console.log(`  memory a host  ${((after.bytes - empty.bytes) / HOSTS / 1024).toFixed(0)} kB`);
  console.log(
    `  CPU            ${(cpu * 100).toFixed(1)} % of a core; ${((cpu / HOSTS) * 1e6).toFixed(0)} µs a host and second`,
  );
  const polled = pollMicros; // a poll each second would find a query as fast
  console.log(
    `  of polls each second, which find a query as fast: ${((cpu * 1e6) / HOSTS / polled).toFixed(3)} × their CPU (${polled.toFixed(0)} µs each)`,
  );

  printDelays('queued until the agent has it', await wakes(front, delays, 0));
  const crowd = hostile(front);
  await pause(2_000);
  printDelays(`the same beside hostile clients (${crowd.open()} open)`, await wakes(front, delays, 0));
  const crowded = await front.ask({ kind: 'usage' });
  console.log(`  memory beside them: ${((crowded.bytes - after.bytes) / 2 ** 20).toFixed(0)} MB more`);
  crowd.stop();
  await pause(3_000);

  const lostBefore = lost();
  const { held } = await front.ask({ kind: 'usage' });
  stop();
  const endsAtMs = performance.now();
  const ended = once(front.child, 'exit');
  front.child.kill('SIGTERM');
  await ended;
  console.log(`SIGTERM with ${held} reads held: ended after ${((performance.now() - endsAtMs) / 1000).toFixed(1)} s`);
  console.log(`reads without a reply before that: ${lostBefore}`);
  process.exit(0);
}

if (argv[2] === 'serve') await aServedFront(Number(argv[3]));
else await bench();
