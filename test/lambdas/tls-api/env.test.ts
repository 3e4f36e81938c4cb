import { describe, expect, it } from '@jest/globals';
import { readEnv, readTrust } from '../../../lambdas/tls-api/env.ts';

const WHOLE = {
  TABLE_NAME: 'table',
  RESULTS_STREAM_NAME: 'results',
  LOGS_STREAM_NAME: 'logs',
  QUARANTINE_STREAM_NAME: 'quarantine',
  ENROLL_SECRET_ARN: 'arn:enroll',
  NODE_KEY_SECRET_ARN: 'arn:node-key',
  SWEEP_EVERY_SECONDS: '60',
};

describe('the environment of tls-api', () => {
  it('is read without variables of others', () => {
    expect(readEnv({ ...WHOLE, AWS_REGION: 'eu-west-1' })).toEqual({
      ...WHOLE,
      SWEEP_EVERY_SECONDS: 60,
      NAMED_SECRET_ARNS: [],
    });
  });

  it('names additional enroll secrets', () => {
    const { NAMED_SECRET_ARNS } = readEnv({ ...WHOLE, NAMED_SECRET_ARNS: 'web=arn:aws:a:b:c:d:x db-2=arn:y' });
    expect(NAMED_SECRET_ARNS).toEqual([
      ['web', 'arn:aws:a:b:c:d:x'],
      ['db-2', 'arn:y'],
    ]);
  });

  it.each(Object.keys(WHOLE))('is rejected without %s, by name', (name) => {
    expect(() => readEnv({ ...WHOLE, [name]: undefined })).toThrow(name);
    expect(() => readEnv({ ...WHOLE, [name]: '' })).toThrow(name);
  });
});

describe('the accounts trusted for identity documents', () => {
  it('are none by default', () => {
    expect(readTrust({})).toEqual({ mode: 'off', accounts: [], certificates: {} });
  });

  it('are read from the environment', () => {
    const source = {
      ATTEST: 'required',
      ATTEST_ACCOUNTS: '111122223333,444455556666',
      ATTEST_CERTIFICATES: '{"xx-nowhere-1":"PEM"}',
      AWS_REGION: 'eu-west-1',
    };
    expect(readTrust(source)).toEqual({
      mode: 'required',
      accounts: ['111122223333', '444455556666'],
      region: 'eu-west-1',
      certificates: { 'xx-nowhere-1': 'PEM' },
    });
    expect(() => readTrust({ ...source, ATTEST: 'yes' })).toThrow('ATTEST');
    expect(() => readTrust({ ...source, ATTEST_CERTIFICATES: '[]' })).toThrow();
  });
});
