import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { localCertificate } from '../../../../workbench/local-aws/machine/certificate.ts';
import { aFolder } from '../../../support/folder.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');
const DAY_MS = 86_400_000;

describe("the runner's certificate", () => {
  it('is ECDSA P-256 for localhost; only the user can read it and its key', async () => {
    const { cert, key, file } = await localCertificate(aFolder(), NOW_MS);
    const { subjectAltName, publicKey, validTo, validFrom, ca } = new X509Certificate(cert);
    expect(publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' });
    expect(subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1');
    expect(ca).toBe(false);
    expect([Date.parse(validFrom) < NOW_MS, (Date.parse(validTo) - NOW_MS) / DAY_MS]).toEqual([true, 800]);
    expect(readFileSync(file, 'utf8')).toBe(cert);
    expect(readFileSync(path.join(path.dirname(file), 'certificate.key'), 'utf8')).toBe(key);
    expect(statSync(path.join(path.dirname(file), 'certificate.key')).mode & 0o777).toBe(0o600);
  });

  it('stays the same from start to start until a month before it expires', async () => {
    const folder = aFolder();
    const first = await localCertificate(folder, NOW_MS);
    expect(await localCertificate(folder, NOW_MS + 769 * DAY_MS)).toEqual(first);
    expect((await localCertificate(folder, NOW_MS + 771 * DAY_MS)).cert).not.toBe(first.cert);
  });

  it('is created again if its file is damaged', async () => {
    const folder = aFolder();
    const first = await localCertificate(folder, NOW_MS);
    writeFileSync(first.file, first.cert.slice(0, 200));
    const second = await localCertificate(folder, NOW_MS);
    expect(new X509Certificate(second.cert).subject).toBe('CN=localhost');
  });

  it('is made again when it lacks an address that the runner listens on, and then names all of them', async () => {
    const folder = aFolder();
    const first = await localCertificate(folder, NOW_MS);
    const second = await localCertificate(folder, NOW_MS, ['192.0.2.7', '2001:db8::7']);
    expect(second.cert).not.toBe(first.cert);
    const { subjectAltName } = new X509Certificate(second.cert);
    expect(subjectAltName).toBe(
      'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, IP Address:192.0.2.7, IP Address:2001:DB8:0:0:0:0:0:7',
    );
    expect(await localCertificate(folder, NOW_MS, ['192.0.2.7'])).toEqual(second);
    expect(await localCertificate(folder, NOW_MS)).toEqual(second);
  });
});
