import { createHash, randomInt } from 'node:crypto';
import { mkdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { LocalError } from '../local-error.ts';
import { replaceFile } from '../replace-file.ts';
import type { Resource } from '../template.ts';
import { AwsError, required, type Service, unknownOperation } from './aws-error.ts';

const CHARACTERS = {
  Lowercase: 'abcdefghijklmnopqrstuvwxyz',
  Uppercase: 'ABCDEFGHIJKLMNOPQRSTUVWXYZ',
  Numbers: '0123456789',
  Punctuation: '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~',
} as const;

/**
 * Secrets Manager on files: `<folder>/<name>` holds the current value and nothing else, readable by the user alone.
 * To rotate by hand, move it to `<name>.previous` and write another; values are read at each call.
 */
export class LocalSecrets {
  private readonly secrets: ReadonlyMap<string, Resource>; // by name and by ARN

  constructor(
    secrets: readonly Resource[],
    private readonly folder: string,
  ) {
    this.secrets = new Map(
      secrets.flatMap((secret) => [[secret.name, secret] as const, [secret.arn, secret] as const]),
    );
  }

  /** Makes the values that do not exist yet. */
  async create(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const secret of new Set(this.secrets.values())) {
      const file = this.file(secret);
      if (await stat(file).catch(() => undefined)) continue;
      await replaceFile(file, initialValue(secret));
    }
  }

  /** The file of a secret given by name or ARN. */
  fileOf(id: string): string | undefined {
    const secret = this.secrets.get(id);
    return secret && this.file(secret);
  }

  readonly answer: Service = async (operation, input) => {
    if (operation !== 'GetSecretValue') throw unknownOperation('secretsmanager', operation);
    const secret = this.secrets.get(required(input, 'SecretId'));
    if (!secret) throw notFound('the specified secret');
    const stage = Object(input).VersionStage ?? 'AWSCURRENT';
    const wanted: unknown = Object(input).VersionId;
    for (const [label, suffix] of [
      ['AWSCURRENT', ''],
      ['AWSPREVIOUS', '.previous'],
    ] as const) {
      if (wanted === undefined && label !== stage) continue;
      const file = this.file(secret) + suffix;
      const value = await readFile(file, 'utf8').catch(() => undefined);
      if (value === undefined || (wanted !== undefined && wanted !== versionOf(value))) continue;
      const { mtimeMs } = await stat(file);
      const names = { ARN: secret.arn, Name: secret.name, VersionId: versionOf(value), VersionStages: [label] };
      return { ...names, SecretString: value, CreatedDate: Math.floor(mtimeMs / 1000) };
    }
    throw notFound(
      wanted === undefined ? `the specified secret value for staging label: ${stage}` : `the version ${wanted}`,
    );
  };

  private file(secret: Resource): string {
    return path.join(this.folder, secret.name.replace(/[^\w.+=@-]/g, '_'));
  }
}

const notFound = (what: string) => new AwsError('ResourceNotFoundException', `Secrets Manager can't find ${what}.`);

/** A version id has 32 to 64 characters; the same value has the same one. */
const versionOf = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 32);

function initialValue({ logicalId, properties }: Resource): string {
  if (typeof properties.SecretString === 'string') return properties.SecretString;
  if (!properties.GenerateSecretString)
    throw new LocalError(`${logicalId}: a secret without a value is not implemented locally`);
  const options = Object(properties.GenerateSecretString);
  const password = randomPassword(options);
  if (options.GenerateStringKey === undefined) return password;
  return JSON.stringify({
    ...JSON.parse(String(options.SecretStringTemplate ?? '{}')),
    [options.GenerateStringKey]: password,
  });
}

/** @see CloudFormation, AWS::SecretsManager::Secret GenerateSecretString, for the options and their defaults */
function randomPassword(options: Record<string, unknown>): string {
  const length = Number(options.PasswordLength ?? 32);
  const excluded = String(options.ExcludeCharacters ?? '');
  const kept = (characters: string) => [...characters].filter((character) => !excluded.includes(character)).join('');
  const kinds = Object.entries(CHARACTERS)
    .filter(([kind]) => !isTrue(options[`Exclude${kind}`]))
    .map(([, characters]) => kept(characters))
    .filter((characters) => characters !== '');
  const all = kinds.join('') + (isTrue(options.IncludeSpace) ? ' ' : '');
  const each = options.RequireEachIncludedType === undefined || isTrue(options.RequireEachIncludedType);
  if (all === '' || (each && kinds.length > length))
    throw new LocalError('a secret cannot be made of these characters in this length');
  for (;;) {
    const password = Array.from({ length }, () => all[randomInt(all.length)]).join('');
    // Drawing again keeps every password equally likely.
    if (!each || kinds.every((kind) => [...kind].some((character) => password.includes(character)))) return password;
  }
}

const isTrue = (value: unknown) => value === true || value === 'true'; // templates may hold either
