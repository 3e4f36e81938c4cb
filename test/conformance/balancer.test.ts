import { once } from 'node:events';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { Template as Assertions } from 'aws-cdk-lib/assertions';
import { KEEP_ALIVE_MS } from '../../lib/service/limits.ts';
import { makeCertificate } from '../../workbench/local-aws/machine/certificate.ts';
import { aServiceStack } from '../lib/stack/front/service-stack.ts';
import { resourcesOf, type Template, theOnly } from '../lib/stack/template.ts';
import { type HttpAnswer, send } from '../support/https.ts';
import { aServiceServer } from '../support/service-server.ts';
import type { TlsHarness } from '../support/tls-server.ts';
import { anEnrolled, heard, WireAgent } from '../support/wire-agent.ts';

/** What an Application Load Balancer says itself, by the codes of its user guide ("Troubleshoot your Application Load Balancers"). */
const ERRORS = [
  ['400', 'Bad Request'],
  ['403', 'Forbidden'],
  ['408', 'Request Time-out'],
  ['413', 'Request Entity Too Large'],
  ['414', 'Request-URI Too Large'],
  ['463', ''],
  ['464', ''],
  ['500', 'Internal Server Error'],
  ['501', 'Not Implemented'],
  ['502', 'Bad Gateway'],
  ['503', 'Service Temporarily Unavailable'],
  ['504', 'Gateway Time-out'],
] as const;
const page = (title: string): string =>
  `<html>\r\n<head><title>${title}</title></head>\r\n<body>\r\n<center><h1>${title}</h1></center>\r\n</body>\r\n</html>\r\n`;

const ENDPOINTS = ['/enroll', '/config', '/log', '/distributed/read', '/distributed/write', '/carve/continue'];

type Certificate = Awaited<ReturnType<typeof makeCertificate>>;

/** A load balancer that either passes requests on, or answers with an error of its own. */
class Balancer {
  error: { readonly status: number; readonly body: string } | undefined;
  readonly #target: TlsHarness;
  readonly #certificate: Certificate;
  readonly #server: Server;

  constructor(target: TlsHarness, certificate: Certificate) {
    this.#target = target;
    this.#certificate = certificate;
    this.#server = createServer({ key: certificate.key, cert: certificate.cert }, async (request, response) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { status, body } = this.error ?? (await this.#passOn(request.url ?? '', Buffer.concat(chunks)));
      response.writeHead(status, { 'Content-Type': this.error ? 'text/html' : 'application/json' }).end(body);
    });
  }

  async start(): Promise<void> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
  }

  readonly post = (path: string, body: unknown): Promise<HttpAnswer> => {
    const { port } = this.#server.address() as AddressInfo;
    return send(`https://localhost:${port}${path}`, this.#certificate.cert, Buffer.from(JSON.stringify(body)));
  };

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #passOn(path: string, body: Buffer): Promise<{ status: number; body: Buffer }> {
    const { status, bytes } = await this.#target.post(path, JSON.parse(body.toString()));
    return { status, body: bytes };
  }
}

describe('the load balancer of the long-poll front', () => {
  let certificate: Certificate;
  let server: TlsHarness;
  let balancer: Balancer;
  beforeAll(async () => {
    certificate = await makeCertificate(Date.now());
    server = await aServiceServer();
  });
  afterAll(() => server.close());
  beforeEach(async () => {
    balancer = new Balancer(server, certificate);
    await balancer.start();
  });
  afterEach(() => balancer.close());

  it.each(ERRORS)('check 9: no agent loses data or its key by its own %s', async (status, reason) => {
    balancer.error = { status: Number(status), body: page(`${status} ${reason}`.trim()) };
    for (const path of ENDPOINTS) {
      const answer = await balancer.post(path, { node_key: 'mf1.x', data: [{}], queries: {} });
      expect(() => JSON.parse(answer.text)).toThrow();
      expect(heard(answer).verdict).toBe('fail');
    }
  });

  it('check 9: answers that met no healthy task are sent again, and stored once', async () => {
    const behind = { ...server, post: balancer.post };
    const agent = await anEnrolled(behind, 'i-0abc');
    const before = (await server.lines('results')).length;
    balancer.error = { status: 503, body: page('503 Service Temporarily Unavailable') };
    expect((await agent.write({ x: [{ a: '1' }] })).verdict).toBe('fail');
    expect((await agent.config()).verdict).toBe('fail');
    balancer.error = undefined;
    expect((await agent.write({ x: [{ a: '1' }] })).verdict).toBe('ok');
    expect(await server.lines('results')).toHaveLength(before + 1);
  });

  it('check 9: an enrollment that met no healthy task is repeated', async () => {
    const agent = new WireAgent({ ...server, post: balancer.post }, 'i-0def');
    balancer.error = { status: 502, body: page('502 Bad Gateway') };
    expect((await agent.enroll()).verdict).toBe('fail');
    balancer.error = undefined;
    expect((await agent.enroll()).verdict).toBe('ok');
  });
});

describe('the template of the load balancer', () => {
  let template: Template;
  beforeAll(() => {
    template = Assertions.fromStack(aServiceStack().stack).toJSON() as Template;
  });

  it('answers nothing itself: every request goes to the tasks', () => {
    const { DefaultActions } = theOnly<{ DefaultActions: { Type: string }[] }>(
      template,
      'AWS::ElasticLoadBalancingV2::Listener',
    );
    expect(DefaultActions.map(({ Type }) => Type)).toEqual(['forward']);
    expect(resourcesOf(template, 'AWS::ElasticLoadBalancingV2::ListenerRule')).toEqual([]);
  });

  it('closes idle connections to the tasks before they do, and later than a hold ends', () => {
    const { LoadBalancerAttributes } = theOnly<{ LoadBalancerAttributes: { Key: string; Value: string }[] }>(
      template,
      'AWS::ElasticLoadBalancingV2::LoadBalancer',
    );
    const named = LoadBalancerAttributes.find(({ Key }) => Key === 'idle_timeout.timeout_seconds');
    const idleMs = Number(named?.Value ?? 60) * 1_000; // 60 s is its default
    expect(idleMs).toBeLessThan(KEEP_ALIVE_MS);
    expect(idleMs).toBeGreaterThan(16_000);
  });
});
