import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import tls from 'node:tls';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { localCertificate } from '../../../lib/local/certificate.ts';
import { LocalFunction } from '../../../lib/local/functions.ts';
import { type Gateway, startGateway } from '../../../lib/local/gateway.ts';
import { readRestApi } from '../../../lib/local/gateway-api.ts';
import type { LocalNotice } from '../../../lib/local/notice.ts';
import type { Resource } from '../../../lib/local/template.ts';
import { aBundle, aFolder, until, VirtualClock } from './support.ts';

const CODE = `
  let held;
  const answers = {
    '/echo': (event) => ({ statusCode: 200, headers: { 'Content-Type': 'text/plain' }, body: JSON.stringify(event) }),
    '/teapot': () => ({ statusCode: 418, headers: { 'X-One': 1 }, multiValueHeaders: { 'Set-Cookie': ['a=1', 'b=2'] } }),
    '/binary': () => ({ statusCode: 200, body: Buffer.from([0, 255, 128]).toString('base64'), isBase64Encoded: true }),
    '/undecodable': () => ({ statusCode: 200, body: '*** no base64 ***', isBase64Encoded: true }),
    '/text': () => 'only text',
    '/keys': () => ({ statusCode: 200, colour: 'red' }),
    '/status': () => ({ statusCode: 'fine' }),
    '/body': () => ({ statusCode: 200, body: { not: 'text' } }),
    '/header': () => ({ statusCode: 200, headers: { 'bad header': 'x' } }),
    '/throw': () => { throw new Error('no') },
    '/hang': () => new Promise(() => {}),
    '/hold': () => new Promise((resolve) => { held = () => resolve({ statusCode: 200, body: 'held' }); }),
    '/held': () => ({ statusCode: held ? 200 : 404 }),
    '/release': () => { held(); return { statusCode: 200 }; },
  };
  exports.handler = async (event) => (answers[event.path] ?? answers['/echo'])(event);
`;

const resource = (type: string, name: string, properties: Resource['properties'], arn = name): Resource => ({
  logicalId: name,
  type: `AWS::ApiGateway::${type}`,
  name,
  arn,
  properties,
});
const proxyTo = (functionArn: string) => ({
  Type: 'AWS_PROXY',
  Uri: `arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/${functionArn}/invocations`,
});
const method = (name: string, ResourceId: string, HttpMethod: string, more = {}) =>
  resource('Method', name, {
    ResourceId,
    HttpMethod,
    AuthorizationType: 'NONE',
    Integration: proxyTo('arn:fn'),
    ...more,
  });
const response = (ResponseType: string, StatusCode: string | undefined, body: string, more = {}) =>
  resource('GatewayResponse', ResponseType, {
    ResponseType,
    ...(StatusCode ? { StatusCode } : {}),
    ResponseTemplates: { 'application/json': body },
    ...more,
  });

const API: readonly Resource[] = [
  resource('RestApi', 'api', { BinaryMediaTypes: ['image/*', 'application/gzip'] }),
  resource('Stage', 'prod', { Variables: { colour: 'blue' } }),
  resource('Resource', 'all', { ParentId: 'api', PathPart: '{proxy+}' }),
  resource('Resource', 'pets', { ParentId: 'api', PathPart: 'pets' }),
  resource('Resource', 'pet', { ParentId: 'pets', PathPart: '{id}' }),
  resource('Resource', 'lost', { ParentId: 'api', PathPart: 'lost' }),
  method('m1', 'all', 'ANY'),
  method('m2', 'pet', 'GET'),
  method('m3', 'lost', 'ANY', { Integration: proxyTo('arn:of-no-function') }),
  response('DEFAULT_5XX', '500', 'sorry: $context.error.responseType $context.error.messageString'),
  response('INTEGRATION_TIMEOUT', '504', 'too late'),
  response('REQUEST_TOO_LARGE', '413', '{}', { ResponseParameters: { 'gatewayresponse.header.X-Reason': "'size'" } }),
  response('DEFAULT_4XX', undefined, 'no'),
];

const clock = new VirtualClock();
const seen: LocalNotice[] = [];
let ca: string;
let fn: LocalFunction;
let gateway: Gateway;

async function aGateway(resources: readonly Resource[] = API, more = {}): Promise<Gateway> {
  const certificate = await localCertificate(folder, Date.now());
  const functions = new Map([['arn:fn', fn]]);
  return startGateway({
    api: readRestApi(resources),
    functions,
    certificate,
    port: 0,
    account: '111122223333',
    clock,
    notify: (notice) => seen.push(notice),
    ...more,
  });
}

const folder = aFolder();
beforeAll(async () => {
  const bundle = aBundle(CODE);
  const config = {
    name: 'fn',
    arn: 'arn:fn',
    folder: bundle,
    handler: 'index.handler',
    environment: {},
    timeoutSeconds: 100,
    memoryMb: 128,
    logFile: path.join(folder, 'log'),
  };
  fn = new LocalFunction(config, () => undefined);
  gateway = await aGateway();
  ca = readFileSync(path.join(folder, 'certificate.pem'), 'utf8');
});
afterAll(async () => {
  await gateway.close(0);
  await fn.close();
});

interface Sent {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | string;
  port?: number;
}
interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** One request on a connection of its own, certificate checked. */
function send(
  target: string,
  { method = 'POST', headers = {}, body = '', port = gateway.port }: Sent = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      { host: 'localhost', port, path: target, method, headers, ca, agent: false },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.once('end', () =>
          resolve({ status: incoming.statusCode ?? 0, headers: incoming.headers, body: Buffer.concat(chunks) }),
        );
      },
    );
    request.once('error', reject).end(body);
  });
}

const eventOf = async (target: string, sent?: Sent) => JSON.parse((await send(target, sent)).body.toString());

describe('the event that a function gets from the gateway', () => {
  it('has the shape of payload 1.0', async () => {
    const headers = {
      'Content-Type': 'application/json',
      'User-Agent': 'osquery/5.23.0',
      'X-Many': ['a', 'b'],
      'X-Forwarded-For': '10.1.2.3',
    };
    const event = await eventOf('/some/path?x=1&y=2&x=3', { body: '{"a":1}', headers });
    expect(event).toEqual({
      resource: '/{proxy+}',
      path: '/some/path',
      httpMethod: 'POST',
      headers: expect.objectContaining({
        'Content-Type': 'application/json',
        'X-Many': 'b',
        'X-Forwarded-For': '10.1.2.3, 127.0.0.1',
        'X-Forwarded-Proto': 'https',
      }),
      multiValueHeaders: expect.objectContaining({ 'X-Many': ['a', 'b'], 'User-Agent': ['osquery/5.23.0'] }),
      queryStringParameters: { x: '3', y: '2' },
      multiValueQueryStringParameters: { x: ['1', '3'], y: ['2'] },
      pathParameters: { proxy: 'some/path' },
      stageVariables: { colour: 'blue' },
      requestContext: {
        accountId: '111122223333',
        apiId: 'api',
        domainName: 'localhost',
        domainPrefix: 'localhost',
        extendedRequestId: expect.any(String),
        httpMethod: 'POST',
        identity: expect.objectContaining({ sourceIp: '127.0.0.1', userAgent: 'osquery/5.23.0', user: null }),
        path: '/some/path',
        protocol: 'HTTP/1.1',
        requestId: expect.any(String),
        requestTime: '22/Nov/2026:12:00:00 +0000',
        requestTimeEpoch: clock.now(),
        resourceId: 'all',
        resourcePath: '/{proxy+}',
        stage: 'prod',
      },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
  });

  it('has the same path with the prefix of the stage and without', async () => {
    const event = await eventOf('/prod/some/path');
    expect([event.path, event.pathParameters, event.requestContext.path]).toEqual([
      '/some/path',
      { proxy: 'some/path' },
      '/prod/some/path',
    ]);
    expect((await eventOf('/production/x')).path).toBe('/production/x');
  });

  it('names the most specific resource, and its parameters decoded', async () => {
    expect(await eventOf('/pets/cat%20%2F1', { method: 'GET' })).toMatchObject({
      resource: '/pets/{id}',
      pathParameters: { id: 'cat /1' },
    });
    expect(await eventOf('/pets/1/toys')).toMatchObject({
      resource: '/{proxy+}',
      pathParameters: { proxy: 'pets/1/toys' },
    });
    expect(await eventOf('/a/%zz')).toMatchObject({ pathParameters: { proxy: 'a/%zz' } });
  });

  it('carries a body of a binary media type as base64, and no body as null', async () => {
    const body = gzipSync('{"a":1}');
    expect(await eventOf('/', { body, headers: { 'Content-Type': 'application/gzip' } }).catch(() => 'no root')).toBe(
      'no root',
    );
    expect(await eventOf('/x', { body, headers: { 'Content-Type': 'Application/GZIP; a=b' } })).toMatchObject({
      body: body.toString('base64'),
      isBase64Encoded: true,
    });
    expect(await eventOf('/x', { body: 'png', headers: { 'Content-Type': 'image/png' } })).toMatchObject({
      body: 'cG5n',
      isBase64Encoded: true,
    });
    expect(await eventOf('/x', { body: 'text', headers: { 'Content-Type': 'text/plain' } })).toMatchObject({
      body: 'text',
      isBase64Encoded: false,
    });
    expect(await eventOf('/x', { headers: { 'Content-Type': 'image/png' } })).toMatchObject({
      body: null,
      isBase64Encoded: false,
    });
  });

  it('is the same for hostile names of headers and parameters', async () => {
    const event = await eventOf('/x?__proto__=1&constructor=2', { headers: { __proto__x: 'a' } });
    expect(Object.entries(event.queryStringParameters)).toEqual([
      ['__proto__', '1'],
      ['constructor', '2'],
    ]);
  });
});

describe("a function's answer", () => {
  it('reaches the client with status, headers and cookies', async () => {
    const { status, headers, body } = await send('/teapot');
    expect([status, headers['x-one'], headers['set-cookie'], headers['content-length'], body.length]).toEqual([
      418,
      '1',
      ['a=1', 'b=2'],
      '0',
      0,
    ]);
  });

  it('is decoded if it is base64', async () => {
    expect((await send('/binary')).body).toEqual(Buffer.from([0, 255, 128]));
  });
});

describe('the gateway itself answers as the template says', () => {
  it.each<[string, string, number, string]>([
    ['a function that throws', '/throw', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result that is no object', '/text', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result with other keys', '/keys', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result whose status is no number', '/status', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result whose body is no text', '/body', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    [
      'a body that is not the base64 it claims',
      '/undecodable',
      500,
      'sorry: API_CONFIGURATION_ERROR "Internal server error"',
    ],
    ['a header that HTTP forbids', '/header', 500, 'sorry: INTEGRATION_FAILURE "Internal server error"'],
    ['an integration that leads nowhere', '/lost', 500, 'sorry: INTEGRATION_FAILURE "Internal server error"'],
    ['an unknown route', '/pets/1?x=DELETE', 403, 'no'],
  ])('for %s', async (_, target, status, body) => {
    const answer = await send(target);
    expect([answer.status, answer.body.toString(), answer.headers['content-type']]).toEqual([
      status,
      body,
      'application/json',
    ]);
    expect(seen.at(-1)).toMatchObject({ kind: 'gateway-response', status, path: target.split('?')[0] });
  });

  it('for a function that takes longer than an integration may', async () => {
    const answer = send('/hang');
    await until(() => {
      clock.advance(29_000);
      return seen.at(-1)?.kind === 'gateway-response' && Object(seen.at(-1)).responseType === 'INTEGRATION_TIMEOUT';
    });
    expect(await answer).toMatchObject({ status: 504, body: Buffer.from('too late') });
  });

  it.each<[string, Sent]>([
    ['a body over 10 MB', { body: Buffer.alloc(10 * 1024 * 1024 + 1) }],
    ['a chunked body of 30 MB', { body: Buffer.alloc(30 * 1024 * 1024), headers: { 'Transfer-Encoding': 'chunked' } }],
    ["a body over Lambda's 6 MB", { body: Buffer.alloc(6 * 1024 * 1024, 'x') }],
    [
      'a body over 6 MB as base64 only',
      { body: Buffer.alloc(5 * 1024 * 1024), headers: { 'Content-Type': 'image/png' } },
    ],
  ])('for %s, once the sender is ready to read', async (_, sent) => {
    const { status, headers, body } = await send('/log', sent);
    expect([status, headers['x-reason'], body.toString()]).toEqual([413, 'size', '{}']);
  });

  it('takes a body just within the limits', async () => {
    expect((await send('/teapot', { body: Buffer.alloc(6 * 1024 * 1024 - 10_000, 'x') })).status).toBe(418);
  });

  it('before an upload, to a sender that asks first', async () => {
    const socket = tls.connect({ port: gateway.port, host: 'localhost', ca });
    socket.write('POST /log HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 20000000\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/\r\n\{\}$/);
    const asking = await send('/x', { body: 'small', headers: { Expect: '100-continue' } });
    expect(asking.status).toBe(200);
  });

  it('for a request beyond the throttle, until the bucket fills again', async () => {
    const throttled = [
      ...API.filter(({ name }) => name !== 'prod'),
      resource('Stage', 'prod', {
        MethodSettings: [{ HttpMethod: '*', ResourcePath: '/*', ThrottlingRateLimit: 1, ThrottlingBurstLimit: 2 }],
      }),
      response('THROTTLED', '429', 'later'),
    ];
    const narrow = await aGateway(throttled);
    const statuses = async (count: number) => {
      const all = [];
      for (let i = 0; i < count; i++) all.push((await send('/x', { port: narrow.port })).status);
      return all;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    clock.advance(1000);
    expect(await statuses(2)).toEqual([200, 429]);
    await narrow.close(0);
  });

  it("with AWS's own words where the template says nothing", async () => {
    const bare = await aGateway(API.filter(({ type }) => !type.endsWith('GatewayResponse')));
    const answer = await send('/pets/1', { port: bare.port });
    expect([answer.status, answer.body.toString()]).toEqual([403, '{"message":"Missing Authentication Token"}']);
    await bare.close(0);
  });
});

describe('the gateway', () => {
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const connect = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise((resolve, reject) => {
        const socket = tls.connect(
          {
            port: gateway.port,
            host: '127.0.0.1',
            ca,
            servername: 'localhost',
            minVersion: version,
            maxVersion: version,
            ciphers: 'DEFAULT@SECLEVEL=0',
          },
          () => {
            resolve(socket.getProtocol());
            socket.destroy();
          },
        );
        socket.once('error', reject);
      });
    expect(await Promise.all([connect('TLSv1.2'), connect('TLSv1.3')])).toEqual(['TLSv1.2', 'TLSv1.3']);
    await expect(connect('TLSv1.1')).rejects.toThrow(/version|protocol/i);
  });

  it('survives clients that speak no TLS, no HTTP, or leave in the middle', async () => {
    const half = tls.connect({ port: gateway.port, host: 'localhost', ca });
    await new Promise<void>((resolve) =>
      half.write('POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf', () => resolve()),
    );
    half.destroy();
    const nonsense = tls.connect({ port: gateway.port, host: 'localhost', ca });
    nonsense.write('nonsense\r\n\r\n');
    let reply = '';
    for await (const chunk of nonsense) reply += chunk;
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    await expect(fetch(`http://127.0.0.1:${gateway.port}/x`)).rejects.toThrow();
    expect((await send('/teapot')).status).toBe(418);
  });

  it('finishes the request in flight when it closes, and takes no other', async () => {
    const closing = await aGateway();
    const held = send('/hold', { port: closing.port });
    await until(async () => (await send('/held')).status === 200);
    const closed = closing.close(10_000);
    await send('/release');
    expect((await held).body.toString()).toBe('held');
    await closed;
    await expect(send('/x', { port: closing.port })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('cuts off what does not end in time when it closes', async () => {
    const closing = await aGateway();
    const before = seen.length;
    const hanging = send('/hang', { port: closing.port }).catch((error) => error.code);
    await send('/throw', { port: closing.port });
    await until(() => seen.length > before);
    await closing.close(0);
    expect(await hanging).toBe('ECONNRESET');
  });
});

describe('a REST API that the runner cannot serve', () => {
  it.each<[string, Resource, RegExp]>([
    [
      'an authorizer',
      method('bad', 'all', 'GET', { AuthorizationType: 'AWS_IAM' }),
      /bad \(AWS::ApiGateway::Method\): AuthorizationType/,
    ],
    ['an API key', method('bad', 'all', 'GET', { ApiKeyRequired: true }), /ApiKeyRequired/],
    ['another integration', method('bad', 'all', 'GET', { Integration: { Type: 'MOCK' } }), /bad .*only Lambda proxy/],
    [
      'a mapped header',
      response('THROTTLED', '429', '', {
        ResponseParameters: { 'gatewayresponse.header.A': 'method.request.header.A' },
      }),
      /THROTTLED .*only headers of fixed text/,
    ],
    ['a second API', resource('RestApi', 'api2', {}), /one REST API/],
    ['a throttle of one method', resource('Stage', 'x', {}), /one stage/],
  ])('is refused at start: %s', (_, bad, message) => {
    expect(() => readRestApi([...API, bad])).toThrow(message);
  });
});
