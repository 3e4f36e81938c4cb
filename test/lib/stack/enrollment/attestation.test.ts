import { describe, expect, it } from '@jest/globals';
import { Stack } from 'aws-cdk-lib';
import { CfnFunction } from 'aws-cdk-lib/aws-lambda';
import { Mayfly } from '../../../../lib/stack/mayfly.ts';
import type { MayflyProps } from '../../../../lib/stack/mayfly-props.ts';
import { anApp, someBundles } from '../template.ts';

/** The environment of the function that enrolls, as in the template. */
const variablesOf = (props: MayflyProps, region?: string): Record<string, unknown> => {
  const stack = new Stack(anApp(), 'Test', { env: { region, account: '111122223333' } });
  const mayfly = new Mayfly(stack, 'Mayfly', { bundles: someBundles(), ...props });
  const functions = mayfly.node.findAll().filter((one) => CfnFunction.isCfnFunction(one));
  return functions
    .map(({ environment }) => stack.resolve(environment)?.variables ?? {})
    .find((variables) => 'ENROLL_SECRET_ARN' in variables);
};

describe('attested enrollment', () => {
  it('is off by default', () => {
    expect(variablesOf({})).not.toHaveProperty('ATTEST');
  });

  it("accepts instances of the stack's own account, or of the configured accounts", () => {
    expect(variablesOf({ attest: 'required' })).toMatchObject({
      ATTEST: 'required',
      ATTEST_ACCOUNTS: { Ref: 'AWS::AccountId' },
    });
    const attestAccounts = ['111122223333', '444455556666'];
    expect(variablesOf({ attest: 'preferred', attestAccounts })).toMatchObject({
      ATTEST_ACCOUNTS: '111122223333,444455556666',
    });
  });

  it('rejects a Region without a known certificate, and explains how to configure one', () => {
    expect(() => variablesOf({ attest: 'required' }, 'ap-northeast-3')).toThrow(
      /Region ap-northeast-3: add one to attestationCertificates/,
    );
    const attestationCertificates = { 'ap-northeast-3': '-----BEGIN CERTIFICATE-----' };
    expect(variablesOf({ attest: 'required', attestationCertificates }, 'ap-northeast-3')).toMatchObject({
      ATTEST_CERTIFICATES: JSON.stringify(attestationCertificates),
    });
    expect(variablesOf({}, 'ap-northeast-3')).not.toHaveProperty('ATTEST');
  });
});
