import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import { admit } from '../../../../lib/core/attest/admit.ts';
import { attestationOf, splitSecret } from '../../../../lib/core/attest/identity-document.ts';
import { isAdmitted } from '../../../../lib/core/attest/mode.ts';
import { certificateOf, knownRegions, NO_TRUST } from '../../../../lib/core/attest/trust.ts';
import { ATTESTABLE_REGIONS, attestModeOf } from '../../../../lib/stack/enrollment/attestation.ts';
import { aTrust, documentText, REGION, secretFile } from '../../../support/a-document.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const NOW = Date.parse('2025-03-01T12:00:00Z');
const SECRET = 'correct-horse.battery.staple';

const proofOf = (text: string, signed = text) => {
  const { proof } = splitSecret(secretFile(SECRET, text, signed));
  if (!proof) throw new Error('no proof');
  return proof;
};
const judged = (changes: Record<string, unknown> = {}, trust = aTrust('required')) =>
  attestationOf(proofOf(documentText(INSTANCE, changes)), trust, NOW);

describe('an enroll secret file', () => {
  it('contains secret, document and signature, for any number of dots in the secret', () => {
    const { secret, proof } = splitSecret(secretFile(SECRET, documentText(INSTANCE)));
    expect([secret, proof?.document.toString()]).toEqual([SECRET, documentText(INSTANCE)]);
  });

  it.each(['plain', '', '.', '..', 'a.b', 'a.b.c', 'dotted.secret.value', '.eyJ9.eyJ9', `x.${'A'.repeat(10_000)}.!`])(
    'may hold a secret only: %j',
    (text) => {
      expect(splitSecret(text)).toEqual({ secret: text });
    },
  );

  it('may have line breaks in its base64, as written by `base64`', () => {
    const [secret = '', document = '', signature = ''] = secretFile('s', documentText(INSTANCE)).split('.');
    const broken = `${secret}.${document.replace(/.{76}/g, '$&\n')}.${signature.replace(/.{76}/g, '$&\n')}`;
    const { proof } = splitSecret(broken);
    expect(proof && attestationOf(proof, aTrust('required'), NOW)).toEqual({ kind: 'attested', instanceId: INSTANCE });
  });
});

describe('an instance identity document', () => {
  it('attests the instance it names', () => {
    expect(judged()).toEqual({ kind: 'attested', instanceId: INSTANCE });
  });

  it.each<[string, Record<string, unknown>, string]>([
    ['of another account', { accountId: '999999999999' }, 'of account 999999999999'],
    ['of a time in the future', { pendingTime: '2025-03-01T12:06:00Z' }, 'a time to come'],
    ['without a time', { pendingTime: 'soon' }, 'a time to come'],
    ['without an instance', { instanceId: undefined }, 'lacks instanceId'],
    ['of something other than an instance', { instanceId: "i-0' OR 1" }, 'lacks instanceId'],
    [
      'of a Region without a certificate',
      { region: 'xx-nowhere-1' },
      'Region xx-nowhere-1 is known: give it with the property attestationCertificates',
    ],
  ])('%s is rejected with the reason', (_, changes, why) => {
    expect(judged(changes)).toEqual({ kind: 'invalid', why: expect.stringContaining(why) });
  });

  it('of another Region is rejected, even if its signature is valid', () => {
    const trust = { ...aTrust('required'), region: 'eu-west-2' };
    expect(judged({}, trust)).toEqual({ kind: 'invalid', why: expect.stringContaining('hears events of eu-west-2') });
  });

  it('is invalid if a byte of it or of its signature changed', () => {
    const forged = proofOf(documentText(INSTANCE), documentText('i-0ffffffffffffffff'));
    const why = { kind: 'invalid', why: expect.stringContaining('signature') };
    expect(attestationOf(forged, aTrust('required'), NOW)).toEqual(why);
    const { document, signature } = proofOf(documentText(INSTANCE));
    const damaged = Buffer.from(signature);
    damaged[7] = (damaged[7] ?? 0) ^ 1;
    expect(attestationOf({ document, signature: damaged }, aTrust('required'), NOW)).toEqual(why);
    expect(attestationOf({ document, signature: Buffer.alloc(0) }, aTrust('required'), NOW)).toEqual(why);
    // Signed with the test's key, checked with the certificate that AWS publishes.
    expect(judged({}, { ...aTrust('required'), certificates: {} })).toEqual(why);
    expect(judged({}, { ...aTrust('required'), certificates: { [REGION]: 'no PEM' } })).toEqual(why);
  });
});

describe('an agent that enrolls', () => {
  const proof = proofOf(documentText(INSTANCE));
  const other = proofOf(documentText('i-0ffffffffffffffff'));
  it('needs no document if attestation is off', () => {
    expect(admit(INSTANCE, undefined, NO_TRUST, NOW)).toEqual({ kind: 'admitted' });
    expect(admit(INSTANCE, other, NO_TRUST, NOW)).toEqual({ kind: 'admitted' });
  });

  it('needs a document for the name of an instance if attestation is required, but not for other names', () => {
    const trust = aTrust('required');
    expect(admit(INSTANCE, proof, trust, NOW)).toMatchObject({ kind: 'admitted', attested: INSTANCE });
    for (const name of [INSTANCE, 'I-0ABC', 'i-0abc'])
      expect(admit(name, undefined, trust, NOW)).toEqual({
        kind: 'refused',
        why: expect.stringContaining('no instance identity document'),
      });
    expect(admit('web-7', undefined, trust, NOW)).toEqual({ kind: 'admitted' });
    expect(admit('web-7', proof, trust, NOW)).toMatchObject({ kind: 'admitted', attested: INSTANCE });
  });

  it('gets the name of an instance without a document if attestation is preferred, with a fleet issue', () => {
    const trust = aTrust('preferred');
    expect(admit(INSTANCE, undefined, trust, NOW)).toEqual({
      kind: 'admitted',
      issue: expect.stringContaining('no instance'),
    });
    expect(admit(INSTANCE, proof, trust, NOW)).toEqual({ kind: 'admitted', attested: INSTANCE });
  });

  it.each(['preferred', 'required'] as const)(
    'never gets the name of an instance with the document of another: %s',
    (mode) => {
      expect(admit(INSTANCE, other, aTrust(mode), NOW)).toEqual({
        kind: 'refused',
        why: expect.stringContaining('not for i-'),
      });
    },
  );

  it('loses the name of an instance once attestation is required, if it got it without a document', () => {
    for (const host of [INSTANCE, `${INSTANCE}~0123abcd`]) {
      expect(isAdmitted({ host }, 'required')).toBe(false);
      expect(isAdmitted({ host, attested: true }, 'required')).toBe(true);
      expect(isAdmitted({ host }, 'preferred')).toBe(true);
    }
    expect(isAdmitted({ host: 'web-7' }, 'required')).toBe(true);
  });
});

describe("AWS's certificates", () => {
  it.each(knownRegions())('%s: is a self-signed RSA certificate of AWS', (region) => {
    const certificate = new X509Certificate(certificateOf(region, NO_TRUST) ?? '');
    expect(certificate.verify(certificate.publicKey)).toBe(true);
    expect(certificate.subject).toBe(certificate.issuer);
    expect(certificate.subject).toMatch(/O=Amazon(\.com Inc\.| Web Services LLC)/);
    expect(certificate.publicKey.asymmetricKeyType).toBe('rsa');
  });

  it('are the ones the stack knows', () => {
    expect(knownRegions()).toEqual([...ATTESTABLE_REGIONS].sort());
    expect(certificateOf('ap-northeast-3', NO_TRUST)).toBeUndefined();
    expect(certificateOf('__proto__', NO_TRUST)).toBeUndefined();
  });

  it('are used only in one of the three valid modes', () => {
    expect([attestModeOf(undefined), attestModeOf('required')]).toEqual([undefined, 'required']);
    expect(() => attestModeOf('yes')).toThrow('off, preferred, required');
  });
});
