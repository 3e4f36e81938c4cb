import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlainly, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Carrier, FromFront, Served } from './served-front.ts';

/** An agent gives up this long after it began to connect. */
const AGENT_MS = 16_000;
/** The pause of an agent between two reads. */
export const PAUSE_MS = 1_000;

const BUNDLE = fileURLToPath(new URL('../../dist/bench.mjs', import.meta.url));
const ESM = { bundle: true, platform: 'node', format: 'esm', target: 'node20', packages: 'external' } as const;

/** A front in a child process. */
export interface Front {
  readonly child: ChildProcess;
  readonly carrier: Carrier;
  readonly port: number;
  readonly ca: string;
  readonly keys: readonly string[];
  ask(message: object): Promise<FromFront>;
}

export interface FrontOptions {
  readonly served: Served;
  readonly carrier: Carrier;
  readonly holdMs: number;
  readonly hosts: number;
}

/** Starts a front: the module `script`, with the argument `serve`, in a bundle as the deployed one. */
export async function startFront(script: string, { served, carrier, holdMs, hosts }: FrontOptions): Promise<Front> {
  await build({ ...ESM, entryPoints: [script], outfile: BUNDLE });
  const child = fork(BUNDLE, ['serve', String(hosts)], {
    execArgv: ['--expose-gc', '--single-threaded-gc'], // the second one as in the image of the front
    env: { ...process.env, HOLD_MS: String(holdMs), SERVED: served, CARRIER: carrier },
  });
  const next = async (): Promise<FromFront> => (await once(child, 'message'))[0] as FromFront;
  const { port, ca, keys } = await next();
  const ask = async (message: object): Promise<FromFront> => {
    const reply = next();
    child.send(message);
    return reply;
  };
  return { child, carrier, port, ca, keys, ask };
}

const connect = ({ carrier, port, ca }: Front): Socket =>
  carrier === 'tls'
    ? connectSecurely({ port, host: '127.0.0.1', servername: 'localhost', ca })
    : connectPlainly({ port, host: '127.0.0.1' });

/** One host's agent; behind a load balancer, the connection that carries its requests. */
export class HeldAgent {
  readonly #front: Front;
  readonly #host: number;
  #kept: Socket | undefined;

  constructor(front: Front, host: number) {
    this.#front = front;
    this.#host = host;
  }

  read(): Promise<Replied> {
    return this.#post('/distributed/read', { node_key: this.#key });
  }

  /** Answers the queries of a reply, without rows. */
  async answer(work: string): Promise<void> {
    const { queries } = JSON.parse(work);
    const rows = Object.fromEntries(Object.keys(queries).map((id) => [id, []]));
    await this.#post('/distributed/write', { node_key: this.#key, queries: rows, statuses: {} });
  }

  close(): void {
    this.#kept?.destroy();
  }

  get #key(): string {
    return this.#front.keys[this.#host] ?? 'none';
  }

  /** Sends a request: with TLS on a connection of its own. */
  async #post(path: string, document: object): Promise<Replied> {
    const { carrier } = this.#front;
    const socket = this.#kept ?? connect(this.#front);
    if (!this.#kept) socket.on('error', () => undefined); // it fails with its request
    if (carrier === 'alb') this.#kept = socket;
    const body = JSON.stringify(document);
    const address = `10.${this.#host >> 16}.${(this.#host >> 8) & 255}.${this.#host & 255}`;
    const replied = await reply(socket, () =>
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    );
    if (carrier === 'tls' || replied.body === undefined) {
      socket.destroy();
      this.#kept = undefined;
    }
    return replied;
  }
}

/** A reply's body, or why there is none. */
interface Replied {
  readonly body?: string;
  readonly problem?: string;
}

/** The next reply on a socket; none if it fails, closes or takes longer than an agent waits. */
function reply(socket: Socket, send: () => void): Promise<Replied> {
  return new Promise((resolve) => {
    let text = '';
    const done = (replied: Replied): void => {
      clearTimeout(timer);
      socket.off('data', take).off('close', close).off('error', fail);
      resolve(replied);
    };
    const close = (): void => done({ problem: 'closed' });
    const fail = (error: NodeJS.ErrnoException): void => done({ problem: error.code ?? error.message });
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (headEnd >= 0 && text.length >= headEnd + 4 + length) done({ body: text.slice(headEnd + 4) });
    };
    const timer = setTimeout(() => done({ problem: 'timeout' }), AGENT_MS);
    socket.on('data', take).once('close', close).once('error', fail);
    send();
  });
}

/** How one read of an agent went, by this process's clock, ms. */
interface ReadNote {
  readonly fromMs: number;
  readonly untilMs: number;
  readonly outcome: string;
}

/** What the agents got since the last call. */
export interface FleetCounts {
  readonly replies: number;
  /** The reads without a reply, by the reason. */
  readonly problems: string;
}

/** Agents that read, answer, pause for a second and read again, like osqueryd with `distributed_interval` 1. */
export class HeldFleet {
  #replies = 0;
  /** How often reads had no reply, by the reason. */
  #problems = new Map<string, number>();
  /** Called with the time when a host gets a query. */
  readonly #arrivals = new Map<number, (atMs: number) => void>();
  /** The reads of hosts that wait for a query. */
  readonly #notes = new Map<number, ReadNote[]>();
  #isOver = false;
  readonly #agents: readonly HeldAgent[];

  /** Starts the agents within `rampMs`. */
  constructor(front: Front, hosts: number, rampMs: number) {
    this.#agents = Array.from({ length: hosts }, (_, host) => new HeldAgent(front, host));
    this.#agents.forEach((agent, host) => void this.#run(agent, host, (host / hosts) * rampMs));
  }

  /** Resolves when the host gets a query. */
  arrival(host: number): Promise<number> {
    this.#notes.set(host, []);
    return new Promise((resolve) => this.#arrivals.set(host, resolve));
  }

  take(): FleetCounts {
    const replies = this.#replies;
    const problems = [...this.#problems].map(([problem, times]) => `${times} ${problem}`);
    this.#replies = 0;
    this.#problems = new Map();
    return { replies, problems: problems.join(', ') || 'none' };
  }

  /** The host's reads since `arrival`. */
  notes(host: number): readonly ReadNote[] {
    return this.#notes.get(host) ?? [];
  }

  stop(): void {
    this.#isOver = true;
  }

  close(): void {
    for (const agent of this.#agents) agent.close();
  }

  async #run(agent: HeldAgent, host: number, afterMs: number): Promise<void> {
    await pause(afterMs);
    while (!this.#isOver) {
      const fromMs = performance.now();
      const { body, problem } = await agent.read();
      const untilMs = performance.now();
      const hasWork = body?.includes('SELECT') === true;
      this.#notes.get(host)?.push({ fromMs, untilMs, outcome: problem ?? (hasWork ? 'work' : 'empty') });
      if (problem === undefined) this.#replies += 1;
      else this.#problems.set(problem, (this.#problems.get(problem) ?? 0) + 1);
      if (body && hasWork) {
        this.#arrivals.get(host)?.(untilMs);
        this.#arrivals.delete(host);
        await agent.answer(body);
      }
      await pause(PAUSE_MS);
    }
  }
}

/** How long a query took to its host. */
export interface Delay {
  readonly host: number;
  readonly queuedAtMs: number;
  readonly ms: number;
}

/** Queues one query after another, each for another host, and measures until its agent has it. */
export async function wakes(front: Front, fleet: HeldFleet, hosts: number, count: number): Promise<Delay[]> {
  const delays: Delay[] = [];
  for (let n = 0; n < count; n++) {
    const host = (n * 7919) % hosts;
    const arrived = fleet.arrival(host);
    const queuedAtMs = performance.now();
    await front.ask({ kind: 'queue', hosts: [`h${host}`] });
    delays.push({ host, queuedAtMs, ms: (await arrived) - queuedAtMs });
  }
  return delays;
}

/** Queues a query for every host at once, and measures until each agent has it. */
export async function wakeAll(front: Front, fleet: HeldFleet, hosts: number): Promise<Delay[]> {
  const all = Array.from({ length: hosts }, (_, host) => fleet.arrival(host));
  const queuedAtMs = performance.now();
  await front.ask({ kind: 'queue', hosts: all.map((_, host) => `h${host}`) });
  return Promise.all(all.map(async (arrived, host) => ({ host, queuedAtMs, ms: (await arrived) - queuedAtMs })));
}

/** A delay that needs an explanation, ms. */
const LONG_MS = 3_000;

/** Prints percentiles of delays and the reads of the agent that waited longest. */
export function printDelays(name: string, delays: readonly Delay[], fleet?: HeldFleet): void {
  const sorted = delays.toSorted((a, b) => a.ms - b.ms);
  const at = (share: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]?.ms ?? Number.NaN).toFixed(0)} ms`;
  console.log(`${name.padEnd(46)} p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (${sorted.length})`);
  const longest = sorted.at(-1);
  if (!fleet || !longest || longest.ms < LONG_MS) return;
  const after = (ms: number): string => `${((ms - longest.queuedAtMs) / 1_000).toFixed(1)} s`;
  const reads = fleet
    .notes(longest.host)
    .map((read) => `${after(read.fromMs)} to ${after(read.untilMs)} ${read.outcome}`);
  console.log(`  reads of the agent with the longest delay, since its query was queued: ${reads.join('; ')}`);
}
