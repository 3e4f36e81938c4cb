import { createHmac, hash } from 'node:crypto';
import { createScope, SignatureV4 } from '@smithy/signature-v4';
import { KeptConnections } from './kept-connections.ts';

const TIMEOUT_MS = 3_000; // agents give up after 16 s, and the SDK tries again after this
const ALGORITHM = 'AWS4-HMAC-SHA256';

/** A service whose operations take and return JSON, as DynamoDB and Secrets Manager do. */
export interface JsonService {
  /** As in the host name and in signatures. @example 'dynamodb' */
  readonly name: string;
  /** Names an operation together with its version. @example 'DynamoDB_20120810' */
  readonly target: string;
  /** @example 'application/x-amz-json-1.0' */
  readonly contentType: string;
}

/** An error in a service's reply. */
export class ServiceError extends Error {
  /** @param name as in the SDK. @example 'ResourceNotFoundException' */
  constructor(
    override readonly name: string,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Calls operations of one service over connections that stay open, signed by AWS's own signer. It takes less CPU than the SDK
 * and starts faster (docs/decisions/0033-idle-polls-without-the-sdk.md). A call is tried once; after an error the caller uses
 * the SDK, which retries.
 */
export class SignedCalls {
  readonly #service: JsonService;
  readonly #region: string;
  readonly #credentials: { readonly accessKeyId: string; readonly secretAccessKey: string; sessionToken?: string };
  readonly #url: URL;
  readonly #signer: SignatureV4;
  readonly #connections: KeptConnections;

  /**
   * @param env credentials, Region and endpoints by the names that Lambda and the SDK give them, and `URL_SUFFIX`, the end of
   *   the partition's host names. A function's credentials do not change while it lives.
   */
  constructor(service: JsonService, env: NodeJS.ProcessEnv) {
    this.#service = service;
    this.#region = env.AWS_REGION ?? '';
    this.#credentials = {
      accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
      secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
      sessionToken: env.AWS_SESSION_TOKEN,
    };
    this.#url = new URL(endpointOf(service, this.#region, env));
    this.#connections = new KeptConnections(this.#url, TIMEOUT_MS);
    this.#signer = new SignatureV4({
      service: service.name,
      region: this.#region,
      credentials: this.#credentials,
      sha256: Hmac,
    });
  }

  /**
   * @returns the operation's output as JSON
   * @throws {ServiceError} when the service refuses; other errors when it cannot be reached in time
   */
  async call(operation: string, input: object): Promise<unknown> {
    const body = JSON.stringify(input);
    const { status, text } = await this.#connections.post(await this.#signed(operation, body), body);
    const output: unknown = JSON.parse(text);
    if (status === 200) return output;
    throw errorOf(output, status);
  }

  /**
   * The headers of a call, with its signature. AWS's signer derives the key and signs. It could also write the canonical form of
   * any request, but the form of these calls never changes, so writing it here saves half of the signer's CPU.
   *
   * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
   */
  async #signed(operation: string, body: string): Promise<Readonly<Record<string, string>>> {
    const { accessKeyId, sessionToken } = this.#credentials;
    const signingDate = new Date();
    const date = `${signingDate.toISOString().slice(0, 19).replaceAll(/[-:]/g, '')}Z`;
    const scope = createScope(date.slice(0, 8), this.#region, this.#service.name);
    // In the order of their names, as they are signed.
    const headers: Record<string, string> = {
      'content-type': this.#service.contentType,
      host: this.#url.host,
      'x-amz-date': date,
    };
    if (sessionToken) headers['x-amz-security-token'] = sessionToken;
    headers['x-amz-target'] = `${this.#service.target}.${operation}`;
    const names = Object.keys(headers).join(';');
    const lines = Object.entries(headers).map(([name, value]) => `${name}:${value}\n`);
    const canonical = `POST\n/\n\n${lines.join('')}\n${names}\n${hash('sha256', body)}`;
    const toSign = `${ALGORITHM}\n${date}\n${scope}\n${hash('sha256', canonical)}`;
    const signature = await this.#signer.sign(toSign, { signingDate });
    headers.authorization = `${ALGORITHM} Credential=${accessKeyId}/${scope}, SignedHeaders=${names}, Signature=${signature}`;
    return headers;
  }

  close(): void {
    this.#connections.close();
  }
}

function endpointOf({ name }: JsonService, region: string, env: NodeJS.ProcessEnv): string {
  const named = env[`AWS_ENDPOINT_URL_${SETTINGS[name] ?? name.toUpperCase()}`] ?? env.AWS_ENDPOINT_URL;
  return named ?? `https://${name}.${region}.${env.URL_SUFFIX}`;
}

/** Names of services in the settings of AWS's tools, if they differ from those in host names. */
const SETTINGS: Readonly<Record<string, string>> = { secretsmanager: 'SECRETS_MANAGER' };

function errorOf(output: unknown, status: number): ServiceError {
  const fields = typeof output === 'object' && output !== null ? output : {};
  const type = '__type' in fields ? String(fields.__type) : `Status${status}`;
  const message = 'message' in fields ? fields.message : 'Message' in fields ? fields.Message : undefined;
  return new ServiceError(type.slice(type.indexOf('#') + 1), String(message ?? `status ${status}`));
}

/** HMAC-SHA256 for AWS's signer, which calls `update` at most once and passes only texts and bytes. */
class Hmac {
  readonly #key: string | Uint8Array;
  #data: string | Uint8Array = '';

  constructor(key: string | ArrayBuffer | ArrayBufferView = '') {
    this.#key = bytesOf(key);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    this.#data = bytesOf(data);
  }

  async digest(): Promise<Uint8Array> {
    return createHmac('sha256', this.#key).update(this.#data).digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
