import { connect, type TLSSocket } from 'node:tls';
import { gzipSync } from 'node:zlib';
import type { Front } from './held-agents.ts';

const FROM = { host: '127.0.0.1', localAddress: '127.0.0.2' }; // another address of this machine
/** Connections that are opened at a time, so that the clients do not only fill the kernel's queue. */
const AT_ONCE = 200;
const SLOW_EVERY_MS = 3_000;

type Habit = (socket: TLSSocket) => void;

/** What broken and hostile clients do with their connections. One of them has a valid key, of a host that is not measured. */
function habitsOf({ keys }: Front): readonly Habit[] {
  const post = (path: string, body: string | Buffer, head = ''): Buffer =>
    Buffer.concat([
      Buffer.from(`POST ${path} HTTP/1.1\r\nHost: x\r\n${head}Content-Length: ${body.length}\r\n\r\n`),
      Buffer.from(body),
    ]);
  const read = post('/distributed/read', JSON.stringify({ node_key: keys.at(-1) }));
  const bomb = post('/log', gzipSync(Buffer.alloc(9_000_000, 0x20)), 'Content-Encoding: gzip\r\n');
  const slowly = (socket: TLSSocket): void => {
    const timer = setInterval(() => socket.write(' '), SLOW_EVERY_MS);
    socket.once('close', () => clearInterval(timer));
  };
  return [
    () => undefined, // says nothing
    (socket) => socket.write('POST /log HTTP/1.1\r\nHost: x\r\nContent-Length: 9000000\r\n\r\n{"'), // stops in its body
    (socket) => {
      socket.write('POST /distributed/read HTTP/1.1\r\nHost: x\r\nContent-Length: 60000\r\n\r\n{"');
      slowly(socket); // a byte every few seconds
    },
    (socket) => socket.end('POST /log HTTP/1.1\r\n'), // half-closed
    (socket) => socket.write(Buffer.concat(Array(50).fill(read))), // pipelined
    (socket) => socket.write(bomb),
  ];
}

/** Opens connections of one address again and again, `open` of them at a time. */
export class HostileClients {
  /** Connections so far, and those that the front closed. */
  opened = 0;
  closed = 0;
  readonly #front: Front;
  readonly #sockets = new Set<TLSSocket>();
  readonly #habits: readonly Habit[];
  readonly #timer: NodeJS.Timeout;

  constructor(front: Front, open: number) {
    this.#front = front;
    this.#habits = habitsOf(front);
    this.#timer = setInterval(() => {
      for (let n = 0; n < AT_ONCE && this.#sockets.size < open; n++) this.#open();
    }, 100);
  }

  get open(): number {
    return this.#sockets.size;
  }

  stop(): void {
    clearInterval(this.#timer);
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(): void {
    const { port, ca } = this.#front;
    const socket = connect({ ...FROM, port, servername: 'localhost', ca });
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
