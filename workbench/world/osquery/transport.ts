import { request as httpsRequest } from 'node:https';
import { type ConnectionOptions, createSecureContext, type SecureContext } from 'node:tls';

/** One HTTP request over a new connection. */
export interface WireRequest {
  /** Always `https://…`. */
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface WireResponse {
  readonly status: number;
  /** Keys are lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** Sends requests to a server. Rejects if the exchange breaks off at any point or `signal` aborts. */
export interface Transport {
  exchange(request: WireRequest, signal: AbortSignal): Promise<WireResponse>;
}

/** Boost.Beast's limits, which osquery does not change. */
export const MAX_HEADER_BYTES = 8192;
export const MAX_BODY_BYTES = 8 * 1024 * 1024;

/**
 * HTTPS like osquery's: TLS 1.2 or 1.3, certificate chain and host name verified, a new connection for every request.
 * This class closes the connection after the response; osquery leaves it idle until its next request.
 */
export class HttpsTransport implements Transport {
  #context: SecureContext | undefined;

  /** @param ca the certificate authority to trust, as PEM text (osquery's `tls_server_certs`) */
  constructor(private readonly ca: string) {}

  exchange({ url, headers, body }: WireRequest, signal: AbortSignal): Promise<WireResponse> {
    return new Promise((resolve, reject) => {
      // Made once: to read the certificates takes a part of each handshake's time.
      this.#context ??= createSecureContext({ ca: this.ca, minVersion: 'TLSv1.2' });
      const connection: ConnectionOptions = { secureContext: this.#context };
      const request = httpsRequest(url, {
        ...connection,
        method: 'POST',
        agent: false,
        maxHeaderSize: MAX_HEADER_BYTES,
        headers: { ...headers },
        signal,
      });
      request.removeHeader('connection'); // osquery does not send it
      request.on('error', reject);
      request.on('response', (response) => {
        const chunks: Buffer[] = [];
        let bytes = 0;
        response.on('data', (chunk: Buffer) => {
          bytes += chunk.length;
          if (bytes > MAX_BODY_BYTES) request.destroy(new Error('body limit exceeded'));
          else chunks.push(chunk);
        });
        response.on('error', reject);
        response.on('end', () => {
          if (!response.complete) return reject(new Error('partial message'));
          const fields = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          resolve({
            status: response.statusCode ?? 0,
            headers: Object.fromEntries(fields),
            body: Buffer.concat(chunks),
          });
          request.destroy();
        });
      });
      request.end(body);
    });
  }
}
