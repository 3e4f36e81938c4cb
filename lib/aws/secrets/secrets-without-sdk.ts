import * as z from 'zod/mini';
import { type JsonService, ServiceError, SignedCalls } from '../calls/signed-calls.ts';
import type { ReadSecret } from './secrets.ts';

const SECRETS_MANAGER: JsonService = {
  name: 'secretsmanager',
  target: 'secretsmanager',
  contentType: 'application/x-amz-json-1.1',
};

const Value = z.object({ SecretString: z.optional(z.string()) });

/**
 * Reads secrets without the SDK.
 *
 * @param env @see SignedCalls
 * @param orElse reads a secret after an error, with the SDK, which retries
 */
export function secretsWithoutSdk(env: NodeJS.ProcessEnv, orElse: ReadSecret): ReadSecret {
  const calls = new SignedCalls(SECRETS_MANAGER, env);
  return async (arn, stage) => {
    try {
      return Value.parse(await calls.call('GetSecretValue', { SecretId: arn, VersionStage: stage })).SecretString;
    } catch (error) {
      const isFirst = error instanceof ServiceError && error.name === 'ResourceNotFoundException';
      return isFirst && stage === 'AWSPREVIOUS' ? undefined : orElse(arn, stage);
    }
  };
}
