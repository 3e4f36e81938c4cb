import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { GatewayHarness, type Sent } from './gateway-harness.ts';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await GatewayHarness.start();
});
afterAll(() => harness.close());

const eventOf = async (target: string, sent?: Sent) => JSON.parse((await harness.send(target, sent)).body.toString());

describe('the event that a function gets from the gateway', () => {
  it('has the format of payload 1.0', async () => {
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
        requestTimeEpoch: harness.clock.now(),
        resourceId: 'all',
        resourcePath: '/{proxy+}',
        stage: 'prod',
      },
      body: '{"a":1}',
      isBase64Encoded: false,
    });
  });

  it('has the same path with and without the prefix of the stage', async () => {
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

  it('contains a body of a binary media type as base64, and null without a body', async () => {
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
