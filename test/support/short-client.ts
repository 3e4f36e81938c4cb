import {
  ConditionalCheckFailedException,
  type DynamoDBClient,
  DynamoDBServiceException,
  TransactionCanceledException,
} from '@aws-sdk/client-dynamodb';
import { KeptConnections } from '../../lib/aws/calls/kept-connections.ts';

/** Parts of the SDK between a command and the wire that the embedded DynamoDB does without. */
const LEFT_OUT = [
  ...['hostHeaderMiddleware', 'loggerMiddleware', 'recursionDetectionMiddleware', 'getUserAgentMiddleware'],
  ...['httpAuthSchemeMiddleware', 'httpSigningMiddleware', 'contentLengthMiddleware'],
  ...['retryMiddleware', 'omitRetryHeadersMiddleware', 'serializerMiddleware', 'deserializerMiddleware'],
];

/** The embedded DynamoDB accepts any signature, but no request without one. */
const HEADERS = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20250101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-date': '20250101T000000Z',
};

/** The clients of a worker share the connections to each endpoint. */
const connections = new Map<string, KeptConnections>();
const TIMEOUT_MS = 120_000; // against hanging: a busy machine answers slowly

interface Request {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Sends the requests of a shortened client, with the replies as the SDK's own handlers have them. */
export function shortWire(endpoint: string) {
  const kept = connections.get(endpoint) ?? new KeptConnections(new URL(endpoint), TIMEOUT_MS);
  connections.set(endpoint, kept);
  const handle = async ({ headers, body }: Request): Promise<{ response: Reply }> => {
    const { status, text } = await kept.post(headers, body);
    return { response: { statusCode: status, body: Buffer.from(text) } };
  };
  return { handle };
}

interface Reply {
  readonly statusCode: number;
  readonly body: Uint8Array;
}

/**
 * Shortens a client's way to the embedded DynamoDB: JSON over plain HTTP, neither signed nor retried, in a third of the CPU time of a
 * call. Middlewares that tests and commands add work as with the whole SDK. The client sends with `shortWire`.
 */
export function shorten({ middlewareStack }: Pick<DynamoDBClient, 'middlewareStack'>, endpoint: string): void {
  const { host } = new URL(endpoint);
  for (const name of LEFT_OUT) middlewareStack.remove(name);
  middlewareStack.add(
    (next, { commandName }) =>
      (args) => {
        const target = `DynamoDB_20120810.${String(commandName).replace(/Command$/, '')}`;
        const headers = { host, ...HEADERS, 'x-amz-target': target };
        const request: Request = { headers, body: JSON.stringify(withText(args.input)) };
        return next({ ...args, request });
      },
    { step: 'serialize', name: 'serializerMiddleware' }, // lib-dynamodb finds its place by these names
  );
  middlewareStack.add(
    (next) => async (args) => {
      const result = await next(args);
      const { statusCode, body } = result.response as Reply;
      const answer = Object(withBytes(JSON.parse(Buffer.from(body).toString())));
      const $metadata = { httpStatusCode: statusCode, attempts: 1 };
      if (statusCode !== 200) throw failure(answer, $metadata);
      return { ...result, output: { ...answer, $metadata } };
    },
    { step: 'deserialize', name: 'deserializerMiddleware' },
  );
}

/** A copy with binary values as base64, as JSON has them. A function of `JSON.stringify` would get a buffer's own JSON. */
function withText(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (Array.isArray(value)) return value.map(withText);
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value)) copy[name] = withText(part);
  return copy;
}

/** The same value with bytes where JSON has base64. */
function withBytes(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(withBytes);
  const copy: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(value))
    copy[name] =
      name === 'B' && typeof part === 'string' ? Uint8Array.from(Buffer.from(part, 'base64')) : withBytes(part);
  return copy;
}

/** The SDK's exceptions whose classes Mayfly compares. */
const EXCEPTIONS = { ConditionalCheckFailedException, TransactionCanceledException };
const isCompared = (name: string): name is keyof typeof EXCEPTIONS => Object.hasOwn(EXCEPTIONS, name);

function failure(answer: Record<string, unknown>, $metadata: object): Error {
  const { __type, message, Message = message, ...members } = answer;
  const name = String(__type).replace(/.*#/, '');
  const options = { name, message: String(Message ?? name), $metadata, ...members };
  if (isCompared(name)) return new EXCEPTIONS[name](options);
  return new DynamoDBServiceException({ $fault: 'client', ...options });
}
