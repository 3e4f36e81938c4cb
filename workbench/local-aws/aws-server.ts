import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { checkSignature, type RunCredentials, readClaim } from './credentials.ts';
import type { EventBus } from './event-bus.ts';
import { AwsError, internalFailure, type Service } from './services/aws-error.ts';
import { RawJson } from './services/dynamodb.ts';
import { answerForm, awsQueryRefusal, type QueryService } from './services/query-service.ts';

/**
 * A loopback HTTP server that speaks AWS's JSON and query protocols and accepts complete events on `POST /events`.
 * Other users of the machine can reach it, so it answers only requests signed with the credentials of this run.
 */
export interface AwsServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** The services the server answers for, keyed by what identifies them in a request. */
export interface Services {
  /** Keyed by the target prefix of their operations: `X-Amz-Target: <prefix>.<operation>`. */
  readonly json: Readonly<Record<string, Service>>;
  /** Keyed by API version, which the form contains. */
  readonly query: Readonly<Record<string, QueryService>>;
  /** Receives the events of `POST /events`. */
  readonly bus?: EventBus;
}

export async function startAwsServer(services: Services, credentials: RunCredentials): Promise<AwsServer> {
  const server = http.createServer(async (request, response) => {
    const requestId = randomUUID();
    const [status, type, body] = await answer(request, services, credentials, requestId);
    response.writeHead(status, { 'content-type': type, 'x-amzn-requestid': requestId }).end(body);
  });
  server.keepAliveTimeout = 60_000; // SDK clients reuse idle connections; a shorter timeout would race with that
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    url: `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

type Reply = [status: number, contentType: string, body: string];

async function answer(
  request: http.IncomingMessage,
  services: Services,
  credentials: RunCredentials,
  requestId: string,
): Promise<Reply> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  try {
    refuseBrowsers(request);
    const body = await readSigned(request, credentials);
    if (isForm) {
      const [status, xml] = await answerForm(body, services.query, requestId);
      return [status, 'text/xml', xml];
    }
    return json(200, await answerJson(request, parse(body), services));
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(error);
    if (isForm) return [known.status, 'text/xml', awsQueryRefusal(known, requestId)];
    const { status, code, message, members } = known;
    return json(status, { ...members, __type: code, message });
  }
}

async function readSigned(request: http.IncomingMessage, credentials: RunCredentials): Promise<string> {
  const claim = readClaim(request, credentials, Date.now());
  const body = await readBody(request);
  await checkSignature(request, body, claim, credentials);
  return body.toString('utf8');
}

const json = (status: number, body: unknown): Reply => [
  status,
  'application/x-amz-json-1.1',
  body instanceof RawJson ? body.json : JSON.stringify(body, epochSeconds),
];

async function answerJson(
  request: http.IncomingMessage,
  input: unknown,
  { json: services, bus }: Services,
): Promise<unknown> {
  if (bus && request.url === '/events' && request.method === 'POST') {
    const events = Array.isArray(input) ? input : [input];
    return { accepted: events.length, unmatched: await bus.put(events) };
  }
  const [, prefix = '', operation = ''] = /^([^.]+)\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? '')) ?? [];
  const service = Object.hasOwn(services, prefix) ? services[prefix] : undefined;
  if (!service) {
    const what = request.headers['x-amz-target'] ?? `${request.method} ${request.url}`;
    throw new AwsError('UnknownOperationException', `${what} is not implemented locally`);
  }
  return service(operation, input);
}

/**
 * Rejects browsers: a web page can post to loopback addresses and, by DNS rebinding, read the answers with their
 * secrets.
 */
function refuseBrowsers({ headers }: http.IncomingMessage): void {
  const local = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '');
  if (!local || headers.origin !== undefined)
    throw new AwsError('AccessDeniedException', 'only local programs are answered', 403);
}

async function readBody(request: http.IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw new AwsError('RequestEntityTooLargeException', `the body has more than ${MAX_BODY_BYTES} bytes`, 413);
  return Buffer.concat(chunks);
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON');
  }
}

/**
 * Writes instants as epoch seconds, as AWS's JSON protocol does. Uses `this` because `JSON.stringify` has already
 * called a Date's `toJSON`.
 */
function epochSeconds(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = Object(this)[key];
  return original instanceof Date ? original.getTime() / 1000 : value;
}
