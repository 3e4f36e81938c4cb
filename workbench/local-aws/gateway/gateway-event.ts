import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Match, RestApi } from './gateway-api.ts';

/** A function's answer, ready to be sent. */
export interface ProxyResult {
  readonly status: number;
  readonly headers: readonly [string, string][];
  readonly body: Buffer;
}

/** Headers about the connection itself. The function does not receive them. */
const CONNECTION_HEADERS = new Set([
  'connection',
  'keep-alive',
  'transfer-encoding',
  'expect',
  'upgrade',
  'te',
  'trailer',
]);
const RESULT_KEYS = ['statusCode', 'headers', 'multiValueHeaders', 'body', 'isBase64Encoded'];

/** When and where a request arrives. */
interface EventContext {
  readonly api: RestApi;
  readonly account: string;
  readonly nowMs: number; // epoch ms
}

/**
 * Builds the event of a Lambda proxy integration, payload format 1.0, as JSON.
 *
 * @param path with or without the stage's prefix, which the event's own `path` omits
 * @see API Gateway Developer Guide, "Input format of a Lambda function for proxy integration"
 */
export function proxyEvent(
  request: IncomingMessage,
  body: Buffer,
  { path, match }: { readonly path: string; readonly match: Match },
  { api, account, nowMs }: EventContext,
): string {
  const url = request.url ?? '/';
  const [rawPath = '/', query = ''] = [url.split('?')[0], url.includes('?') ? url.slice(url.indexOf('?') + 1) : ''];
  const sourceIp = (request.socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const host = request.headers.host ?? '';
  const headers = group(headerPairs(request, sourceIp));
  const parameters = group([...new URLSearchParams(query)]);
  const binary =
    body.length > 0 && isBinary(request.headers['content-type'] ?? 'application/json', api.binaryMediaTypes);
  return JSON.stringify({
    resource: match.node.path,
    path,
    httpMethod: request.method,
    headers: lastOf(headers),
    multiValueHeaders: Object.fromEntries(headers),
    queryStringParameters: parameters.size > 0 ? lastOf(parameters) : null,
    multiValueQueryStringParameters: parameters.size > 0 ? Object.fromEntries(parameters) : null,
    pathParameters: match.pathParameters,
    stageVariables: api.stageVariables,
    requestContext: {
      accountId: account,
      apiId: api.id,
      domainName: host.replace(/:\d+$/, ''),
      domainPrefix: host.split(/[.:]/)[0],
      extendedRequestId: randomUUID(),
      httpMethod: request.method,
      identity: { ...NO_IDENTITY, sourceIp, userAgent: request.headers['user-agent'] ?? null },
      path: rawPath,
      protocol: `HTTP/${request.httpVersion}`,
      requestId: randomUUID(),
      requestTime: commonLogTime(nowMs),
      requestTimeEpoch: nowMs,
      resourceId: match.node.id,
      resourcePath: match.node.path,
      stage: api.stage,
    },
    body: body.length === 0 ? null : body.toString(binary ? 'base64' : 'utf8'),
    isBase64Encoded: binary,
  });
}

/** Identity fields that are null in a request without an IAM user, certificate or API key. */
const NO_IDENTITY = {
  accessKey: null,
  accountId: null,
  caller: null,
  cognitoAuthenticationProvider: null,
  cognitoAuthenticationType: null,
  cognitoIdentityId: null,
  cognitoIdentityPoolId: null,
  principalOrgId: null,
  user: null,
  userArn: null,
};

/**
 * Parses a function's answer.
 *
 * @returns `malformed` if API Gateway would answer with 502, `undecodable` for a body marked as base64 that is not
 * @see API Gateway Developer Guide, "Output format of a Lambda function for proxy integration"
 */
export function proxyResult(payload: string): ProxyResult | 'malformed' | 'undecodable' {
  const answer: unknown = JSON.parse(payload);
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return 'malformed';
  if (Object.keys(answer).some((key) => !RESULT_KEYS.includes(key))) return 'malformed';
  const { statusCode, headers, multiValueHeaders, body, isBase64Encoded } = answer as Record<string, unknown>;
  const status = Number(statusCode);
  if (statusCode === undefined || !Number.isInteger(status) || status < 100 || status > 599) return 'malformed';
  if (body !== undefined && body !== null && typeof body !== 'string') return 'malformed';
  const pairs = [...Object.entries(Object(headers ?? {})), ...manyOf(multiValueHeaders)];
  if (!pairs.every(([, value]) => ['string', 'number', 'boolean'].includes(typeof value))) return 'malformed';
  const text = body ?? '';
  if (isBase64Encoded === true && !/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return 'undecodable';
  return {
    status,
    headers: pairs.map(([name, value]) => [name, String(value)]),
    body: Buffer.from(text, isBase64Encoded === true ? 'base64' : 'utf8'),
  };
}

const manyOf = (headers: unknown): [string, unknown][] =>
  Object.entries(Object(headers ?? {})).flatMap(([name, values]): [string, unknown][] =>
    Array.isArray(values) ? values.map((value) => [name, value]) : [[name, undefined]],
  );

function headerPairs({ rawHeaders, socket }: IncomingMessage, sourceIp: string): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) pairs.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  const sent = pairs.filter(([name]) => !CONNECTION_HEADERS.has(name.toLowerCase()));
  const forwarded = sent.find(([name]) => name.toLowerCase() === 'x-forwarded-for')?.[1];
  return [
    ...sent.filter(([name]) => !name.toLowerCase().startsWith('x-forwarded-')),
    ['X-Forwarded-For', forwarded ? `${forwarded}, ${sourceIp}` : sourceIp],
    ['X-Forwarded-Port', String(socket.localPort ?? '')],
    ['X-Forwarded-Proto', 'https'],
  ];
}

function group(pairs: readonly [string, string][]): Map<string, string[]> {
  const grouped = new Map<string, string[]>();
  for (const [name, value] of pairs) grouped.set(name, [...(grouped.get(name) ?? []), value]);
  return grouped;
}

const lastOf = (grouped: ReadonlyMap<string, readonly string[]>) =>
  Object.fromEntries([...grouped].map(([name, values]) => [name, values.at(-1)]));

function isBinary(contentType: string, binaryMediaTypes: readonly string[]): boolean {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  return binaryMediaTypes.some(
    (pattern) =>
      pattern === '*/*' ||
      pattern.toLowerCase() === type ||
      (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1))),
  );
}

/** Formats an instant as "22/Nov/2026:13:05:09 +0000". */
function commonLogTime(atMs: number): string {
  const [, day, month, year, time] = new Date(atMs).toUTCString().split(' ');
  return `${day}/${month}/${year}:${time} +0000`;
}
