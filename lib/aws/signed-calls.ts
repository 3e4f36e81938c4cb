import { createHmac, hash } from 'node:crypto';
import { SignatureV4 } from '@smithy/signature-v4';
import { KeptConnections } from './kept-connections.ts';

const TIMEOUT_MS = 3_000; // agents give up after 16 s, and the SDK tries again after this

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
  readonly #url: URL;
  readonly #signer: SignatureV4;
  readonly #connections: KeptConnections;

  /**
   * @param env credentials, Region and endpoints by the names that Lambda and the SDK give them, and `URL_SUFFIX`, the end of
   *   the partition's host names. A function's credentials do not change while it lives.
   */
  constructor(service: JsonService, env: NodeJS.ProcessEnv) {
    const region = env.AWS_REGION ?? '';
    this.#service = service;
    this.#url = new URL(endpointOf(service, region, env));
    this.#connections = new KeptConnections(this.#url, TIMEOUT_MS);
    this.#signer = new SignatureV4({
      service: service.name,
      region,
      credentials: {
        accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
        sessionToken: env.AWS_SESSION_TOKEN,
      },
      sha256: Sha256,
      applyChecksum: false, // the signature covers the body
    });
  }

  /**
   * @returns the operation's output as JSON
   * @throws {ServiceError} when the service refuses; other errors when it cannot be reached in time
   */
  async call(operation: string, input: object): Promise<unknown> {
    const { hostname, host, protocol } = this.#url;
    const body = JSON.stringify(input);
    const { headers } = await this.#signer.sign({
      method: 'POST',
      protocol,
      hostname,
      path: '/',
      query: {},
      headers: {
        host,
        'content-type': this.#service.contentType,
        'x-amz-target': `${this.#service.target}.${operation}`,
      },
      body,
    });
    const { status, text } = await this.#connections.post(headers, body);
    const output: unknown = JSON.parse(text);
    if (status === 200) return output;
    throw errorOf(output, status);
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

/** SHA-256, or HMAC-SHA256 with a key, as the signer takes it: it adds data once. */
class Sha256 {
  readonly #key: string | Uint8Array | undefined;
  #data: string | Uint8Array = '';

  constructor(key?: string | ArrayBuffer | ArrayBufferView) {
    this.#key = key === undefined ? undefined : bytesOf(key);
  }

  update(data: string | ArrayBuffer | ArrayBufferView): void {
    if (this.#data.length > 0) throw new Error('the signer adds data once');
    this.#data = bytesOf(data);
  }

  async digest(): Promise<Uint8Array> {
    // The one-shot function takes half the CPU of an object.
    if (this.#key === undefined) return hash('sha256', this.#data, 'buffer');
    return createHmac('sha256', this.#key).update(this.#data).digest();
  }
}

function bytesOf(data: string | ArrayBuffer | ArrayBufferView): string | Uint8Array {
  if (typeof data === 'string') return data;
  return ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
}
