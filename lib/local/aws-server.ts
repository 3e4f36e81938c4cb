import { randomUUID } from 'node:crypto';
import http from 'node:http';
import type { EventBus } from './event-bus.ts';
import { AwsError, type Service } from './services/aws-error.ts';

/** A loopback HTTP server that speaks AWS's JSON protocol, and takes whole events on `POST /events`. */
export interface AwsServer {
  readonly url: string;
  close(): Promise<void>;
}

const MAX_BODY_BYTES = 32 * 1024 * 1024;

/** @param services by the target prefix of their operations: `X-Amz-Target: <prefix>.<operation>` */
export async function startAwsServer(services: Readonly<Record<string, Service>>, bus: EventBus): Promise<AwsServer> {
  const server = http.createServer(async (request, response) => {
    const [status, body] = await answer(request, services, bus);
    const headers = { 'content-type': 'application/x-amz-json-1.1', 'x-amzn-requestid': randomUUID() };
    response.writeHead(status, headers).end(JSON.stringify(body, epochSeconds));
  });
  server.keepAliveTimeout = 60_000; // SDK clients keep connections; a shorter time here would race with their next use
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

async function answer(
  request: http.IncomingMessage,
  services: Readonly<Record<string, Service>>,
  bus: EventBus,
): Promise<[status: number, body: unknown]> {
  try {
    refuseBrowsers(request);
    const input: unknown = parse(await readBody(request));
    if (request.url === '/events' && request.method === 'POST') {
      const events = Array.isArray(input) ? input : [input];
      await bus.put(events);
      return [200, { accepted: events.length }];
    }
    const [, prefix = '', operation = ''] =
      /^([^.]+)\.(\w+)$/.exec(String(request.headers['x-amz-target'] ?? '')) ?? [];
    const service = Object.hasOwn(services, prefix) ? services[prefix] : undefined;
    if (!service) {
      const what = request.headers['x-amz-target'] ?? `${request.method} ${request.url}`;
      throw new AwsError('UnknownOperationException', `${what} is not implemented locally`);
    }
    return [200, await service(operation, input)];
  } catch (error) {
    if (error instanceof AwsError) return [error.status, { __type: error.code, message: error.message }];
    // The SDK retries it, as it would in AWS; the reason is for whoever reads the function's log.
    return [500, { __type: 'InternalFailure', message: error instanceof Error ? error.message : String(error) }];
  }
}

/** A web page may post to loopback addresses, and by DNS rebinding even read the answer: secrets among them. */
function refuseBrowsers({ headers }: http.IncomingMessage): void {
  const local = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(headers.host ?? '');
  if (!local || headers.origin !== undefined)
    throw new AwsError('AccessDeniedException', 'only local programs are answered', 403);
}

async function readBody(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request) {
    bytes += chunk.length;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  if (bytes > MAX_BODY_BYTES)
    throw new AwsError('RequestEntityTooLargeException', `the body has more than ${MAX_BODY_BYTES} bytes`, 413);
  return Buffer.concat(chunks).toString('utf8');
}

function parse(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new AwsError('SerializationException', 'the body is not JSON');
  }
}

/** AWS's JSON protocol gives instants as epoch seconds. `JSON.stringify` has already called a Date's `toJSON`, hence `this`. */
function epochSeconds(this: unknown, key: string, value: unknown): unknown {
  const original: unknown = Object(this)[key];
  return original instanceof Date ? original.getTime() / 1000 : value;
}
