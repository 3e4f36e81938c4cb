import { describe, expect, it } from '@jest/globals';
import { readEnv } from '../../../lambdas/tls-api/env.ts';
import { trustOf } from '../../../lib/aws/tls-api-deps.ts';

const WHOLE = {
  TABLE_NAME: 'table',
  RESULTS_STREAM_NAME: 'results',
  LOGS_STREAM_NAME: 'logs',
  QUARANTINE_STREAM_NAME: 'quarantine',
  ENROLL_SECRET_ARN: 'arn:enroll',
  NODE_KEY_SECRET_ARN: 'arn:node-key',
  SWEEP_EVERY_SECONDS: '60',
  URL_SUFFIX: 'amazonaws.com',
};

describe('the environment of tls-api', () => {
  it('is read without variables of others', () => {
    expect(readEnv({ ...WHOLE, POWERTOOLS_SERVICE_NAME: 'tls-api' })).toEqual({
      ...WHOLE,
      SWEEP_EVERY_SECONDS: 60,
      NAMED_SECRET_ARNS: [],
      ATTEST: 'off',
      ATTEST_ACCOUNTS: '',
      ATTEST_CERTIFICATES: '{}',
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
    expect(trustOf(readEnv(WHOLE))).toEqual({ mode: 'off', accounts: [], certificates: {} });
  });

  it('are read from the environment', () => {
    const source = {
      ATTEST: 'required',
      ATTEST_ACCOUNTS: '111122223333,444455556666',
      ATTEST_CERTIFICATES: '{"xx-nowhere-1":"PEM"}',
      AWS_REGION: 'eu-west-1',
    };
    expect(trustOf(readEnv({ ...WHOLE, ...source }))).toEqual({
      mode: 'required',
      accounts: ['111122223333', '444455556666'],
      region: 'eu-west-1',
      certificates: { 'xx-nowhere-1': 'PEM' },
    });
    expect(() => readEnv({ ...WHOLE, ...source, ATTEST: 'yes' })).toThrow('ATTEST');
    expect(() => trustOf(readEnv({ ...WHOLE, ...source, ATTEST_CERTIFICATES: '[]' }))).toThrow();
  });
});
