import { createHash, createHmac, type Hash, type Hmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { SignatureV4 } from '@smithy/signature-v4';
import { AwsError } from '../protocol/aws-error.ts';

/** Proves to the loopback endpoints that a caller belongs to this run. Has the shape of AWS's access keys. */
export interface RunCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** Constant, because DynamoDB Local (where it is used) keeps separate tables for each access key id. */
const ACCESS_KEY_ID = 'local';

/** Makes new credentials for one run. */
export const newCredentials = (): RunCredentials => ({
  accessKeyId: ACCESS_KEY_ID,
  secretAccessKey: randomBytes(32).toString('base64url'),
});

/** The credentials of one function of the run. They identify it, so that its own permissions apply. */
export const credentialsOf = (run: RunCredentials, functionName: string): RunCredentials => ({
  accessKeyId: `${ACCESS_KEY_ID}.${functionName}`,
  secretAccessKey: createHmac('sha256', run.secretAccessKey).update(functionName).digest('base64url'),
});

/** AWS's limit on the age of a signature. */
const MAX_AGE_MS = 5 * 60_000;

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=([^/,]+)\/(\d{8})\/([^/,]+)\/([^/,]+)\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/;

interface Claim {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
  readonly signedHeaders: ReadonlySet<string>;
  readonly signature: string;
  readonly signedAt: Date;
}

/**
 * Reads a request's signature headers. This is cheap, and enough to reject a stranger before the body is read.
 *
 * @param isKnown whether an access key belongs to this run
 * @throws {AwsError} with status 403
 */
export function readClaim({ headers }: IncomingMessage, isKnown: (id: string) => boolean, nowMs: number): Claim {
  const parts = AUTHORIZATION.exec(headers.authorization ?? '');
  if (!parts) throw refused('MissingAuthenticationTokenException', 'the request is not signed');
  const [, accessKeyId = '', , region = '', service = '', signed = '', signature = ''] = parts;
  if (!isKnown(accessKeyId)) throw refused('UnrecognizedClientException', 'the access key is not known here');
  const [, date, time] = /^(\d{8})T(\d{6})Z$/.exec(String(headers['x-amz-date'])) ?? [];
  const iso = `${date?.replace(/(....)(..)(..)/, '$1-$2-$3')}T${time?.replace(/(..)(..)(..)/, '$1:$2:$3')}Z`;
  const signedAt = new Date(iso);
  if (!(Math.abs(nowMs - signedAt.getTime()) <= MAX_AGE_MS))
    throw refused('InvalidSignatureException', 'the signature is too old, or lies in the future');
  return { accessKeyId, region, service, signedHeaders: new Set(signed.split(';')), signature, signedAt };
}

/**
 * Checks the signature of a request: it must cover the host and the body.
 *
 * @throws {AwsError} with status 403
 * @see IAM User Guide, "Create a signed AWS API request"
 */
export async function checkSignature(
  request: IncomingMessage,
  body: Buffer,
  claim: Claim,
  credentials: RunCredentials,
): Promise<void> {
  const { signedHeaders, signedAt: signingDate, region, service } = claim;
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://127.0.0.1');
  const pairs = Object.entries(request.headers).filter(([name]) => signedHeaders.has(name) && name !== BODY_HASH);
  const again = await signerOf(credentials, { region, service, hashHeader: signedHeaders.has(BODY_HASH) }).sign(
    {
      method: request.method ?? 'GET',
      protocol: 'http:',
      hostname: '127.0.0.1',
      path: pathname,
      query: Object.fromEntries(searchParams),
      headers: Object.fromEntries(pairs.map(([name, value]) => [name, String(value)])),
      body,
    },
    { signingDate, signableHeaders: new Set(signedHeaders) },
  );
  const [, expected = ''] = /Signature=([0-9a-f]{64})$/.exec(again.headers.authorization ?? '') ?? [];
  const isRight = expected !== '' && timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature));
  if (!isRight || !signedHeaders.has('host'))
    throw refused('InvalidSignatureException', 'the signature does not match: is the credential of an earlier run?');
}

/** Returns the headers that sign a POST of `body` to `url`. */
export async function signedHeaders(url: URL, body: string, credentials: RunCredentials) {
  const { host, hostname, pathname: path, protocol } = url;
  const signer = signerOf(credentials, { region: 'us-east-1', service: 'events', hashHeader: true });
  return (await signer.sign({ method: 'POST', protocol, hostname, path, headers: { host }, body })).headers;
}

/** Carries the hash of the body. Clients may send this header; if they do, it is signed. */
const BODY_HASH = 'x-amz-content-sha256';

function signerOf(
  credentials: RunCredentials,
  { region, service, hashHeader }: { region: string; service: string; hashHeader: boolean },
): SignatureV4 {
  return new SignatureV4({ credentials, region, service, sha256: Sha256, applyChecksum: hashHeader });
}

/** Node's SHA-256 with the interface that the signer expects. */
class Sha256 {
  private hash: Hash | Hmac;
  constructor(private readonly secret?: string | ArrayBuffer | ArrayBufferView) {
    this.hash = this.begin();
  }
  update(bytes: Uint8Array): void {
    this.hash.update(bytes);
  }
  async digest(): Promise<Uint8Array> {
    return this.hash.digest();
  }
  reset(): void {
    this.hash = this.begin();
  }
  private begin(): Hash | Hmac {
    const { secret } = this;
    if (secret === undefined) return createHash('sha256');
    if (typeof secret === 'string') return createHmac('sha256', secret);
    return createHmac(
      'sha256',
      ArrayBuffer.isView(secret)
        ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
        : Buffer.from(secret),
    );
  }
}

const refused = (code: string, message: string) => new AwsError(code, message, 403);
