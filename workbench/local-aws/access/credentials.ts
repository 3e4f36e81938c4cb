import { createHmac, hash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
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
  readonly signedAt: string; // 20261122T120000Z
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
  const signedAt = String(headers['x-amz-date']);
  const iso = signedAt.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
  if (!(Math.abs(nowMs - Date.parse(iso)) <= MAX_AGE_MS))
    throw refused('InvalidSignatureException', 'the signature is too old, or lies in the future');
  return { accessKeyId, region, service, signedHeaders: new Set(signed.split(';')), signature, signedAt };
}

/**
 * Checks the signature of a request: it must cover the host and the body.
 *
 * @throws {AwsError} with status 403
 */
export function checkSignature(
  { method, url, headers }: IncomingMessage,
  body: Buffer,
  claim: Claim,
  { secretAccessKey }: RunCredentials,
): void {
  const signed = [...claim.signedHeaders].sort().map((name) => [name, String(headers[name])] as const);
  const expected = signatureOf({ ...claim, method, path: url, headers: signed, body }, secretAccessKey);
  const isRight = timingSafeEqual(Buffer.from(expected), Buffer.from(claim.signature));
  if (!isRight || !claim.signedHeaders.has('host'))
    throw refused('InvalidSignatureException', 'the signature does not match: is the credential of an earlier run?');
}

/** Returns the headers that sign a POST of `body` to `url`. */
export function signedHeaders({ host, pathname: path }: URL, body: string, credentials: RunCredentials) {
  const signedAt = new Date().toISOString().replace(/[-:]|\.\d+/g, '');
  const claim = { region: 'us-east-1', service: 'events', signedAt };
  const headers = { host, 'x-amz-date': signedAt };
  const signed = { ...claim, method: 'POST', path, headers: Object.entries(headers), body };
  const signature = signatureOf(signed, credentials.secretAccessKey);
  const credential = [credentials.accessKeyId, ...scopeOf(claim)].join('/');
  const names = Object.keys(headers).join(';');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credential}, SignedHeaders=${names}, Signature=${signature}`,
  };
}

/** Carries the hash of the body. Clients may send this header; if they do, it is signed. */
const BODY_HASH = 'x-amz-content-sha256';

interface Signed extends Pick<Claim, 'region' | 'service' | 'signedAt'> {
  readonly method: string | undefined;
  /** As it is sent. The services here have no path that needs escapes, and no query. */
  readonly path: string | undefined;
  /** Names and values of the signed headers, sorted by name. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer | string;
}

/**
 * Version 4 of AWS's signatures, in hexadecimal. Each call of a service has one, and the SDK's signer takes five times as long.
 *
 * @see IAM User Guide, "Create a signed AWS API request"
 */
function signatureOf(request: Signed, secretAccessKey: string): string {
  const { method, path, headers, body, signedAt } = request;
  const bodyHash = sha256(body);
  const lines = headers.map(([name, text]) => `${name}:${name === BODY_HASH ? bodyHash : trimmed(text)}\n`).join('');
  const names = headers.map(([name]) => name).join(';');
  const canonical = [method, path, '', lines, names, bodyHash].join('\n');
  const scope = scopeOf(request);
  const key = signingKey(secretAccessKey, scope);
  return hmac(key, ['AWS4-HMAC-SHA256', signedAt, scope.join('/'), sha256(canonical)].join('\n')).digest('hex');
}

/** The keys of this day, of the callers of a run. */
const signingKeys = new Map<string, Buffer | string>();
const MAX_KEYS = 100;

/** A day's key for one service, which takes more than the rest of a signature. */
function signingKey(secretAccessKey: string, scope: readonly string[]): Buffer | string {
  const name = [secretAccessKey, ...scope].join(' ');
  const known = signingKeys.get(name);
  if (known) return known;
  const key = scope.reduce<Buffer | string>((secret, part) => hmac(secret, part).digest(), `AWS4${secretAccessKey}`);
  if (signingKeys.size === MAX_KEYS) signingKeys.clear();
  signingKeys.set(name, key);
  return key;
}

const scopeOf = ({ signedAt, region, service }: Pick<Claim, 'region' | 'service' | 'signedAt'>) =>
  [signedAt.slice(0, 8), region, service, 'aws4_request'] as const;
const trimmed = (text: string): string => text.replace(/\s+/g, ' ').trim();
const sha256 = (text: Buffer | string): string => hash('sha256', text);
const hmac = (key: Buffer | string, text: string) => createHmac('sha256', key).update(text);

const refused = (code: string, message: string) => new AwsError(code, message, 403);
