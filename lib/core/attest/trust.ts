import awsCertificates from './aws-certificates.json' with { type: 'json' };
import type { AttestMode } from './mode.ts';

/** Which documents are accepted. */
export interface Trust {
  readonly mode: AttestMode;
  /** Accounts whose instances are accepted. */
  readonly accounts: readonly string[];
  /** The Region whose events Mayfly receives; undefined outside AWS. */
  readonly region?: string;
  /** Region → PEM of a certificate or a public key; adds to AWS's certificates and overrides them. */
  readonly certificates: Readonly<Record<string, string>>;
}

export const NO_TRUST: Trust = { mode: 'off', accounts: [], certificates: {} };

/*
 * AWS's public certificates for the base64-encoded signature of instance identity documents, Region → base64 of DER. AWS
 * publishes them in the Amazon EC2 User Guide, "AWS public certificates for instance identity document signatures" (RSA);
 * taken from two projects that copy that page, whose keys were compared: spiffe/spire at ef8527ec
 * (pkg/server/plugin/nodeattestor/awsiid/awsrsa1024/cacerts.go) and smallstep/certificates at 1c44aeca
 * (authority/provisioner/aws_certificates.pem). Of ap-east-2, ap-southeast-5, -6 and -7, eusc-de-east-1 and mx-central-1 only
 * the first has one. ap-northeast-3 is left out, as the two name different keys.
 */
const AWS: Readonly<Record<string, string>> = awsCertificates;

/** The certificate for a Region's documents, as PEM; undefined if none is known. */
export function certificateOf(region: string, { certificates }: Trust): string | undefined {
  if (Object.hasOwn(certificates, region)) return certificates[region];
  const der = Object.hasOwn(AWS, region) ? AWS[region] : undefined;
  return der && `-----BEGIN CERTIFICATE-----\n${der.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** Regions whose certificates ship with Mayfly. */
export const knownRegions = (): string[] => Object.keys(AWS);
