import { Agent, type RequestOptions, request } from 'node:https';
import {
  type ConnectionOptions,
  createSecureContext,
  type SecureContext,
  type SecureContextOptions,
  type TLSSocket,
} from 'node:tls';

/** An HTTP response. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Header names and values as sent, alternating. */
  readonly rawHeaders: readonly string[];
  readonly bytes: Buffer;
  readonly text: string;
  readonly tls: { readonly protocol: string | null; readonly cipher: string };
  /** The client's port, which identifies the connection. */
  readonly localPort: number;
}

export interface HttpOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly minVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly maxVersion?: 'TLSv1.2' | 'TLSv1.3';
  readonly ciphers?: string;
  /** Keeps connections open. By default each request has a new one. */
  readonly agent?: Agent | false;
}

/** An agent whose connections stay open: a new one for each request takes most of its CPU time. */
export const keptConnections = (ca: string): Agent =>
  new Agent({ keepAlive: true, secureContext: contextOf({ ca }), servername: 'localhost' });

/** By their options. To make one for each request takes a tenth of its CPU time. */
const contexts = new Map<string, SecureContext>();

function contextOf(options: SecureContextOptions): SecureContext {
  const name = JSON.stringify(options);
  const context = contexts.get(name) ?? createSecureContext(options);
  contexts.set(name, context);
  return context;
}

/** Sends one HTTPS request, by default on a new connection, like osquery (docs/spec/osquery-protocol.md §2.1). */
export function send(url: string, ca: string, body: Buffer, httpOptions: HttpOptions = {}): Promise<HttpAnswer> {
  const { method = 'POST', headers = {}, agent = false, ...tls } = httpOptions;
  return new Promise((resolve, reject) => {
    const connection: ConnectionOptions = { secureContext: contextOf({ ca, ...tls }), servername: 'localhost' };
    const options: RequestOptions = { method, agent, ...connection };
    const outgoing = request(url, options, (incoming) => {
      const socket = incoming.socket as TLSSocket;
      const session = { protocol: socket.getProtocol(), cipher: socket.getCipher().name };
      const localPort = socket.localPort ?? 0;
      const chunks: Buffer[] = [];
      incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
      incoming.on('error', reject);
      incoming.on('end', () => {
        const bytes = Buffer.concat(chunks);
        resolve({
          status: incoming.statusCode ?? 0,
          headers: incoming.headers,
          rawHeaders: incoming.rawHeaders,
          bytes,
          text: bytes.toString('utf8'),
          tls: session,
          localPort,
        });
      });
    });
    outgoing.on('error', reject);
    for (const [name, value] of Object.entries({
      'Content-Type': 'application/json',
      Accept: 'application/json',
      ...headers,
    })) {
      outgoing.setHeader(name, value);
    }
    outgoing.setHeader('Content-Length', body.length);
    outgoing.end(body);
  });
}
