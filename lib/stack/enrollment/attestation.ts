import { Aws, Stack, Token } from 'aws-cdk-lib/core';
import { Variable } from '../functions/environment.ts';
import type { Runner } from '../functions/runner.ts';

const MODES = ['off', 'preferred', 'required'] as const;
export type AttestMode = (typeof MODES)[number];

export interface AttestationProps {
  readonly attest?: AttestMode;
  readonly attestAccounts?: readonly string[];
  readonly attestationCertificates?: Readonly<Record<string, string>>;
}

/** Regions whose certificates are built in; a test compares them with `lib/core/attest`. */
export const ATTESTABLE_REGIONS: ReadonlySet<string> = new Set(
  [
    'af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-south-1 ap-south-2',
    'ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7',
    'ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-north-1 eu-south-1 eu-south-2',
    'eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 mx-central-1 sa-east-1',
    'us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-west-1 us-west-2',
  ].flatMap((line) => line.split(' ')),
);

/** Parses `attest` of the CDK context. @throws if it is not a mode */
export function attestModeOf(value: unknown): AttestMode | undefined {
  if (value === undefined) return undefined;
  const mode = MODES.find((one) => one === value);
  if (mode) return mode;
  throw new Error(`attest is ${JSON.stringify(value)}: it has to be one of ${MODES.join(', ')}`);
}

/**
 * Configures attestation in the function's environment.
 *
 * @throws if no certificate is known for the Region of the stack
 */
export function addAttestation(fn: Runner, props: AttestationProps): void {
  attestModeOf(props.attest);
  const { attest = 'off', attestAccounts = [Aws.ACCOUNT_ID], attestationCertificates = {} } = props;
  if (attest === 'off') return; // the function's default
  const { region } = Stack.of(fn);
  const isKnown = ATTESTABLE_REGIONS.has(region) || Object.hasOwn(attestationCertificates, region);
  if (!Token.isUnresolved(region) && !isKnown)
    throw new Error(
      `attest is '${attest}', and Mayfly has no AWS certificate for the Region ${region}: add one to attestationCertificates`,
    );
  fn.addEnvironment(Variable.attest, attest);
  fn.addEnvironment(Variable.attestAccounts, attestAccounts.join(','));
  fn.addEnvironment(Variable.attestCertificates, JSON.stringify(attestationCertificates));
}
