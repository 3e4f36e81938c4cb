import { randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** Why a request is refused. */
export type Refused = 'host' | 'origin' | 'session';

interface Asked {
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
}

/**
 * Decides who may speak to the console. Its address carries a token that works once: it is exchanged for a cookie that
 * scripts cannot read and other sites cannot send. Requests must name 127.0.0.1 or localhost as their host, so a site that
 * points its own name at this machine (DNS rebinding) gets nothing. Browsers say which site a request comes from: it must be this one.
 */
export class Guard {
  readonly #port: number;
  readonly #session = secret();
  #token: string | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** A new token, which replaces an unused one. */
  newToken(): string {
    this.#token = secret();
    return this.#token;
  }

  /** Uses the token up. @returns the cookie to set, or undefined if the token is not the current one */
  exchange(token: string): string | undefined {
    if (this.#token === undefined || !same(token, this.#token)) return undefined;
    this.#token = undefined;
    return `${this.#cookieName}=${this.#session}; HttpOnly; SameSite=Strict; Path=/`;
  }

  /** Why a request is refused before its session is looked at; undefined if it is not. */
  refusesAddress({ method, headers }: Asked): Refused | undefined {
    const hosts = [`127.0.0.1:${this.#port}`, `localhost:${this.#port}`];
    if (!headers.host || !hosts.includes(headers.host)) return 'host';
    if (method === 'GET') return undefined;
    return headers.origin === `http://${headers.host}` ? undefined : 'origin';
  }

  /** Why a request with an allowed address is refused; undefined if it may pass. */
  refusesSession({ headers }: Asked): Refused | undefined {
    const site = headers['sec-fetch-site'];
    if (site !== undefined && site !== 'same-origin' && site !== 'none') return 'origin';
    const cookies = (headers.cookie ?? '').split(';').map((cookie) => cookie.trim().split('='));
    const session = cookies.find(([name]) => name === this.#cookieName)?.[1] ?? '';
    return same(session, this.#session) ? undefined : 'session';
  }

  /** Cookies are shared by all ports of a host: each console has its own. */
  get #cookieName(): string {
    return `mayfly-console-${this.#port}`;
  }
}

const secret = (): string => randomBytes(32).toString('base64url');

function same(a: string, b: string): boolean {
  const [one, other] = [Buffer.from(a), Buffer.from(b)];
  return one.length === other.length && timingSafeEqual(one, other);
}

/** The headers of every reply. @param nonce of the one inline style sheet that the editor adds */
export const securityHeaders = (nonce: string): Readonly<Record<string, string>> => ({
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
});
