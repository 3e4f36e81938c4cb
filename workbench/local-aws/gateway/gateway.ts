import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { LocalFunction } from '../functions/functions.ts';
import { MAX_PAYLOAD_BYTES } from '../functions/functions.ts';
import { CLOSED, type Invocation, type InvocationFailure, THROTTLED } from '../functions/invocation.ts';
import type { Certificate } from '../machine/certificate.ts';
import type { Clock } from '../machine/clock.ts';
import { LOOPBACK } from '../machine/listen-address.ts';
import type { Notify } from '../machine/notice.ts';
import { type Match, matchRoute, type RestApi, type Throttle } from './gateway-api.ts';
import { type ProxyResult, proxyEvent, proxyResult } from './gateway-event.ts';
import { gatewayAnswer, type ResponseType } from './gateway-responses.ts';

export interface Gateway {
  readonly port: number;
  /** Stops accepting connections. Resolves when the requests in flight are answered, or cut off after `graceMs`. */
  close(graceMs: number): Promise<void>;
}

export interface GatewayOptions {
  readonly api: RestApi;
  readonly functions: ReadonlyMap<string, Pick<LocalFunction, 'invoke'>>; // keyed by ARN
  readonly certificate: Certificate;
  readonly port: number; // 0 for any free port
  /** The address to listen on. @default 127.0.0.1 */
  readonly host?: string;
  readonly account: string;
  readonly throttle?: Throttle;
  readonly clock: Clock;
  readonly notify: Notify;
  /** Takes the path of each request, without the stage. @default - nothing counts them */
  readonly count?: (path: string) => void;
}

/** API Gateway's limit on a request body. */
const MAX_BODY_BYTES = 10 * 1024 * 1024;
/** A client that sends more than this is cut off: it is not an agent, so it does not need the error response. */
const MAX_DRAINED_BYTES = 256 * 1024 * 1024;

/**
 * Limit on concurrent connections. On an overloaded computer, more connections would only wait for their TLS handshake
 * and time out with the others. An agent that is cut off retries.
 */
const MAX_CONNECTIONS = 256;

/** @returns the port; a free one if `port` is 0 */
async function listen(server: https.Server, port: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const address = server.address();
  return typeof address === 'object' && address ? address.port : 0;
}

const contextOf = (request: IncomingMessage, stage: string) => ({
  requestId: randomUUID(),
  extendedRequestId: randomUUID(),
  path: (request.url ?? '/').split('?')[0] ?? '/',
  httpMethod: request.method ?? '',
  stage,
});

function resultOf(invocation: Invocation): ProxyResult | ResponseType {
  if (!invocation.ok) return failureOf(invocation);
  const result = proxyResult(invocation.payload);
  if (result === 'malformed') return 'DEFAULT_5XX';
  return result === 'undecodable' ? 'API_CONFIGURATION_ERROR' : result;
}

function send(result: ProxyResult, response: ServerResponse): void {
  const headers = result.headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  for (const name of new Set(headers.map(([header]) => header))) {
    const values = headers.filter(([header]) => header === name).map(([, value]) => value);
    response.setHeader(name, values.length === 1 ? (values[0] ?? '') : values);
  }
  response.setHeader('content-length', result.body.length);
  if (!response.hasHeader('content-type')) response.setHeader('content-type', 'application/json');
  response.writeHead(result.status).end(result.body);
}

/** Serves the template's REST API over HTTPS. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { certificate } = options;
  const requests = new Requests(options);
  const server = https.createServer({ cert: certificate.cert, key: certificate.key, minVersion: 'TLSv1.2' });
  server.maxConnections = MAX_CONNECTIONS;
  server.on('request', (request, response) => requests.handle(request, response));
  // Answers `Expect: 100-continue` before the client sends the body; by default Node would ask for the body.
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (announcedBytes(request) > MAX_BODY_BYTES) {
      response.setHeader('connection', 'close');
      return requests.refuse('REQUEST_TOO_LARGE', request, response);
    }
    response.writeContinue();
    requests.handle(request, response);
  });
  server.on('tlsClientError', (_, socket) => socket.destroy());
  return {
    port: await listen(server, options.port, options.host ?? LOOPBACK),
    close: (graceMs) => close(server, graceMs),
  };
}

function close(server: https.Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    const cutOff = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearTimeout(cutOff);
      resolve();
    });
    server.closeIdleConnections();
  });
}

/** Answers requests with the function behind their route, or with a response of the gateway itself. */
class Requests {
  readonly #options: GatewayOptions;
  readonly #allow: () => boolean;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.#allow = throttle(options.throttle ?? options.api.throttle, options.clock);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    request.on('error', () => response.destroy()); // the client has disconnected
    this.#answer(request, response).catch(() => {
      if (response.headersSent) response.destroy();
      else this.refuse('INTEGRATION_FAILURE', request, response); // such as a response header that HTTP forbids
    });
  }

  refuse(type: ResponseType, request: IncomingMessage, response: ServerResponse): void {
    const { api, notify } = this.#options;
    const context = contextOf(request, api.stage);
    const { status, headers, body } = gatewayAnswer(type, api.responses, context, request.headers.accept);
    notify({ kind: 'gateway-response', responseType: type, status, method: context.httpMethod, path: context.path });
    response.writeHead(status, { ...headers, 'content-length': Buffer.byteLength(body) }).end(body);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await readBody(request);
    if (body === 'cut off') return;
    const gone = new AbortController();
    response.once('close', () => gone.abort());
    const result = await this.#decide(request, body, gone.signal);
    if (typeof result === 'string') return this.refuse(result, request, response);
    send(result, response);
  }

  async #decide(
    request: IncomingMessage,
    body: Buffer | 'too large',
    gone: AbortSignal,
  ): Promise<ProxyResult | ResponseType> {
    const { api, account, clock } = this.#options;
    if (!this.#allow()) return 'THROTTLED';
    if (body === 'too large') return 'REQUEST_TOO_LARGE';
    const path = withoutStage((request.url ?? '/').split('?')[0] ?? '/', api.stage);
    this.#options.count?.(path);
    const match = matchRoute(api.root, request.method ?? 'GET', path);
    if (!match) return 'MISSING_AUTHENTICATION_TOKEN'; // API Gateway's response for "no such route"
    const event = proxyEvent(request, body, { path, match }, { api, account, nowMs: clock.now() });
    if (Buffer.byteLength(event) > MAX_PAYLOAD_BYTES) return 'REQUEST_TOO_LARGE';
    return this.#integrate(match, event, gone);
  }

  /** @param gone aborts when the client disconnects; an invocation still waiting for an environment is then dropped */
  async #integrate({ method }: Match, event: string, gone: AbortSignal): Promise<ProxyResult | ResponseType> {
    const { functions, clock } = this.#options;
    const target = functions.get(method.functionArn);
    if (!target) return 'INTEGRATION_FAILURE';
    const over = new AbortController();
    const late = clock.sleep(method.timeoutMs, over.signal).then(() => 'late' as const);
    const invoked = target.invoke(event, AbortSignal.any([gone, over.signal]));
    const invocation = await Promise.race([invoked, late]).finally(() => over.abort());
    return invocation === 'late' ? 'INTEGRATION_TIMEOUT' : resultOf(invocation);
  }
}

function failureOf({ errorType }: InvocationFailure): ResponseType {
  if (errorType === CLOSED) return 'INTEGRATION_FAILURE';
  return errorType === THROTTLED ? 'THROTTLED' : 'DEFAULT_5XX';
}

const announcedBytes = (request: IncomingMessage) => Number(request.headers['content-length'] ?? 0);

/**
 * Reads the whole body, up to MAX_DRAINED_BYTES. A client that is answered and cut off while it sends would see a broken
 * connection instead of the answer, and retry.
 */
async function readBody(request: IncomingMessage): Promise<Buffer | 'too large' | 'cut off'> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes > MAX_DRAINED_BYTES) {
      request.destroy();
      return 'cut off';
    }
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
    else chunks.length = 0;
  }
  return bytes > MAX_BODY_BYTES ? 'too large' : Buffer.concat(chunks);
}

/** Removes the stage from a path. API Gateway's own host name has it as first segment, a custom domain does not. */
function withoutStage(path: string, stage: string): string {
  const prefix = `/${stage}`;
  return path === prefix || path.startsWith(`${prefix}/`) ? path.slice(prefix.length) || '/' : path;
}

/** Returns a token bucket like API Gateway's. */
function throttle(limit: Throttle | undefined, clock: Clock): () => boolean {
  if (!limit) return () => true;
  let tokens = limit.burst;
  let filledAtMs = clock.now();
  return () => {
    const nowMs = clock.now();
    tokens = Math.min(limit.burst, tokens + ((nowMs - filledAtMs) / 1000) * limit.ratePerSecond);
    filledAtMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}
