import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LocalSecrets } from '../../../../workbench/local-aws/services/secrets.ts';
import type { Resource } from '../../../../workbench/local-aws/template/template.ts';
import { aFolder } from '../../../support/folder.ts';
import { type Served, serve } from '../serve.ts';

const resource = (name: string, properties: Resource['properties']): Resource => ({
  logicalId: name,
  type: 'x',
  name,
  arn: `arn:of:${name}`,
  properties,
});

const secretsFolder = path.join(aFolder(), 'secrets');
const secrets = new LocalSecrets(
  [
    resource('enroll', { GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true } }),
    resource('default', { GenerateSecretString: {} }),
  ],
  secretsFolder,
);

let server: Served;
beforeAll(async () => {
  await secrets.create();
  server = await serve({ json: { secretsmanager: secrets.answer } });
});
afterAll(() => server.close());

describe('Secrets Manager', () => {
  const get = (input: { SecretId: string; VersionStage?: string; VersionId?: string }) =>
    server.client(SecretsManagerClient).send(new GetSecretValueCommand(input));

  it('generates values as the template defines, once, readable by the user only', async () => {
    const { SecretString, Name, ARN, VersionStages, CreatedDate } = await get({ SecretId: 'enroll' });
    expect(SecretString).toMatch(/^(?=.*[a-z])(?=.*[A-Z])(?=.*\d)[a-zA-Z0-9]{48}$/);
    expect({ Name, ARN, VersionStages }).toEqual({
      Name: 'enroll',
      ARN: 'arn:of:enroll',
      VersionStages: ['AWSCURRENT'],
    });
    expect(CreatedDate).toBeInstanceOf(Date);
    expect(statSync(path.join(secretsFolder, 'enroll')).mode & 0o777).toBe(0o600);
    await secrets.create();
    expect((await get({ SecretId: 'arn:of:enroll' })).SecretString).toBe(SecretString);
    expect(readFileSync(secrets.fileOf('arn:of:enroll') ?? '', 'utf8')).toBe(SecretString);
  });

  it('generates 32 characters with punctuation by default, and rejects too short a length', async () => {
    expect((await get({ SecretId: 'default' })).SecretString).toMatch(/^(?=.*[^a-zA-Z0-9])[!-~]{32}$/);
    const short = new LocalSecrets([resource('short', { GenerateSecretString: { PasswordLength: 3 } })], aFolder());
    await expect(short.create()).rejects.toThrow('short: a secret of 3 characters is too short');
  });

  it('has no previous value until the secret is rotated', async () => {
    await expect(get({ SecretId: 'enroll', VersionStage: 'AWSPREVIOUS' })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    const before = await get({ SecretId: 'enroll' });
    const file = path.join(secretsFolder, 'enroll');
    renameSync(file, `${file}.previous`);
    writeFileSync(file, 'rotated');
    chmodSync(file, 0o600);
    expect(await get({ SecretId: 'enroll' })).toMatchObject({ SecretString: 'rotated' });
    expect(await get({ SecretId: 'enroll', VersionStage: 'AWSPREVIOUS' })).toMatchObject({
      SecretString: before.SecretString,
      VersionStages: ['AWSPREVIOUS'],
    });
    expect(await get({ SecretId: 'enroll', VersionId: before.VersionId ?? '' })).toMatchObject({
      SecretString: before.SecretString,
    });
  });

  it('rejects other secrets and other operations', async () => {
    await expect(get({ SecretId: '../certificate.key' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(server.client(SecretsManagerClient).send(new ListSecretsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });
});
