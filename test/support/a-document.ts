import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import type { AttestMode } from '../../lib/core/attest/mode.ts';
import type { Trust } from '../../lib/core/attest/trust.ts';

export const REGION = 'eu-west-1';
const ACCOUNT = '111122223333';

/** A key used in place of AWS's. */
const { privateKey, publicKey } = generateKeyPairSync('rsa', {
  modulusLength: 1024,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** Trusts documents signed with that key. */
export const aTrust = (mode: AttestMode): Trust => ({
  mode,
  accounts: [ACCOUNT],
  region: REGION,
  certificates: { [REGION]: createPublicKey(publicKey).export({ type: 'spki', format: 'pem' }).toString() },
});

/** Writes an instance identity document in EC2's format. */
export const documentText = (instanceId: string, changes: Readonly<Record<string, unknown>> = {}): string =>
  JSON.stringify(
    {
      accountId: ACCOUNT,
      architecture: 'x86_64',
      availabilityZone: `${REGION}a`,
      imageId: 'ami-0123456789abcdef0',
      instanceId,
      instanceType: 'm6i.large',
      pendingTime: '2025-03-01T11:58:00Z',
      privateIp: '10.0.0.1',
      region: REGION,
      version: '2017-09-30',
      ...changes,
    },
    null,
    2,
  );

/** Returns the content of a host's enroll secret file. */
export function secretFile(secret: string, text: string, signed = text): string {
  const signature = sign('sha256', Buffer.from(signed), createPrivateKey(privateKey));
  return `${secret}.${Buffer.from(text).toString('base64')}.${signature.toString('base64')}`;
}
