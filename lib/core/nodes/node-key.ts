import { createHmac, timingSafeEqual } from 'node:crypto';

/** What a node key says of its bearer, once its signature is checked. */
export interface NodeClaim {
  readonly host: string;
  readonly epoch: number; // epoch seconds of the enrollment
}

const FORM = /^mf1\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{1,1400})\.([A-Za-z0-9_-]{43})$/;

/**
 * A node key: printable ASCII that names its host and enrollment, signed with HMAC-SHA256. Requests are checked
 * without I/O, and two hosts never share a key.
 *
 * @param secret the signing secret, any text
 */
export function signNodeKey(claim: NodeClaim, secret: string): string {
  const body = `mf1.${claim.epoch.toString(36)}.${Buffer.from(claim.host).toString('base64url')}`;
  return `${body}.${mac(body, secret)}`;
}

/** The claim of a key signed with any of these secrets (current first, then previous), or undefined. */
export function readNodeKey(key: string, secrets: readonly string[]): NodeClaim | undefined {
  const [, epoch, host, signature] = FORM.exec(key) ?? [];
  if (!epoch || !host || !signature) return undefined;
  const body = key.slice(0, key.lastIndexOf('.'));
  // Compared as text: several texts decode to the same bytes, and only one of them was signed.
  const given = Buffer.from(signature);
  const genuine = secrets.some((secret) => timingSafeEqual(Buffer.from(mac(body, secret)), given));
  return genuine ? { host: Buffer.from(host, 'base64url').toString(), epoch: Number.parseInt(epoch, 36) } : undefined;
}

// 43 characters
const mac = (body: string, secret: string): string => createHmac('sha256', secret).update(body).digest('base64url');
