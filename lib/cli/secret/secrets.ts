import {
  ListSecretVersionIdsCommand,
  PutSecretValueCommand,
  SecretsManagerClient,
  UpdateSecretVersionStageCommand,
} from '@aws-sdk/client-secrets-manager';
import { DEFAULT_SECRET } from '../../core/nodes/enroll-secrets.ts';
import type { Parts } from '../deployment/parts.ts';
import { CommandError } from '../errors/command-error.ts';

/** The display name of the key that signs node keys. */
export const NODE_KEY = 'node keys';

/** A secret of a Mayfly, by name. */
export interface NamedSecret {
  readonly name: string;
  readonly arn: string;
}

/** One value of a secret, without the value. */
export interface SecretVersion {
  readonly id: string;
  readonly createdAtMs: number;
}

/** The values that Mayfly accepts. */
export interface Versions {
  readonly current: SecretVersion | undefined;
  readonly previous: SecretVersion | undefined;
}

/** The enroll secrets, and last the key that signs node keys. */
export function secretsOf({ names }: Parts): NamedSecret[] {
  const { enrollSecretArn, namedSecrets, nodeKeySecretArn } = names;
  return [
    ...(enrollSecretArn ? [{ name: DEFAULT_SECRET, arn: enrollSecretArn }] : []),
    ...namedSecrets,
    ...(nodeKeySecretArn ? [{ name: NODE_KEY, arn: nodeKeySecretArn }] : []),
  ];
}

/** The secret of a name. @throws {CommandError} naming those that exist */
export function secretNamed(name: string, parts: Parts): NamedSecret {
  const all = secretsOf(parts);
  const found = all.find((secret) => secret.name === name);
  if (found) return found;
  throw new CommandError('NOT_FOUND', `${parts.name} has no secret ${name}`, {
    next: `it has ${all.map((secret) => secret.name).join(', ')}`,
  });
}

/** The secrets of a Mayfly in Secrets Manager, without their values. */
export class SecretVersions {
  readonly #client: SecretsManagerClient;

  constructor({ client }: Parts) {
    this.#client = new SecretsManagerClient(client);
  }

  async of({ arn }: NamedSecret): Promise<Versions> {
    const { Versions = [] } = await this.#client.send(new ListSecretVersionIdsCommand({ SecretId: arn }));
    const at = (stage: string): SecretVersion | undefined => {
      const { VersionId: id, CreatedDate } = Versions.find(({ VersionStages }) => VersionStages?.includes(stage)) ?? {};
      return id === undefined ? undefined : { id, createdAtMs: CreatedDate?.getTime() ?? 0 };
    };
    return { current: at('AWSCURRENT'), previous: at('AWSPREVIOUS') };
  }

  /** Makes `value` the current value, and the current one the previous one. */
  async put({ arn }: NamedSecret, value: string): Promise<void> {
    await this.#client.send(new PutSecretValueCommand({ SecretId: arn, SecretString: value }));
  }

  /** Removes the stage of the previous value, so that it is no longer accepted. */
  async removePrevious({ arn }: NamedSecret, { id }: SecretVersion): Promise<void> {
    const stage = { VersionStage: 'AWSPREVIOUS', RemoveFromVersionId: id };
    await this.#client.send(new UpdateSecretVersionStageCommand({ SecretId: arn, ...stage }));
  }

  close(): void {
    this.#client.destroy();
  }
}
