import { createHash, randomInt } from 'node:crypto';
import { mkdir, readFile, rm, stat, utimes } from 'node:fs/promises';
import path from 'node:path';
import { LocalError } from '../machine/local-error.ts';
import { replaceFile } from '../machine/replace-file.ts';
import { AwsError, required, type Service, unknownOperation } from '../protocol/aws-error.ts';
import type { Resource } from '../template/template.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz';
const KINDS = [LETTERS, LETTERS.toUpperCase(), '0123456789'];
const OPERATIONS = new Set(['GetSecretValue', 'ListSecretVersionIds', 'PutSecretValue', 'UpdateSecretVersionStage']);
/** Each stage, and the end of the file's name that holds its value. */
const STAGES = [
  ['AWSCURRENT', ''],
  ['AWSPREVIOUS', '.previous'],
] as const;
const PUNCTUATION = '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~';

/**
 * Secrets Manager on files. `<folder>/<name>` contains only the current value and is readable only by this user. To
 * rotate a secret by hand, move its file to `<name>.previous` and write a new one; each call reads the files again.
 */
export class LocalSecrets {
  private readonly secrets: ReadonlyMap<string, Resource>; // keyed by name and by ARN

  constructor(
    secrets: readonly Resource[],
    private readonly folder: string,
  ) {
    this.secrets = new Map(
      secrets.flatMap((secret) => [[secret.name, secret] as const, [secret.arn, secret] as const]),
    );
  }

  /** Creates the values that do not exist yet. */
  async create(): Promise<void> {
    await mkdir(this.folder, { recursive: true, mode: 0o700 });
    for (const secret of new Set(this.secrets.values())) {
      const file = this.file(secret);
      if (await stat(file).catch(() => undefined)) continue;
      await replaceFile(file, initialValue(secret));
    }
  }

  /** Returns the file of a secret given by name or ARN. */
  fileOf(id: string): string | undefined {
    const secret = this.secrets.get(id);
    return secret && this.file(secret);
  }

  readonly answer: Service = async (operation, input) => {
    if (!OPERATIONS.has(operation)) throw unknownOperation('secretsmanager', operation);
    const secret = this.secrets.get(required(input, 'SecretId'));
    if (!secret) throw notFound('the specified secret');
    switch (operation) {
      case 'GetSecretValue':
        return this.valueOf(secret, input);
      case 'ListSecretVersionIds':
        return { ARN: secret.arn, Name: secret.name, Versions: await this.versions(secret) };
      case 'PutSecretValue':
        return this.put(secret, required(input, 'SecretString'));
      case 'UpdateSecretVersionStage':
        return this.removePrevious(secret, input);
      default:
        throw unknownOperation('secretsmanager', operation);
    }
  };

  /** The versions with a stage, the current one first. */
  private async versions(secret: Resource): Promise<readonly { VersionId: string; VersionStages: string[] }[]> {
    const found = await Promise.all(
      STAGES.map(async ([label, suffix]) => {
        const file = this.file(secret) + suffix;
        const value = await readFile(file, 'utf8').catch(() => undefined);
        if (value === undefined) return [];
        const CreatedDate = Math.floor((await stat(file)).mtimeMs / 1000);
        return [{ VersionId: versionOf(value), VersionStages: [label], CreatedDate }];
      }),
    );
    return found.flat();
  }

  /** Makes the current value the previous one. The order of the two steps keeps a current value at all times. */
  private async put(secret: Resource, value: string): Promise<object> {
    const file = this.file(secret);
    const { mtime } = await stat(file);
    await replaceFile(`${file}.previous`, await readFile(file, 'utf8'));
    await utimes(`${file}.previous`, mtime, mtime); // the time of a version is that of its creation
    await replaceFile(file, value);
    return { ARN: secret.arn, Name: secret.name, VersionId: versionOf(value), VersionStages: ['AWSCURRENT'] };
  }

  private async removePrevious(secret: Resource, input: unknown): Promise<object> {
    const { VersionStage, RemoveFromVersionId, MoveToVersionId } = Object(input);
    if (VersionStage !== 'AWSPREVIOUS' || MoveToVersionId !== undefined)
      throw new AwsError('InvalidParameterException', 'only the stage AWSPREVIOUS can be removed locally');
    const previous = (await this.versions(secret)).find(({ VersionStages }) => VersionStages.includes('AWSPREVIOUS'));
    if (previous?.VersionId !== RemoveFromVersionId)
      throw new AwsError('InvalidParameterException', `the version ${RemoveFromVersionId} is not AWSPREVIOUS`);
    await rm(`${this.file(secret)}.previous`);
    return { ARN: secret.arn, Name: secret.name };
  }

  private async valueOf(secret: Resource, input: unknown): Promise<object> {
    const stage = Object(input).VersionStage ?? 'AWSCURRENT';
    const wanted: unknown = Object(input).VersionId;
    for (const [label, suffix] of STAGES) {
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
  }

  private file(secret: Resource): string {
    return path.join(this.folder, secret.name.replace(/[^\w.+=@-]/g, '_'));
  }
}

const notFound = (what: string) => new AwsError('ResourceNotFoundException', `Secrets Manager can't find ${what}.`);

/** Derives a version id, which has 32 to 64 characters, from the value: equal values have equal ids. */
const versionOf = (value: string) => createHash('sha256').update(value).digest('hex').slice(0, 32);

/**
 * Generates a value. @see CloudFormation, AWS::SecretsManager::Secret GenerateSecretString: it has a character of each
 * kind
 */
function initialValue({ logicalId, properties }: Resource): string {
  if (!properties.GenerateSecretString)
    throw new LocalError(`${logicalId}: a secret without a generated value is not implemented locally`);
  const { PasswordLength = 32, ExcludePunctuation = false } = Object(properties.GenerateSecretString);
  const kinds = String(ExcludePunctuation) === 'true' ? KINDS : [...KINDS, PUNCTUATION]; // boolean or text
  const all = kinds.join('');
  const length = Number(PasswordLength);
  if (kinds.length > length) throw new LocalError(`${logicalId}: a secret of ${length} characters is too short`);
  for (;;) {
    const password = Array.from({ length }, () => all[randomInt(all.length)]).join('');
    // Redrawing keeps all allowed passwords equally likely.
    if (kinds.every((kind) => [...kind].some((character) => password.includes(character)))) return password;
  }
}
