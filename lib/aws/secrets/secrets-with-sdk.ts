import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import type { ReadSecret } from './secrets.ts';

/** Reads secrets with the SDK, which retries. */
export const readWithSdk =
  (client: SecretsManagerClient = new SecretsManagerClient({})): ReadSecret =>
  async (arn, stage) => {
    try {
      return (await client.send(new GetSecretValueCommand({ SecretId: arn, VersionStage: stage }))).SecretString;
    } catch (error) {
      if (error instanceof ResourceNotFoundException && stage === 'AWSPREVIOUS') return undefined;
      throw error;
    }
  };
