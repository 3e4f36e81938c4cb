import { constants } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { traceOf } from '../core/errors.ts';
import { Room } from '../core/front/room.ts';
import type { AgentRequest } from '../core/osquery/agent-request.ts';
import type { Link } from '../core/osquery/link.ts';
import { plain, type Reply, refused } from '../core/osquery/replies.ts';
import { RequestBody } from '../core/osquery/request-body.ts';
import { type Endpoint, endpointOf } from '../core/osquery/routes.ts';
import type { Report } from '../core/reports/report.ts';
import {
  defaultServiceLimits,
  HEADERS_MS,
  KEEP_ALIVE_MS,
  REPLY_MS,
  REQUEST_MS,
  type ServiceLimits,
  SMALL_BODY_BYTES,
  workedBytesOf,
} from './limits.ts';
import { Newcomers } from './newcomers.ts';
import { type ReadBody, readBody } from './read-body.ts';

/** The path of the load balancer's health check. */
export const HEALTH_PATH = '/health';

export interface ServiceOptions {
  /** @param endpoint the endpoint of the request's path */
  readonly answer: (request: AgentRequest, endpoint: Endpoint | undefined) => Promise<Reply>;
  readonly now: () => number; // epoch ms
  readonly report: Report;
  /** Key and certificate, PEM. @default - plain HTTP behind a load balancer that ends TLS and sets X-Forwarded-For */
  readonly tls?: { readonly key: string; readonly cert: string };
  /** @default defaultServiceLimits */
  readonly limits?: Partial<ServiceLimits>;
}

/** Counts since the last call. */
export interface ServiceCounts {
  /** Requests of agents. */
  requests: number;
  /** Connections and requests that were refused because their address had too many without a valid key. */
  refused: number;
  /** Bodies that were too large. They were discarded and acknowledged, because their agents would send them forever. */
  tooLarge: number;
}

/** What is known of one connection. */
interface Connection {
  readonly acceptedAtMs: number;
  /** To call once the connection has shown a valid key. */
  readonly prove: () => void;
  /** Whether a request is being answered. */
  isBusy: boolean;
}

/** One request, and what its answer needs. */
interface Exchange {
  readonly request: IncomingMessage;
  readonly endpoint: Endpoint | undefined;
  readonly link: Link & { readonly untilMs: number };
}

const none = (): ServiceCounts => ({ requests: 0, refused: 0, tooLarge: 0 });

/**
 * The TLS API over HTTP. A reply of this server itself is text that is not JSON, except where its agent has to give up its
 * data, because an agent takes an empty body, or a JSON object without `error`, as success
 * (docs/spec/osquery-protocol.md §3.2).
 */
export class ServiceServer {
  readonly #options: ServiceOptions;
  readonly #limits: ServiceLimits;
  readonly #server: Server;
  readonly #received: Room;
  readonly #worked: Room;
  readonly #newcomers: Newcomers;
  /** Connections by the client's address and port: what to call once it has shown a valid key. */
  readonly #unproven = new Map<string, () => void>();
  /** By the socket of its requests: with TLS, one over the socket that was accepted. */
  readonly #connections = new Map<Socket, Connection>();
  #counts = none();
  #accepted = 0;
  #isStopping = false;

  constructor(options: ServiceOptions) {
    this.#options = options;
    this.#limits = { ...defaultServiceLimits, ...options.limits };
    this.#received = new Room(this.#limits.receivedBytes);
    this.#worked = new Room(this.#limits.workedBytes);
    this.#newcomers = new Newcomers(this.#limits.unprovenPerAddress);
    this.#server = this.#create();
    this.#server.maxConnections = this.#limits.connections;
    guard(this.#server, (socket) => this.#accept(socket));
    this.#server.on(options.tls ? 'secureConnection' : 'connection', (socket: Socket) => this.#open(socket));
    this.#server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => rejectConnection(error, socket));
  }

  /** Connections at this moment. */
  get connections(): number {
    return this.#accepted;
  }

  /** Returns the counts since the last call. */
  takeCounts(): ServiceCounts {
    const counts = this.#counts;
    this.#counts = none();
    return counts;
  }

  /** Starts to accept connections. @param port 0 for any free one @returns the port */
  async listen(port: number, host?: string): Promise<number> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen({ port, host, backlog: 4096 }, resolve);
    });
    return (this.#server.address() as AddressInfo).port;
  }

  /** Accepts no more connections, and resolves when all requests are answered, or after `patienceMs`. */
  async stop(patienceMs: number): Promise<void> {
    this.#isStopping = true;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
    const late = setTimeout(() => this.#server.closeAllConnections(), patienceMs);
    await closed;
    clearTimeout(late);
  }

  #create(): Server {
    const { tls } = this.#options;
    const options: ServerOptions = {
      headersTimeout: HEADERS_MS,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: 1_000,
      keepAliveTimeout: KEEP_ALIVE_MS,
      noDelay: true,
      requireHostHeader: false, // Node's own refusal has an empty body, which agents take for success
    };
    const handle = (request: IncomingMessage, response: ServerResponse): void => {
      if (request.url === HEALTH_PATH) this.#send(response, this.#health());
      else this.#handle(request, response);
    };
    if (!tls) return expecting(createServer(options), handle);
    // An agent never resumes a session, so tickets would only cost.
    const tlsOptions = {
      minVersion: 'TLSv1.2',
      handshakeTimeout: 5_000,
      secureOptions: constants.SSL_OP_NO_TICKET,
    } as const;
    return expecting(createTlsServer({ ...options, ...tls, ...tlsOptions }), handle);
  }

  /** Bounds the connections of one address. Behind a load balancer, `#admit` bounds the requests of one client instead. */
  #accept(socket: Socket): boolean {
    const name = nameOf(socket);
    const prove = this.#options.tls ? this.#newcomers.admit(socket.remoteAddress ?? '') : () => undefined;
    if (!prove) {
      this.#counts.refused += 1;
      return false;
    }
    this.#accepted += 1;
    this.#unproven.set(name, prove);
    socket.once('close', () => {
      this.#accepted -= 1;
      this.#unproven.delete(name);
      prove();
    });
    return true;
  }

  #open(socket: Socket): void {
    const prove = this.#unproven.get(nameOf(socket)) ?? (() => undefined);
    this.#connections.set(socket, { acceptedAtMs: this.#options.now(), prove, isBusy: false });
    socket.once('close', () => this.#connections.delete(socket));
  }

  /** @returns a function that stops counting a request as one without a valid key; undefined if its client has too many */
  #admit(request: IncomingMessage, connection: Connection): (() => void) | undefined {
    return this.#options.tls ? connection.prove : this.#newcomers.admit(clientOf(request));
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    const { socket } = request;
    this.#counts.requests += 1;
    const connection = this.#connections.get(socket);
    // Neither an agent nor a load balancer sends a request before the previous one is answered.
    if (!connection || connection.isBusy) return void socket.destroy();
    connection.isBusy = true;
    const prove = this.#admit(request, connection);
    if (!prove) {
      this.#counts.refused += 1;
      return void socket.destroy();
    }
    const endpoint = endpointOf(request.url ?? '');
    const onClosed: Link['onClosed'] = (closed) => (response.closed ? closed() : void response.on('close', closed));
    const end = (reply?: Reply): void => {
      connection.isBusy = false;
      if (!this.#options.tls) prove();
      if (reply) this.#send(response, reply);
      else socket.destroy();
    };
    const fail = (error: unknown): void => {
      if (endpoint) this.#options.report('request_failed', { endpoint, error: traceOf(error) });
      end();
    };
    this.#answer(
      { request, endpoint, link: { untilMs: this.#startedAtMs(connection) + REPLY_MS, onClosed, prove } },
      end,
      fail,
    );
  }

  /** Calls `end` with the reply, or with none if the connection is to be closed; or calls `fail`. */
  #answer(exchange: Exchange, end: (reply?: Reply) => void, fail: (error: unknown) => void): void {
    const { request, endpoint } = exchange;
    const maxBytes = isData(endpoint) ? this.#limits.bodyBytes : SMALL_BODY_BYTES;
    const { drainedBytes } = this.#limits;
    // Nothing waits for a held read but its own promises: an async function's frame would stay in memory, with the request's body.
    readBody(request, { maxBytes, drainedBytes, room: this.#received })
      .then((body) => void this.#replyTo(body, exchange).then(end).catch(fail))
      .catch(fail);
  }

  /** @returns the reply; undefined if the connection is to be closed without one */
  #replyTo(body: ReadBody, exchange: Exchange): Promise<Reply | undefined> {
    switch (body.kind) {
      case 'broken':
        return Promise.resolve(undefined);
      case 'too-large':
        return Promise.resolve(this.#tooLarge(isData(exchange.endpoint)));
      case 'no-room':
        return Promise.resolve(refused('Too many bodies at a time: keep your data and try again.', 503));
      case 'whole':
        return isData(exchange.endpoint)
          ? this.#answerData(body.bytes, exchange)
          : this.#answerWhole(body.bytes, exchange);
      default:
        return body satisfies never;
    }
  }

  /** Answers when there is room for what the body becomes. */
  async #answerData(bytes: Buffer, exchange: Exchange): Promise<Reply> {
    const leave = await this.#worked.take(workedBytesOf(bytes, this.#limits));
    try {
      return await this.#answerWhole(bytes, exchange);
    } finally {
      leave();
    }
  }

  #answerWhole(bytes: Buffer, { request, endpoint, link }: Exchange): Promise<Reply> {
    const { now, answer } = this.#options;
    const { method = '', url = '', headers } = request;
    const { untilMs } = link;
    const timeLeftMs = () => untilMs - now();
    return answer(
      { method, path: url, authorization: headers.authorization, body: RequestBody.of(bytes), timeLeftMs, link },
      endpoint,
    );
  }

  /** Like the gateway's: an agent would send the same results again and again, with newer ones added. */
  #tooLarge(isOfData: boolean): Reply {
    this.#counts.tooLarge += 1;
    return isOfData
      ? { status: 413, body: '{}', contentType: 'application/json' }
      : refused(`the body has more than ${SMALL_BODY_BYTES} bytes`, 413);
  }

  /** An agent counts from when it connects. A load balancer's connections are older than the requests in them. */
  #startedAtMs({ acceptedAtMs }: Connection): number {
    return this.#options.tls ? acceptedAtMs : this.#options.now();
  }

  #health(): Reply {
    return this.#isStopping ? { ...plain('stopping'), status: 503 } : plain('ok');
  }

  #send(response: ServerResponse, { status, body, contentType }: Reply): void {
    // An agent never reuses a connection, but leaves it open until its next request.
    if (this.#options.tls || this.#isStopping) response.shouldKeepAlive = false;
    response.writeHead(status, { 'Content-Type': contentType, 'Content-Length': Buffer.byteLength(body) });
    response.end(body);
  }
}

/**
 * Closes connections that are not accepted, before Node does anything for them. With TLS, what it does first costs more CPU than
 * the connection itself.
 */
function guard(server: Server, accepts: (socket: Socket) => boolean): void {
  const serve = server.listeners('connection');
  server.removeAllListeners('connection');
  server.on('connection', (socket: Socket) => {
    if (accepts(socket)) for (const listener of serve) listener.call(server, socket);
    else socket.destroy();
  });
}

/** Handles all requests alike. To an `Expect` header other than `100-continue`, Node itself replies with an empty body. */
const expecting = (server: Server, handle: RequestListener): Server =>
  server.on('request', handle).on('checkExpectation', handle);

/** Whether requests carry a node's data, and not only its key. */
const isData = (endpoint: Endpoint | undefined): boolean => endpoint === 'log' || endpoint === 'write';

const nameOf = ({ remoteAddress, remotePort }: Socket): string => `${remoteAddress} ${remotePort}`;

/** The client's address: the last one in the header, which the load balancer added; the others come from the client. */
function clientOf({ headers, socket }: IncomingMessage): string {
  const forwarded = headers['x-forwarded-for'];
  const all = Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '');
  return all.slice(all.lastIndexOf(',') + 1).trim() || (socket.remoteAddress ?? '');
}

const STATUS_BY_CODE: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
};

/** Node's own reply would have an empty body, which agents take for success. */
function rejectConnection({ code = '' }: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || code === 'ECONNRESET') return void socket.destroy();
  const status = STATUS_BY_CODE[code] ?? '400 Bad Request';
  const body = `mayfly front: ${status}, keep your data and try again`;
  const headers = `Connection: close\r\nContent-Type: text/plain\r\nContent-Length: ${body.length}`;
  socket.end(`HTTP/1.1 ${status}\r\n${headers}\r\n\r\n${body}`, () => socket.destroy());
}
