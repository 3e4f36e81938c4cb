import { describe, expect, it } from '@jest/globals';
import { readEnv } from '../../../lambdas/tls-api/env.ts';

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
  it('is read as it is, without what belongs to others', () => {
    expect(readEnv({ ...WHOLE, AWS_REGION: 'eu-west-1' })).toEqual({ ...WHOLE, SWEEP_EVERY_SECONDS: 60 });
  });

  it.each(Object.keys(WHOLE))('is refused without %s, by name', (name) => {
    expect(() => readEnv({ ...WHOLE, [name]: undefined })).toThrow(name);
    expect(() => readEnv({ ...WHOLE, [name]: '' })).toThrow(name);
  });
});
