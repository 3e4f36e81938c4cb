import { createHmac, timingSafeEqual } from 'node:crypto';

/** The content of a node key with a valid signature. */
export interface NodeClaim {
  readonly host: string;
  readonly epoch: number; // epoch seconds of the enrollment
}

const FORM = /^mf1\.([0-9a-z]{1,11})\.([A-Za-z0-9_-]{1,1400})\.([A-Za-z0-9_-]{43})$/;

/**
 * Makes a node key: printable ASCII with host and enrollment, signed with HMAC-SHA256. Checking a key needs no I/O, and two
 * hosts never share a key.
 *
 * @param secret the signing secret, any text
 * @example 'mf1.sx4k2p.d2ViLTc.3q…' // mf1.<epoch, base 36>.<host, base64url>.<signature, 43 characters>
 */
export function signNodeKey(claim: NodeClaim, secret: string): string {
  const body = `mf1.${claim.epoch.toString(36)}.${Buffer.from(claim.host).toString('base64url')}`;
  return `${body}.${mac(body, secret)}`;
}

/** The claim in a key; undefined unless the key is signed with one of these secrets (current first, then previous). */
export function readNodeKey(key: string, secrets: readonly string[]): NodeClaim | undefined {
  const [, epoch, host, signature] = FORM.exec(key) ?? [];
  if (!epoch || !host || !signature) return undefined;
  const body = key.slice(0, key.lastIndexOf('.'));
  // Compared as text, because several base64 texts decode to the same bytes and only one of them is the signature.
  const given = Buffer.from(signature);
  const genuine = secrets.some((secret) => timingSafeEqual(Buffer.from(mac(body, secret)), given));
  return genuine ? { host: Buffer.from(host, 'base64url').toString(), epoch: Number.parseInt(epoch, 36) } : undefined;
}

// 43 characters
const mac = (body: string, secret: string): string => createHmac('sha256', secret).update(body).digest('base64url');
