import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { Invocation } from '../../../../workbench/local-aws/functions/invocation.ts';
import { until } from '../support.ts';
import { GatewayHarness, type Sent } from './gateway-harness.ts';
import { API, resource, response } from './gateway-resources.ts';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await GatewayHarness.start();
});
afterAll(() => harness.close());

describe("a function's answer", () => {
  it('reaches the client with status, headers and cookies', async () => {
    const { status, headers, body } = await harness.send('/teapot');
    expect([status, headers['x-one'], headers['set-cookie'], headers['content-length'], body.length]).toEqual([
      418,
      '1',
      ['a=1', 'b=2'],
      '0',
      0,
    ]);
  });

  it('is decoded if it is base64', async () => {
    expect((await harness.send('/binary')).body).toEqual(Buffer.from([0, 255, 128]));
  });
});

describe('the gateway itself answers as the template defines', () => {
  it.each<[string, string, number, string]>([
    ['a function that throws', '/throw', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result that is not an object', '/text', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result with other keys', '/keys', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result whose status is not a number', '/status', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    ['a result whose body is not a text', '/body', 500, 'sorry: DEFAULT_5XX "Internal server error"'],
    [
      'a body that is not the base64 it claims',
      '/undecodable',
      500,
      'sorry: API_CONFIGURATION_ERROR "Internal server error"',
    ],
    ['a header that HTTP forbids', '/header', 500, 'sorry: INTEGRATION_FAILURE "Internal server error"'],
    ['an integration without a function', '/lost', 500, 'sorry: INTEGRATION_FAILURE "Internal server error"'],
    ['an unknown route', '/pets/1?x=DELETE', 403, 'no'],
  ])('for %s', async (_, target, status, body) => {
    const answer = await harness.send(target);
    expect([answer.status, answer.body.toString(), answer.headers['content-type']]).toEqual([
      status,
      body,
      'application/json',
    ]);
    expect(harness.seen.at(-1)).toMatchObject({ kind: 'gateway-response', status, path: target.split('?')[0] });
  });

  it('for a function that takes longer than an integration may', async () => {
    const answer = harness.send('/hang');
    await until(() => {
      harness.clock.advance(29_000);
      return (
        harness.seen.at(-1)?.kind === 'gateway-response' &&
        Object(harness.seen.at(-1)).responseType === 'INTEGRATION_TIMEOUT'
      );
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
  ])('for %s, when the sender is ready to read', async (_, sent) => {
    const { status, headers, body } = await harness.send('/log', sent);
    expect([status, headers['x-reason'], body.toString()]).toEqual([413, 'size', '{}']);
  });

  it('accepts a body just within the limits', async () => {
    expect((await harness.send('/teapot', { body: Buffer.alloc(6 * 1024 * 1024 - 10_000, 'x') })).status).toBe(418);
  });

  it('before an upload, if the sender asks first', async () => {
    const socket = tls.connect({ port: harness.port, host: 'localhost', ca: harness.ca });
    socket.write('POST /log HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\nContent-Length: 20000000\r\n\r\n');
    let text = '';
    for await (const chunk of socket) text += chunk;
    expect(text).toMatch(/^HTTP\/1\.1 413 /);
    expect(text).toMatch(/\r\n\{\}$/);
    const asking = await harness.send('/x', { body: 'small', headers: { Expect: '100-continue' } });
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
    const narrow = await harness.aGateway(throttled);
    const statuses = async (count: number) => {
      const all = [];
      for (let i = 0; i < count; i++) all.push((await harness.send('/x', { port: narrow.port })).status);
      return all;
    };
    expect(await statuses(3)).toEqual([200, 200, 429]);
    harness.clock.advance(1000);
    expect(await statuses(2)).toEqual([200, 429]);
    await narrow.close(0);
  });

  it('for a request for which no environment is free', async () => {
    const full: Invocation = { ok: false, errorType: 'TooManyRequestsException', message: 'Rate Exceeded.' };
    const busy = await harness.aGateway([...API, response('THROTTLED', '429', 'later')], { invoke: async () => full });
    const answer = await harness.send('/x', { port: busy.port });
    expect([answer.status, answer.body.toString()]).toEqual([429, 'later']);
    await busy.close(0);
  });

  it("with AWS's own text if the template defines none", async () => {
    const bare = await harness.aGateway(API.filter(({ type }) => !type.endsWith('GatewayResponse')));
    const answer = await harness.send('/pets/1', { port: bare.port });
    expect([answer.status, answer.body.toString()]).toEqual([403, '{"message":"Missing Authentication Token"}']);
    await bare.close(0);
  });
});
