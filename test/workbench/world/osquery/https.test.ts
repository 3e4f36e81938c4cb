import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { makeCertificate } from '../../../../workbench/local-aws/machine/certificate.ts';
import {
  type AgentEvent,
  HttpsTransport,
  Random,
  RealClock,
  SimulatedAgent,
  SimulatedHost,
} from '../../../../workbench/world/index.ts';

const ANSWERS: Readonly<Record<string, object>> = {
  '/prod/v1/enroll': { node_key: 'over the wire' },
  '/prod/v1/config': {},
  '/prod/v1/log': {},
  '/prod/v1/distributed/read': { queries: { q: 'SELECT name FROM docker_containers' } },
};

let server: Server;
let ca: string;
let url: string;
let connections = 0;
let written: (request: { headers: readonly string[]; body: string }) => void = () => {};

beforeAll(async () => {
  const pems = await makeCertificate(Date.now());
  ca = pems.cert;
  server = createServer({ key: pems.key, cert: pems.cert }, (request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { pathname } = new URL(request.url ?? '/', 'https://x');
      if (pathname === '/half') {
        response.writeHead(200, { 'content-length': 100 });
        response.write('{"half":', () => request.socket.destroy());
        return;
      }
      if (pathname === '/headers') return response.setHeader('x-big', 'x'.repeat(9000)).end('{}');
      if (pathname === '/big') return response.end(Buffer.alloc(8 * 1024 * 1024 + 1, 0x20));
      if (pathname.endsWith('/write')) {
        written({ headers: request.rawHeaders, body: Buffer.concat(chunks).toString() });
      }
      response.end(JSON.stringify(ANSWERS[pathname] ?? {}));
    });
  });
  server.on('secureConnection', () => connections++);
  await new Promise<void>((resolve) => server.listen(0, resolve));
  url = `https://localhost:${(server.address() as AddressInfo).port}`;
});

afterAll(() => new Promise((resolve) => server.close(resolve)));

const exchange = (path: string, trusted = ca, to = url) =>
  new HttpsTransport(trusted).exchange(
    { url: to + path, headers: {}, body: Buffer.from('{}') },
    new AbortController().signal,
  );

describe('the HTTPS transport', () => {
  it('carries enrollment, query and answer, with a new connection for each request', async () => {
    const clock = new RealClock();
    const random = new Random('https');
    const host = new SimulatedHost({ clock, random });
    host.startContainer({ name: 'alive', image: 'x', command: ['sleep', '10'] });
    connections = 0;
    const events: AgentEvent[] = [];
    const answer = new Promise<{ headers: readonly string[]; body: string }>((resolve) => {
      written = resolve;
    });
    const on = (event: AgentEvent) => void events.push(event);
    const agent = new SimulatedAgent({ host, url: `${url}/prod`, ca, enrollSecret: 's', clock, random, on });
    agent.start();
    const { headers, body } = await answer;
    await agent.stop();
    expect(JSON.parse(body)).toMatchObject({
      queries: { q: [{ name: '/alive' }] },
      statuses: { q: 0 },
      node_key: 'over the wire',
    });
    expect(headers.filter((_, index) => index % 2 === 0)).toEqual([
      'Content-Type',
      'Accept',
      'User-Agent',
      'Authorization',
      'Host',
      'Content-Length',
    ]);
    const requests = events.filter(({ kind }) => kind === 'requested').length;
    expect(connections).toBeGreaterThanOrEqual(requests);
    expect(connections).toBeGreaterThanOrEqual(4);
  });

  it('rejects a server whose certificate is not trusted or has another name', async () => {
    const stranger = await makeCertificate(Date.now());
    await expect(exchange('/', stranger.cert)).rejects.toThrow(/certificate/);
    await expect(exchange('/', ca, url.replace('localhost', '[::ffff:127.0.0.1]'))).rejects.toThrow(
      /does not match certificate/,
    );
  });

  it.each([
    ['/half', /aborted|partial|hang up/],
    ['/headers', /Header overflow/],
    ['/big', /body limit/],
  ])('fails on %s', async (path, message) => {
    await expect(exchange(path)).rejects.toThrow(message);
  });

  it('ends at once when its signal aborts', async () => {
    const stop = new AbortController();
    const request = { url: `${url}/prod/v1/config`, headers: {}, body: Buffer.from('{}') };
    const pending = new HttpsTransport(ca).exchange(request, stop.signal);
    stop.abort();
    await expect(pending).rejects.toThrow(/abort/);
  });
});
