import { randomUUID } from 'node:crypto';
import http from 'node:http';
import { checkSignature, type RunCredentials, readClaim } from './access/credentials.ts';
import { demandsOf, formDemand, type ResourceNames } from './access/demands.ts';
import type { Demand, Permissions } from './access/permissions.ts';
import type { EventBus } from './events/event-bus.ts';
import { AwsError, internalFailure, type Service } from './protocol/aws-error.ts';
import { AUTO_SCALING_VERSION } from './services/auto-scaling.ts';
import { RawJson } from './services/dynamodb.ts';
import { EC2_VERSION } from './services/ec2.ts';
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
  /** The same as functions use them, where that is counted. @default - `json` */
  readonly metered?: Readonly<Record<string, Service>>;
  /** Keyed by API version, which the form contains. */
  readonly query: Readonly<Record<string, QueryService>>;
  /** Receives the events of `POST /events`. */
  readonly bus?: EventBus;
}

/** A program that may call, with what it may do. */
export interface Caller {
  readonly credentials: RunCredentials;
  /** @default - everything, as the operator's own programs */
  readonly permissions?: Permissions;
}

/** Who may call, by access key id, and what their requests are about. */
export interface Callers {
  readonly known: ReadonlyMap<string, Caller>;
  readonly names: ResourceNames;
}

export async function startAwsServer(services: Services, callers: Callers): Promise<AwsServer> {
  const server = http.createServer(async (request, response) => {
    const requestId = randomUUID();
    const [status, type, body] = await answer(request, services, callers, requestId);
    // As AWS, with a length: without one, Node sends chunks.
    const headers = { 'content-type': type, 'content-length': Buffer.byteLength(body), 'x-amzn-requestid': requestId };
    response.writeHead(status, headers).end(body);
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
  callers: Callers,
  requestId: string,
): Promise<Reply> {
  const isForm = request.headers['content-type']?.startsWith('application/x-www-form-urlencoded');
  try {
    refuseBrowsers(request);
    const { body, caller } = await readSigned(request, callers);
    if (isForm) {
      checkForm(body, caller);
      const [status, xml] = await answerForm(body, services.query, requestId);
      return [status, 'text/xml', xml];
    }
    const input = parse(body);
    if (caller.permissions)
      check(
        caller.permissions,
        demandsOf(String(request.headers['x-amz-target'] ?? request.url), input, callers.names),
      );
    const { json: plain, metered = plain } = services;
    return json(200, await answerJson(request, input, { ...services, json: caller.permissions ? metered : plain }));
  } catch (error) {
    const known = error instanceof AwsError ? error : internalFailure(error);
    if (isForm) return [known.status, 'text/xml', awsQueryRefusal(known, requestId)];
    const { status, code, message, members } = known;
    return json(status, { ...members, __type: code, message });
  }
}

/** Reads a request and checks who signed it. */
async function readSigned(
  request: http.IncomingMessage,
  { known }: Callers,
): Promise<{ readonly body: string; readonly caller: Caller }> {
  const claim = readClaim(request, (id) => known.has(id), Date.now());
  const caller = known.get(claim.accessKeyId);
  if (!caller) throw new AwsError('UnrecognizedClientException', 'the access key is not known here', 403);
  const body = await readBody(request);
  await checkSignature(request, body, claim, caller.credentials);
  return { body: body.toString('utf8'), caller };
}

/** The services of the query protocols, by API version. */
const FORM_SERVICES: Readonly<Record<string, 'ec2' | 'autoscaling'>> = {
  [EC2_VERSION]: 'ec2',
  [AUTO_SCALING_VERSION]: 'autoscaling',
};

function checkForm(body: string, { permissions }: Caller): void {
  if (!permissions) return;
  const form = new URLSearchParams(body);
  const service = FORM_SERVICES[form.get('Version') ?? ''];
  if (service) check(permissions, [formDemand(service, form.get('Action') ?? '')]);
}

/** @throws {AwsError} `AccessDeniedException`, as AWS does, naming what the role lacks */
function check(permissions: Permissions, demands: readonly Demand[]): void {
  const denied = demands.find((one) => !permissions.allows(one));
  if (!denied) return;
  const { action, resource = '*', context } = denied;
  throw new AwsError(
    'AccessDeniedException',
    `the function's role does not allow ${action} on ${resource} ${JSON.stringify(context)}`,
    400,
  );
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
