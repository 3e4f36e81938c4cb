import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { SignatureV4 } from '@smithy/signature-v4';
import { type JsonService, SignedCalls } from '../../../../lib/aws/calls/signed-calls.ts';
import type { ReadSecret } from '../../../../lib/aws/secrets/secrets.ts';
import { secretsWithoutSdk } from '../../../../lib/aws/secrets/secrets-without-sdk.ts';

const DYNAMODB: JsonService = {
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
};
const ENV = {
  AWS_REGION: 'eu-west-1',
  AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
  AWS_SECRET_ACCESS_KEY: 's',
  AWS_SESSION_TOKEN: 'token',
};

interface Received {
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

let server: Server;
let received: Received[];
let answer: (response: ServerResponse, request: IncomingMessage) => void;
let sockets: number;
let calls: SignedCalls;
let endpoint: string;
beforeEach(async () => {
  [received, sockets] = [[], 0];
  answer = (response) => response.end('{"Count":0}');
  server = createServer(async (request, response) => {
    received.push({ headers: request.headers, body: await text(request) });
    answer(response, request);
  }).on('connection', () => {
    sockets += 1;
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  calls = new SignedCalls(DYNAMODB, { ...ENV, AWS_ENDPOINT_URL_DYNAMODB: endpoint });
});
afterEach(async () => {
  calls.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const refuse = (type: string, message: string) => (response: ServerResponse) => {
  response.statusCode = 400;
  response.end(JSON.stringify({ __type: `com.amazonaws.dynamodb.v20120810#${type}`, message }));
};

/** The header by which AWS's signer signs a whole request: it brings it into canonical form itself. */
async function signatureOf({ headers, body }: Received = { headers: {}, body: '' }, sessionToken?: string) {
  const date = String(headers['x-amz-date']);
  const signed = ['content-type', 'host', 'x-amz-target'].map((name) => [name, String(headers[name])]);
  const signer = new SignatureV4({
    service: 'dynamodb',
    region: ENV.AWS_REGION,
    credentials: { accessKeyId: ENV.AWS_ACCESS_KEY_ID, secretAccessKey: ENV.AWS_SECRET_ACCESS_KEY, sessionToken },
    sha256: Sha256,
    applyChecksum: false,
  });
  const request = { method: 'POST', protocol: 'http:', hostname: '127.0.0.1', path: '/', query: {}, body };
  const signingDate = new Date(date.replace(/(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
  return (await signer.sign({ ...request, headers: Object.fromEntries(signed) }, { signingDate })).headers
    .authorization;
}

/** SHA-256, or HMAC-SHA256 with a key. */
class Sha256 {
  readonly #hash: ReturnType<typeof createHash> | ReturnType<typeof createHmac>;

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#hash = key === undefined ? createHash('sha256') : createHmac('sha256', viewOf(key));
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#hash.update(viewOf(data));
  }

  async digest(): Promise<Uint8Array> {
    return this.#hash.digest();
  }
}

const viewOf = (data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array =>
  typeof data === 'string'
    ? data
    : ArrayBuffer.isView(data)
      ? Buffer.from(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data);

describe('a signed call', () => {
  it('names its operation, and is signed for service and Region with the session token', async () => {
    expect(await calls.call('Query', { TableName: 't' })).toEqual({ Count: 0 });
    const [{ headers, body } = { headers: {}, body: '' }] = received;
    expect(body).toBe('{"TableName":"t"}');
    expect(headers).toMatchObject({
      host: endpoint.slice('http://'.length),
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': 'DynamoDB_20120810.Query',
      'x-amz-security-token': 'token',
    });
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/dynamodb\/aws4_request, SignedHeaders=content-type;host;x-amz-date;x-amz-security-token;x-amz-target, Signature=[0-9a-f]{64}$/,
    );
  });

  it.each([
    ['a session', 'token'],
    ['a user', undefined],
  ])('has the signature that AWS’s signer gives the whole request, with the credentials of %s', async (_, token) => {
    const env = { ...ENV, AWS_SESSION_TOKEN: token, AWS_ENDPOINT_URL_DYNAMODB: endpoint };
    const mine = new SignedCalls(DYNAMODB, env);
    await mine.call('Query', { TableName: 'web-ü' });
    mine.close();
    expect(received[0]?.headers.authorization).toBe(await signatureOf(received[0], token));
  });

  it('keeps its connection open', async () => {
    for (let i = 0; i < 3; i++) await calls.call('Query', {});
    expect(sockets).toBe(1);
  });

  it('is sent again if the kept connection was closed meanwhile', async () => {
    await calls.call('Query', {});
    answer = (_, request) => {
      answer = (response) => response.end('{"again":true}');
      request.socket.resetAndDestroy();
    };
    expect(await calls.call('Query', {})).toEqual({ again: true });
    expect(sockets).toBe(2);
  });

  it('is not sent again on a new connection', async () => {
    answer = (_, request) => request.socket.resetAndDestroy();
    await expect(calls.call('Query', {})).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(received).toHaveLength(1);
  });

  it("throws the service's error by its name", async () => {
    answer = refuse('ProvisionedThroughputExceededException', 'Rate exceeded');
    await expect(calls.call('Query', {})).rejects.toMatchObject({
      name: 'ProvisionedThroughputExceededException',
      message: 'Rate exceeded',
    });
  });

  it('throws if the answer is not JSON', async () => {
    answer = (response) => response.end('<html>');
    await expect(calls.call('Query', {})).rejects.toThrow(SyntaxError);
  });
});

describe('a secret without the SDK', () => {
  const read = (orElse: ReadSecret): ReadSecret =>
    secretsWithoutSdk({ ...ENV, AWS_ENDPOINT_URL_SECRETS_MANAGER: endpoint }, orElse);
  const never: ReadSecret = () => Promise.reject(new Error('not needed'));

  it('is read by its stage', async () => {
    answer = (response) => response.end('{"SecretString":"first"}');
    expect(await read(never)('arn:x', 'AWSCURRENT')).toBe('first');
    expect(JSON.parse(received[0]?.body ?? '')).toEqual({ SecretId: 'arn:x', VersionStage: 'AWSCURRENT' });
    expect(received[0]?.headers['x-amz-target']).toBe('secretsmanager.GetSecretValue');
  });

  it('has no previous value before its first rotation', async () => {
    answer = refuse('ResourceNotFoundException', 'no such version');
    expect(await read(never)('arn:x', 'AWSPREVIOUS')).toBeUndefined();
  });

  it('is read with the SDK after any other error', async () => {
    answer = refuse('ResourceNotFoundException', 'no such secret');
    expect(await read(async (arn, stage) => `${arn} ${stage}`)('arn:x', 'AWSCURRENT')).toBe('arn:x AWSCURRENT');
    answer = refuse('InternalServiceError', 'try again');
    expect(await read(async () => 'from the SDK')('arn:x', 'AWSPREVIOUS')).toBe('from the SDK');
  });
});
