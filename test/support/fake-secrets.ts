import {
  GetSecretValueCommand,
  ResourceNotFoundException,
  SecretsManagerClient,
} from '@aws-sdk/client-secrets-manager';
import { mockClient } from 'aws-sdk-client-mock';
import { readWithSdk } from '../../lib/aws/secrets/secrets-with-sdk.ts';

/** An in-memory Secrets Manager. A secret has a current value and, once rotated, a previous one. */
export class FakeSecrets {
  readonly client = new SecretsManagerClient({
    region: 'local',
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  readonly read = readWithSdk(this.client);
  failing = false;
  calls = 0;
  readonly #stages = new Map<string, { AWSCURRENT: string; AWSPREVIOUS?: string }>();

  constructor(secrets: Readonly<Record<string, string>>) {
    for (const [id, value] of Object.entries(secrets)) this.#stages.set(id, { AWSCURRENT: value });
    mockClient(this.client)
      .on(GetSecretValueCommand)
      .callsFake(async ({ SecretId = '', VersionStage = 'AWSCURRENT' }) => {
        this.calls += 1;
        if (this.failing) throw Object.assign(new Error('internal'), { name: 'InternalServiceError' });
        const value = this.#stages.get(SecretId)?.[VersionStage as 'AWSCURRENT'];
        if (value === undefined) throw new ResourceNotFoundException({ message: 'no such version', $metadata: {} });
        return { SecretString: value };
      });
  }

  rotate(id: string, value: string): void {
    const before = this.#stages.get(id);
    this.#stages.set(id, { AWSCURRENT: value, AWSPREVIOUS: before?.AWSCURRENT });
  }
}
