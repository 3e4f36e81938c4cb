import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlainly, type Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { connect as connectSecurely } from 'node:tls';
import type { Carrier, FromFront, Served } from './served-front.ts';

/** An agent gives up this long after it began to connect. */
const AGENT_MS = 16_000;
const PAUSE_MS = 1_000;

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

/** Starts a front: the module `script`, with the argument `serve`. */
export async function startFront(script: string, { served, carrier, holdMs, hosts }: FrontOptions): Promise<Front> {
  const child = fork(script, ['serve', String(hosts)], {
    execArgv: ['--import', 'tsx', '--expose-gc'],
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

/** One host's agent; behind a load balancer, the connection that carries its reads. */
export class HeldAgent {
  readonly #front: Front;
  readonly #host: number;
  #kept: Socket | undefined;

  constructor(front: Front, host: number) {
    this.#front = front;
    this.#host = host;
  }

  /** Makes one read: with TLS on a connection of its own. @returns the reply's body; undefined if there was none in time */
  async read(): Promise<string | undefined> {
    const { carrier, keys } = this.#front;
    const socket = this.#kept ?? connect(this.#front);
    if (!this.#kept) socket.on('error', () => undefined); // it fails with its read
    if (carrier === 'alb') this.#kept = socket;
    const body = JSON.stringify({ node_key: keys[this.#host] ?? 'none' });
    const address = `10.${this.#host >> 16}.${(this.#host >> 8) & 255}.${this.#host & 255}`;
    const text = await reply(socket, () =>
      socket.write(
        `POST /distributed/read HTTP/1.1\r\nHost: localhost\r\nX-Forwarded-For: ${address}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      ),
    );
    if (carrier === 'tls' || text === undefined) {
      socket.destroy();
      this.#kept = undefined;
    }
    return text;
  }

  close(): void {
    this.#kept?.destroy();
  }
}

/** The body of the next reply on a socket; undefined if it fails, closes or takes longer than an agent waits. */
function reply(socket: Socket, send: () => void): Promise<string | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const done = (body: string | undefined): void => {
      clearTimeout(timer);
      socket.off('data', take).off('close', close).off('error', close);
      resolve(body);
    };
    const close = (): void => done(undefined);
    const take = (chunk: Buffer): void => {
      text += chunk.toString('latin1');
      const headEnd = text.indexOf('\r\n\r\n');
      const length = Number(/content-length: (\d+)/i.exec(text)?.[1]);
      if (headEnd >= 0 && text.length >= headEnd + 4 + length) done(text.slice(headEnd + 4));
    };
    const timer = setTimeout(close, AGENT_MS);
    socket.on('data', take).once('close', close).once('error', close);
    send();
  });
}

/** Agents that read, pause for a second and read again, like osqueryd with `distributed_interval` 1. */
export class HeldFleet {
  /** Called with the time when a host gets a query. */
  readonly arrivals = new Map<number, (atMs: number) => void>();
  /** Reads without a reply. */
  lost = 0;
  #isOver = false;
  readonly #agents: readonly HeldAgent[];

  /** Starts the agents within `rampMs`. */
  constructor(front: Front, hosts: number, rampMs: number) {
    this.#agents = Array.from({ length: hosts }, (_, host) => new HeldAgent(front, host));
    this.#agents.forEach((agent, host) => void this.#run(agent, host, (host / hosts) * rampMs));
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
      const body = await agent.read();
      if (body === undefined && !this.#isOver) this.lost += 1;
      if (body?.includes('SELECT')) this.arrivals.get(host)?.(performance.now());
      await pause(PAUSE_MS);
    }
  }
}

/** Queues one query after another, each for another host, and measures until its agent has it. @returns durations, ms */
export async function wakes(front: Front, fleet: HeldFleet, hosts: number, count: number): Promise<number[]> {
  const took: number[] = [];
  for (let n = 0; n < count; n++) {
    const host = (n * 7919) % hosts;
    const queuedAtMs = performance.now();
    const arrived = new Promise<number>((resolve) => fleet.arrivals.set(host, resolve));
    await front.ask({ kind: 'queue', hosts: [`h${host}`] });
    took.push((await arrived) - queuedAtMs);
  }
  return took;
}

/** Queues a query for every host at once, and measures until each agent has it. @returns durations, ms */
export async function wakeAll(front: Front, fleet: HeldFleet, hosts: number): Promise<number[]> {
  const queuedAtMs = performance.now();
  const all = Array.from(
    { length: hosts },
    (_, host) => new Promise<number>((resolve) => fleet.arrivals.set(host, (atMs) => resolve(atMs - queuedAtMs))),
  );
  await front.ask({ kind: 'queue', hosts: all.map((_, host) => `h${host}`) });
  return Promise.all(all);
}

/** Prints percentiles of durations. */
export function printDelays(name: string, delays: readonly number[]): void {
  const sorted = delays.toSorted((a, b) => a - b);
  const at = (share: number): string =>
    `${(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN).toFixed(0)} ms`;
  console.log(`${name.padEnd(46)} p50 ${at(0.5)}, p99 ${at(0.99)}, max ${at(1)} (${sorted.length})`);
}
