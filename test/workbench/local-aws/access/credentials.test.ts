import { AutoScaling } from '@aws-sdk/client-auto-scaling';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EC2 } from '@aws-sdk/client-ec2';
import { ECS } from '@aws-sdk/client-ecs';
import { EventBridge } from '@aws-sdk/client-eventbridge';
import { Firehose } from '@aws-sdk/client-firehose';
import { SecretsManager } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  newCredentials,
  type RunCredentials,
  signedHeaders,
} from '../../../../workbench/local-aws/access/credentials.ts';
import { type LocalMayfly, startLocal } from '../../../../workbench/local-aws/index.ts';
import { aFolder } from '../../../support/folder.ts';
import { synthesizeTinyApp } from '../tiny-app.ts';

let mayfly: LocalMayfly;
beforeAll(async () => {
  mayfly = await startLocal({ assembly: synthesizeTinyApp(aFolder()).assembly, data: aFolder(), port: 0 });
});
afterAll(() => mayfly.close());

/** One call to every service on loopback. */
const CALLS: Readonly<Record<string, (options: object) => Promise<unknown>>> = {
  DynamoDB: (options) => new DynamoDB(options).listTables(),
  'Secrets Manager': (options) => new SecretsManager(options).getSecretValue({ SecretId: 'x' }),
  Firehose: (options) =>
    new Firehose(options).putRecord({ DeliveryStreamName: 'x', Record: { Data: Buffer.from('x') } }),
  EventBridge: (options) =>
    new EventBridge(options).putEvents({ Entries: [{ Source: 's', DetailType: 't', Detail: '{}' }] }),
  ECS: (options) => new ECS(options).listClusters(),
  EC2: (options) => new EC2(options).describeInstances(),
  'Auto Scaling': (options) => new AutoScaling(options).describeLifecycleHooks({ AutoScalingGroupName: 'g' }),
};

const optionsFor = (credentials: RunCredentials) => ({
  endpoint: mayfly.events,
  region: 'us-east-1',
  maxAttempts: 1,
  credentials,
});

const status = (call: Promise<unknown>): Promise<number> =>
  call.then(
    () => 200,
    (error) => Object(error).$metadata?.httpStatusCode,
  );

const post = async (headers: Record<string, string>, body = '[]', path = '/events') =>
  (await fetch(`${mayfly.events}${path}`, { method: 'POST', headers, body })).status;

describe('the loopback endpoints', () => {
  it.each(Object.keys(CALLS))('refuse a client of %s without the credential of the run', async (service) => {
    const call = CALLS[service] ?? (() => Promise.resolve());
    expect(await status(call(optionsFor({ accessKeyId: 'local', secretAccessKey: 'local' })))).toBe(403);
    expect(await status(call(optionsFor(newCredentials())))).toBe(403);
    expect(await status(call(optionsFor({ ...mayfly.credentials, accessKeyId: 'other' })))).toBe(403);
    expect(await status(call(optionsFor(mayfly.credentials)))).not.toBe(403);
  });

  it('refuse every unsigned request', async () => {
    const unsigned: Record<string, string>[] = [
      {},
      { 'x-amz-target': 'secretsmanager.GetSecretValue' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { authorization: `Bearer ${mayfly.credentials.secretAccessKey}` },
    ];
    for (const headers of unsigned) expect([await post(headers), await post(headers, '{}', '/')]).toEqual([403, 403]);
  });

  it('refuse a signature for another body, path, host or time', async () => {
    const url = new URL(`${mayfly.events}/events`);
    const sign = (body: string, at = url) => signedHeaders(at, body, mayfly.credentials);
    const { host: _, ...headers } = await sign('[]'); // fetch sets the host itself
    expect(await post(headers)).toBe(200);
    expect(await post(headers, '[{}]')).toBe(403);
    expect(await post(headers, '[]', '/other')).toBe(403);
    expect(await post(await sign('[]', new URL('http://127.0.0.1:1/events')))).toBe(403);
    expect(await post({ ...headers, 'x-amz-date': '20200101T000000Z' })).toBe(403);
    expect(await post({ ...headers, 'x-amz-date': 'soon' })).toBe(403);
  });

  it('require a new credential at each start', () => {
    const [first, second] = [newCredentials(), newCredentials()];
    expect(first.secretAccessKey).toMatch(/^[\w-]{43}$/); // 256 bits
    expect(first.secretAccessKey).not.toBe(second.secretAccessKey);
  });

  it('are the only way to the database: it listens on no port', () => {
    expect(mayfly.dynamodb).toBe(mayfly.events);
  });
});
