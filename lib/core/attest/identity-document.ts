import { createPublicKey, verify } from 'node:crypto';
import * as z from 'zod/mini';
import { certificateOf, type Trust } from './trust.ts';

/** An instance identity document from an agent, with AWS's signature. */
export interface Proof {
  readonly document: Buffer;
  readonly signature: Buffer;
}

export type Attestation =
  | { readonly kind: 'attested'; readonly instanceId: string }
  | { readonly kind: 'invalid'; readonly why: string };

/** How far AWS's clock and Mayfly's may differ, ms. */
const CLOCK_MS = 5 * 60_000;

/** @see Amazon EC2 User Guide, "Instance identity documents for Amazon EC2 instances" */
const Document = z.object({
  instanceId: z.string().check(z.regex(/^i-[0-9a-f]{8,17}$/)),
  accountId: z.string(),
  region: z.string(),
  pendingTime: z.string(),
});

const BASE64 = /^[A-Za-z0-9+/=\s]+$/;

/**
 * Splits the content of an enroll secret file: the secret alone, or `<secret>.<document>.<signature>`, the latter two in
 * base64. A secret may contain dots, so only base64 of a JSON object counts as a document.
 */
export function splitSecret(text: string): { readonly secret: string; readonly proof?: Proof } {
  const second = text.lastIndexOf('.');
  const first = text.lastIndexOf('.', second - 1);
  if (first < 1) return { secret: text };
  const [document, signature] = [text.slice(first + 1, second), text.slice(second + 1)];
  if (!BASE64.test(document) || !BASE64.test(signature)) return { secret: text };
  const bytes = Buffer.from(document, 'base64');
  if (bytes[0] !== '{'.charCodeAt(0)) return { secret: text };
  return { secret: text.slice(0, first), proof: { document: bytes, signature: Buffer.from(signature, 'base64') } };
}

/**
 * Checks an identity document: its signature against the certificate of its Region, then account, Region and time. Anyone who
 * can read a document can replay it; `planEnroll` decides which name an agent gets with one.
 */
export function attestationOf({ document, signature }: Proof, trust: Trust, nowMs: number): Attestation {
  const invalid = (why: string): Attestation => ({ kind: 'invalid', why });
  const read = Document.safeParse(json(document));
  if (!read.success) return invalid('the identity document lacks instanceId, accountId, region or pendingTime');
  const { instanceId, accountId, region, pendingTime } = read.data;
  const pem = certificateOf(region, trust);
  if (pem === undefined)
    return invalid(
      `no AWS certificate of the Region ${region} is known: give it with the property attestationCertificates of the Mayfly construct`,
    );
  // The signature comes first: nothing in the document counts without it.
  if (!isSigned(document, signature, pem))
    return invalid(
      'the signature of the identity document is not that of the Region, or the certificate cannot be read',
    );
  if (!trust.accounts.includes(accountId)) return invalid(`the identity document is of account ${accountId}`);
  if (trust.region !== undefined && region !== trust.region)
    return invalid(`the identity document is of the Region ${region}, and Mayfly hears events of ${trust.region}`);
  if (!(Date.parse(pendingTime) <= nowMs + CLOCK_MS)) return invalid('the identity document is of a time to come');
  return { kind: 'attested', instanceId };
}

function json(document: Buffer): unknown {
  try {
    return JSON.parse(document.toString());
  } catch {
    return undefined;
  }
}

/** False also if an operator's certificate cannot be read. */
function isSigned(document: Buffer, signature: Buffer, pem: string): boolean {
  try {
    const key = createPublicKey(pem);
    return key.asymmetricKeyType === 'rsa' && verify('sha256', document, key, signature);
  } catch {
    return false;
  }
}
