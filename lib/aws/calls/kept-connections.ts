import net from 'node:net';
import tls from 'node:tls';

/** A reply whose body is text. */
export interface WireReply {
  readonly status: number;
  readonly text: string;
}

const HEAD_END = Buffer.from('\r\n\r\n');
const STATUS = /^HTTP\/1\.1 (\d{3}) /;
const LENGTH = /\r\ncontent-length: *(\d+) *(?:\r\n|$)/i;
const CLOSES = /\r\nconnection: *close/i;
/** A page of a query holds up to 1 MB. As JSON with types it is a few times larger. */
const MAX_REPLY_BYTES = 16 * 1024 * 1024;
/** Most replies are smaller, so they arrive at once. */
const READ_BYTES = 16 * 1024;

/**
 * Posts over connections that stay open, for a caller that makes one request at a time, such as a function. It implements only
 * the parts of HTTP/1.1 that AWS's JSON services use: each reply has a Content-Length. Anything else is an error, after which the
 * caller uses the SDK. `node:http` would take three times the CPU (docs/decisions/0033-idle-polls-without-the-sdk.md).
 */
export class KeptConnections {
  readonly #url: URL;
  readonly #timeoutMs: number;
  /** Open connections without a request. A second request at the same time gets a connection of its own. */
  readonly #free: Connection[] = [];
  /** Saves a part of the next handshake. */
  #session: Buffer | undefined;

  constructor(url: URL, timeoutMs: number) {
    this.#url = url;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * Sends a request, twice if the service had closed the kept connection, as it does while a function is frozen.
   *
   * @throws if there is no connection, no reply in time, or a reply that this client cannot read
   */
  async post(headers: Readonly<Record<string, string>>, body: string): Promise<WireReply> {
    const head = `POST ${this.#url.pathname} HTTP/1.1\r\n${linesOf(headers)}content-length: ${Buffer.byteLength(body)}\r\n\r\n`;
    const kept = this.#free.pop();
    if (!kept) return this.#exchange(this.#connect(), head + body);
    try {
      return await this.#exchange(kept, head + body);
    } catch (error) {
      if (kept.hasReplied || !isClosed(error)) throw error;
      return this.#exchange(this.#connect(), head + body);
    }
  }

  close(): void {
    for (const connection of this.#free.splice(0)) connection.close();
  }

  async #exchange(connection: Connection, request: string): Promise<WireReply> {
    const reply = await connection.exchange(request);
    if (connection.isOpen) this.#free.push(connection);
    return reply;
  }

  #connect(): Connection {
    const { protocol, hostname, port } = this.#url;
    const timeoutMs = this.#timeoutMs;
    if (protocol === 'http:')
      return new Connection((onread) => net.connect({ host: hostname, port: Number(port || 80), onread }), timeoutMs);
    const named = { host: hostname, port: Number(port || 443), servername: hostname, session: this.#session };
    return new Connection((onread) => {
      const options = { ...named, ALPNProtocols: ['http/1.1'], onread };
      return tls.connect(options).on('session', (session) => {
        this.#session = session;
      });
    }, timeoutMs);
  }
}

const EMPTY = Buffer.alloc(0);

/** One connection, with one request at a time. */
class Connection {
  readonly #socket: net.Socket;
  /** What arrived of the current reply. */
  #received: Buffer = EMPTY;
  #pending: { readonly resolve: (reply: WireReply) => void; readonly reject: (error: Error) => void } | undefined;
  #isOpen = true;

  /** @param connect opens a socket that reads into one buffer: Node's streams would make one of 64 KB for each reply */
  constructor(connect: (onread: net.OnReadOpts) => net.Socket, timeoutMs: number) {
    const buffer = Buffer.allocUnsafeSlow(READ_BYTES);
    const callback = (length: number): boolean => this.#take(buffer.subarray(0, length));
    this.#socket = connect({ buffer, callback })
      .setNoDelay(true)
      .setTimeout(timeoutMs)
      .on('timeout', () => this.#pending && this.#fail(new Error(`no answer within ${timeoutMs} ms`)))
      .on('error', (error) => this.#fail(error))
      .on('close', () => this.#fail(closedError()))
      .on('end', () => this.#fail(closedError()));
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Whether a part of the current reply arrived. */
  get hasReplied(): boolean {
    return this.#received.length > 0;
  }

  close(): void {
    this.#isOpen = false;
    this.#socket.destroy();
  }

  exchange(request: string): Promise<WireReply> {
    if (!this.#isOpen) return Promise.reject(closedError());
    this.#received = EMPTY;
    this.#socket.ref();
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#socket.write(request);
    });
  }

  /** @returns true: to read on */
  #take(chunk: Buffer): boolean {
    if (!this.#pending) this.close(); // data without a request
    // The next read overwrites the chunk, so what is kept of it is copied.
    const bytes = this.#received.length > 0 ? Buffer.concat([this.#received, chunk]) : chunk;
    try {
      const reply = replyIn(bytes);
      if (reply) this.#settle(reply);
      else this.#received = bytes === chunk ? Buffer.from(chunk) : bytes;
    } catch (error) {
      this.#received = Buffer.from(bytes);
      this.#fail(error as Error);
    }
    return true;
  }

  #settle(reply: WireReply & { readonly closes: boolean }): void {
    this.#received = EMPTY;
    if (reply.closes) this.close();
    else this.#socket.unref();
    this.#pending?.resolve(reply);
    this.#pending = undefined;
  }

  #fail(error: Error): void {
    this.close();
    this.#pending?.reject(error);
    this.#pending = undefined;
  }
}

/** The reply in these bytes; undefined if it is not complete. @throws for a reply of another form */
function replyIn(bytes: Buffer): (WireReply & { readonly closes: boolean }) | undefined {
  const headEnd = bytes.indexOf(HEAD_END);
  if (headEnd === -1 && bytes.length < MAX_REPLY_BYTES) return undefined;
  const head = bytes.toString('latin1', 0, headEnd);
  const status = Number(STATUS.exec(head)?.[1]);
  const length = Number(LENGTH.exec(head)?.[1]);
  if (!(status >= 200 && length <= MAX_REPLY_BYTES)) throw new Error('a reply without status or Content-Length');
  const from = headEnd + HEAD_END.length;
  if (bytes.length < from + length) return undefined;
  if (bytes.length > from + length) throw new Error('a reply that is longer than its Content-Length');
  return { status, text: bytes.toString('utf8', from), closes: CLOSES.test(head) };
}

const linesOf = (headers: Readonly<Record<string, string>>): string => {
  let lines = '';
  for (const name in headers) lines += `${name}: ${headers[name]}\r\n`;
  return lines;
};

const closedError = (): NodeJS.ErrnoException =>
  Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' });

const isClosed = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE');
