import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { replaceFile } from './replace-file.ts';

export interface Certificate {
  readonly file: string; // the certificate without the key, for agents to pin
  readonly cert: string; // PEM
  readonly key: string; // PEM
}

/** The file of the certificate's key, in the data folder. */
export const CERTIFICATE_KEY = 'certificate.key';

const DAY_MS = 86_400_000;
/** Some clients refuse server certificates that are valid for more than 825 days. */
const VALID_DAYS = 800;
const RENEW_DAYS = 30;

/**
 * Returns the runner's own ECDSA P-256 certificate for localhost and for some IP addresses. Makes it at the first start, and
 * again shortly before it expires or when it lacks an address.
 */
export async function localCertificate(
  folder: string,
  nowMs: number,
  addresses: readonly string[] = [],
): Promise<Certificate> {
  const file = path.join(folder, 'certificate.pem');
  const keyFile = path.join(folder, CERTIFICATE_KEY);
  const [cert, key] = await Promise.all([file, keyFile].map((name) => readFile(name, 'utf8').catch(() => '')));
  if (cert && key && isUsable(cert, nowMs, addresses)) return { file, cert, key };

  const made = await makeCertificate(nowMs, addresses);
  await replaceFile(keyFile, made.key);
  await replaceFile(file, made.cert);
  return { file, ...made };
}

/** Makes a self-signed certificate for localhost and some IP addresses, and its private key, both as PEM. */
export async function makeCertificate(
  nowMs: number,
  addresses: readonly string[] = [],
): Promise<Pick<Certificate, 'cert' | 'key'>> {
  const { generate } = await import('selfsigned'); // loading takes 100 ms, needed only at the first start
  const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
    keyType: 'ec',
    curve: 'P-256',
    algorithm: 'sha256',
    notBeforeDate: new Date(nowMs - DAY_MS), // an agent's clock may be slow
    notAfterDate: new Date(nowMs + VALID_DAYS * DAY_MS), // selfsigned 5 ignores `days`
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      {
        name: 'subjectAltName',
        altNames: [
          { type: 2, value: 'localhost' },
          { type: 7, ip: '127.0.0.1' },
          { type: 7, ip: '::1' },
          ...addresses.map((ip) => ({ type: 7, ip }) as const),
        ],
      },
    ],
  });
  return { cert, key };
}

function isUsable(pem: string, nowMs: number, addresses: readonly string[]): boolean {
  try {
    const certificate = new X509Certificate(pem);
    const isValid = Date.parse(certificate.validTo) > nowMs + RENEW_DAYS * DAY_MS;
    return isValid && addresses.every((address) => certificate.checkIP(address) !== undefined);
  } catch {
    return false; // an unreadable certificate is replaced
  }
}
