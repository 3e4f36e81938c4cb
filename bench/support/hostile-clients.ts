import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectPlainly, type Socket } from 'node:net';
import { connect as connectSecurely } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Front } from './held-agents.ts';
import type { Carrier } from './served-front.ts';

/** What the clients need to know. */
interface Aim {
  readonly carrier: Carrier;
  readonly port: number;
  readonly ca: string;
  /** A valid key, of a host that is not measured. */
  readonly key: string;
  /** Connections to keep open. */
  readonly open: number;
}

/** Connections so far, those open now, and those that the front closed. */
export interface CrowdCounts {
  readonly opened: number;
  readonly open: number;
  readonly closed: number;
}

/** Hostile clients in a process of their own, so that they do not slow the agents of the measuring process down. */
export class Crowd {
  readonly #child: ChildProcess;

  /** @param script a module that calls `beHostile` with the argument `hostile` */
  constructor(script: string, { carrier, port, ca, keys }: Front, open: number) {
    this.#child = fork(script, ['hostile'], { execArgv: ['--import', 'tsx'] });
    this.#child.send({ carrier, port, ca, key: keys.at(-1) ?? '', open } satisfies Aim);
  }

  /** Ends all of them. */
  async stop(): Promise<CrowdCounts> {
    this.#child.send('stop');
    const [counts] = (await once(this.#child, 'message')) as [CrowdCounts];
    this.#child.kill('SIGKILL');
    return counts;
  }
}

/** The process of hostile clients. */
export function beHostile(): void {
  process.once('message', (aim: Aim) => {
    const clients = new HostileClients(aim);
    process.once('message', () => {
      process.send?.({ opened: clients.opened, open: clients.open, closed: clients.closed } satisfies CrowdCounts);
    });
  });
}

const FROM = { host: '127.0.0.1', localAddress: '127.0.0.2' }; // another address of this machine
/** Behind a load balancer, all of them are one client. */
const FORWARDED = 'X-Forwarded-For: 198.51.100.7\r\n';
/** Connections that are opened at a time, so that the clients do not only fill the kernel's queue. */
const AT_ONCE = 200;
const SLOW_EVERY_MS = 3_000;
/** Later than an agent waits for its reply. */
const LATE_MS = 16_500;

type Habit = (socket: Socket) => void;

/** What broken and hostile clients do with their connections. */
function habitsOf({ key }: Aim): readonly Habit[] {
  const post = (path: string, body: string | Buffer, head = ''): Buffer =>
    Buffer.concat([
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\n${FORWARDED}${head}Content-Length: ${body.length}\r\n\r\n`),
      Buffer.from(body),
    ]);
  const read = post('/distributed/read', JSON.stringify({ node_key: key }));
  const bomb = post('/log', gzipSync(Buffer.alloc(9_000_000, 0x20)), 'Content-Encoding: gzip\r\n');
  const slowly = (socket: Socket): void => {
    const timer = setInterval(() => socket.write(' '), SLOW_EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  };
  return [
    () => undefined, // says nothing
    (socket) => socket.write(`POST /log HTTP/1.1\r\nHost: x\r\n${FORWARDED}Content-Length: 9000000\r\n\r\n{"`), // stops in its body
    (socket) => {
      socket.write(`POST /distributed/read HTTP/1.1\r\nHost: x\r\n${FORWARDED}Content-Length: 60000\r\n\r\n{"`);
      slowly(socket); // a byte every few seconds
    },
    (socket) => {
      socket.write(read.subarray(0, -1)); // ends its request after the deadline
      const timer = setTimeout(() => socket.write(read.subarray(-1)), LATE_MS);
      socket.once('close', () => clearTimeout(timer));
    },
    (socket) => socket.end('POST /log HTTP/1.1\r\n'), // half-closed
    (socket) => socket.write(Buffer.concat(Array(50).fill(read))), // pipelined
    (socket) => socket.write(bomb),
  ];
}

/** Opens connections of one address again and again, `open` of them at a time. */
class HostileClients {
  opened = 0;
  closed = 0;
  readonly #aim: Aim;
  readonly #sockets = new Set<Socket>();
  readonly #habits: readonly Habit[];

  constructor(aim: Aim) {
    this.#aim = aim;
    this.#habits = habitsOf(aim);
    setInterval(() => {
      for (let n = 0; n < AT_ONCE && this.#sockets.size < aim.open; n++) this.#open();
    }, 100);
  }

  get open(): number {
    return this.#sockets.size;
  }

  #open(): void {
    const { carrier, port, ca } = this.#aim;
    const socket =
      carrier === 'tls'
        ? connectSecurely({ ...FROM, port, servername: 'localhost', ca })
        : connectPlainly({ ...FROM, port });
    const habit = this.#habits[this.opened % this.#habits.length];
    this.opened += 1;
    this.#sockets.add(socket);
    socket.on('error', () => undefined); // refused
    socket.once('close', () => {
      this.closed += 1;
      this.#sockets.delete(socket);
    });
    habit?.(socket);
  }
}
