import { readFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { LocalFunction } from '../../../../workbench/local-aws/functions/functions.ts';
import { type Gateway, startGateway } from '../../../../workbench/local-aws/gateway/gateway.ts';
import { readRestApi } from '../../../../workbench/local-aws/gateway/gateway-api.ts';
import { localCertificate } from '../../../../workbench/local-aws/machine/certificate.ts';
import type { LocalNotice } from '../../../../workbench/local-aws/machine/notice.ts';
import type { Resource } from '../../../../workbench/local-aws/template/template.ts';
import { aFolder } from '../../../support/folder.ts';
import { aBundle, VirtualClock } from '../support.ts';
import { API } from './gateway-resources.ts';

const CODE = `
  const { existsSync, writeFileSync } = require('node:fs');
  const [held, release] = ['/held', '/release'].map((name) => process.env.FOLDER + name); // environments share files alone
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
    '/hold': async () => {
      writeFileSync(held, '');
      while (!existsSync(release)) await new Promise(setImmediate);
      return { statusCode: 200, body: 'held' };
    },
    '/held': () => ({ statusCode: existsSync(held) ? 200 : 404 }),
    '/release': () => { writeFileSync(release, ''); return { statusCode: 200 }; },
  };
  exports.handler = async (event) => (answers[event.path] ?? answers['/echo'])(event);
`;

export interface Sent {
  method?: string;
  headers?: Record<string, string | string[]>;
  body?: Buffer | string;
  port?: number;
}
export interface Answer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/** A gateway in front of a function whose behaviour the path selects. The caller must close it. */
export class GatewayHarness {
  readonly clock = new VirtualClock();
  /** The notices of the gateways. */
  readonly seen: LocalNotice[] = [];

  private constructor(
    private readonly folder: string,
    private readonly fn: LocalFunction,
  ) {}

  private started: Gateway | undefined;

  static async start(): Promise<GatewayHarness> {
    const folder = aFolder();
    const config = {
      name: 'fn',
      arn: 'arn:fn',
      folder: aBundle(CODE),
      handler: 'index.handler',
      environment: { FOLDER: folder },
      timeoutSeconds: 100,
      memoryMb: 128,
      concurrency: 8,
      logFile: path.join(folder, 'log'),
    };
    const harness = new GatewayHarness(folder, new LocalFunction(config, () => undefined));
    harness.started = await harness.aGateway();
    return harness;
  }

  get port(): number {
    return this.started?.port ?? 0;
  }

  /** The certificate that clients must trust, as PEM. */
  get ca(): string {
    return readFileSync(path.join(this.folder, 'certificate.pem'), 'utf8');
  }

  /** Another gateway, in front of the same function unless another one is given. */
  async aGateway(resources: readonly Resource[] = API, fn: Pick<LocalFunction, 'invoke'> = this.fn): Promise<Gateway> {
    return startGateway({
      api: readRestApi(resources),
      functions: new Map([['arn:fn', fn]]),
      certificate: await localCertificate(this.folder, Date.now()),
      port: 0,
      account: '111122223333',
      clock: this.clock,
      notify: (notice) => this.seen.push(notice),
    });
  }

  /** Sends one request on a new connection, and checks the certificate. */
  send(target: string, { method = 'POST', headers = {}, body = '', port = this.port }: Sent = {}): Promise<Answer> {
    const { ca } = this;
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

  async close(): Promise<void> {
    await this.started?.close(0);
    await this.fn.close();
  }
}
