import https from 'node:https';
import tls from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { LocalFunction } from '../../../../workbench/local-aws/functions/functions.ts';
import { until } from '../support.ts';
import { GatewayHarness } from './gateway-harness.ts';

let harness: GatewayHarness;
beforeAll(async () => {
  harness = await GatewayHarness.start();
});
afterAll(() => harness.close());

describe('the gateway', () => {
  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const connect = (version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3') =>
      new Promise((resolve, reject) => {
        const socket = tls.connect(
          {
            port: harness.port,
            host: '127.0.0.1',
            ca: harness.ca,
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

  it('survives clients that speak no TLS or no HTTP, or disconnect midway', async () => {
    const half = tls.connect({ port: harness.port, host: 'localhost', ca: harness.ca });
    await new Promise<void>((resolve) =>
      half.write('POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nhalf', () => resolve()),
    );
    half.destroy();
    const nonsense = tls.connect({ port: harness.port, host: 'localhost', ca: harness.ca });
    nonsense.write('nonsense\r\n\r\n');
    let reply = '';
    for await (const chunk of nonsense) reply += chunk;
    expect(reply).toMatch(/^HTTP\/1\.1 400 /);
    await expect(fetch(`http://127.0.0.1:${harness.port}/x`)).rejects.toThrow();
    expect((await harness.send('/teapot')).status).toBe(418);
  });

  it('finishes the request in flight when it closes, and accepts no other', async () => {
    const closing = await harness.aGateway();
    const held = harness.send('/hold', { port: closing.port });
    await until(async () => (await harness.send('/held')).status === 200);
    const closed = closing.close(10_000);
    await harness.send('/release');
    expect((await held).body.toString()).toBe('held');
    await closed;
    await expect(harness.send('/x', { port: closing.port })).rejects.toThrow(/ECONNREFUSED/);
  });

  it('signals to a function that the client of a request has disconnected', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const invoke: LocalFunction['invoke'] = (_, gone) => {
      signals.push(gone);
      return new Promise(() => undefined);
    };
    const other = await harness.aGateway(undefined, { invoke });
    const request = https.request({ port: other.port, ca: harness.ca, path: '/x', method: 'POST' });
    request.on('error', () => undefined).end();
    await until(() => signals.length === 1);
    expect(signals[0]?.aborted).toBe(false);
    request.destroy();
    await until(() => signals[0]?.aborted);
    await other.close(0);
  });

  it('cuts off requests that do not end in time when it closes', async () => {
    const closing = await harness.aGateway();
    const before = harness.seen.length;
    const hanging = harness.send('/hang', { port: closing.port }).catch((error) => error.code);
    await harness.send('/throw', { port: closing.port });
    await until(() => harness.seen.length > before);
    await closing.close(0);
    expect(await hanging).toBe('ECONNRESET');
  });
});
