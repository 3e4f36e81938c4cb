import { chmodSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DescribeContainerInstancesCommand, ECSClient, ListClustersCommand } from '@aws-sdk/client-ecs';
import {
  EventBridgeClient,
  ListRulesCommand,
  PutEventsCommand,
  type PutEventsRequestEntry,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteDeliveryStreamCommand,
  FirehoseClient,
  PutRecordBatchCommand,
  PutRecordCommand,
} from '@aws-sdk/client-firehose';
import { GetSecretValueCommand, ListSecretsCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type AwsServer, startAwsServer } from '../../../lib/local/aws-server.ts';
import { EventBus } from '../../../lib/local/event-bus.ts';
import { LocalQueue } from '../../../lib/local/queues.ts';
import { type EcsApi, ecsService } from '../../../lib/local/services/ecs.ts';
import { LocalFirehose } from '../../../lib/local/services/firehose.ts';
import { LocalSecrets } from '../../../lib/local/services/secrets.ts';
import type { Resource } from '../../../lib/local/template.ts';
import { aFolder, notices, VirtualClock } from './support.ts';

const clock = new VirtualClock(Date.parse('2026-11-22T23:59:59.500Z'));
const resource = (name: string, properties: Resource['properties']): Resource => ({
  logicalId: name,
  type: 'x',
  name,
  arn: `arn:of:${name}`,
  properties,
});
const stream = (name: string, Prefix: string) =>
  resource(name, { DeliveryStreamType: 'DirectPut', ExtendedS3DestinationConfiguration: { Prefix } });

const results = aFolder();
const firehose = new LocalFirehose(
  [stream('answers', 'results/!{timestamp:yyyy}/'), stream('junk', 'mayfly/quarantine/day=!{timestamp:dd}/')],
  results,
  clock,
  notices().notify,
);
const secretsFolder = path.join(aFolder(), 'secrets');
const secrets = new LocalSecrets(
  [
    resource('enroll', { GenerateSecretString: { PasswordLength: 48, ExcludePunctuation: true } }),
    resource('json', {
      GenerateSecretString: {
        SecretStringTemplate: '{"user":"a"}',
        GenerateStringKey: 'password',
        ExcludeCharacters: '"\\',
      },
    }),
    resource('narrow', {
      GenerateSecretString: {
        PasswordLength: 8,
        ExcludeUppercase: true,
        ExcludeLowercase: true,
        ExcludePunctuation: true,
        ExcludeCharacters: '0123456',
      },
    }),
  ],
  secretsFolder,
);
let ecsApi: EcsApi | undefined;
let queue: LocalQueue;
let server: AwsServer;
const clients: { destroy(): void }[] = [];

beforeAll(async () => {
  await secrets.create();
  const config = { name: 'q', arn: 'arn:q', visibilityTimeoutMs: 1000, retentionMs: 1e9, delayMs: 0 };
  queue = await LocalQueue.open(path.join(aFolder(), 'q'), config, clock, notices().notify);
  const matches = (event: unknown) => Object(event).source !== 'unwanted';
  const bus = new EventBus(
    [{ bus: 'default', matches, targets: [queue] }],
    { account: '000000000000', region: 'us-east-1' },
    clock,
  );
  const ecs = (operation: string, input: unknown) => ecsService(ecsApi)(operation, input);
  server = await startAwsServer(
    {
      Firehose_20150804: firehose.answer,
      secretsmanager: secrets.answer,
      AmazonEC2ContainerServiceV20141113: ecs,
      AWSEvents: bus.answer,
    },
    bus,
  );
});

afterAll(async () => {
  for (const client of clients) client.destroy();
  await server.close();
  await firehose.close();
  await queue.close();
});

function client<T extends { destroy(): void }>(Client: new (options: object) => T): T {
  const made = new Client({
    endpoint: server.url,
    region: 'us-east-1',
    maxAttempts: 1,
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
  });
  clients.push(made);
  return made;
}

const received = () => {
  const messages = queue.receive(100);
  return messages.map(({ body }) => JSON.parse(body));
};
const post = (body: string, headers: Record<string, string> = {}) =>
  fetch(`${server.url}/events`, { method: 'POST', body, headers });

describe('Firehose', () => {
  const send = (command: PutRecordBatchCommand) => client(FirehoseClient).send(command);
  const records = (...lines: string[]) => lines.map((line) => ({ Data: Buffer.from(line) }));

  it("has records in the day's file of the stream's prefix when it answers, a new file after midnight UTC", async () => {
    const first = await send(
      new PutRecordBatchCommand({ DeliveryStreamName: 'answers', Records: records('{"a":1}\n', '{"b":"ü"}\n') }),
    );
    expect(first).toMatchObject({
      FailedPutCount: 0,
      RequestResponses: [{ RecordId: expect.any(String) }, { RecordId: expect.any(String) }],
    });
    expect(readFileSync(path.join(results, 'results', '2026-11-22.ndjson'), 'utf8')).toBe('{"a":1}\n{"b":"ü"}\n');
    clock.advance(500);
    await client(FirehoseClient).send(
      new PutRecordCommand({ DeliveryStreamName: 'answers', Record: { Data: Buffer.from('{"c":3}\n') } }),
    );
    expect(readFileSync(path.join(results, 'results', '2026-11-23.ndjson'), 'utf8')).toBe('{"c":3}\n');
  });

  it('keeps each stream apart', async () => {
    await send(new PutRecordBatchCommand({ DeliveryStreamName: 'junk', Records: records('{"x":1}\n') }));
    expect(readFileSync(path.join(results, 'mayfly', 'quarantine', '2026-11-23.ndjson'), 'utf8')).toBe('{"x":1}\n');
  });

  it.each<[string, string, Parameters<typeof records>, string]>([
    ['an unknown stream', 'other', ['x'], 'ResourceNotFoundException'],
    ['more than 500 records', 'answers', Array<string>(501).fill('x'), 'ValidationException'],
    ['a record over 1000 KiB', 'answers', ['x'.repeat(1_024_001)], 'InvalidArgumentException'],
    ['more than 4 MiB', 'answers', Array<string>(5).fill('x'.repeat(1_000_000)), 'InvalidArgumentException'],
  ])('refuses %s as AWS does', async (_, DeliveryStreamName, lines, name) => {
    await expect(
      send(new PutRecordBatchCommand({ DeliveryStreamName, Records: records(...lines) })),
    ).rejects.toMatchObject({ name });
  });

  it('names what it does not implement', async () => {
    const deletion = client(FirehoseClient).send(new DeleteDeliveryStreamCommand({ DeliveryStreamName: 'answers' }));
    await expect(deletion).rejects.toMatchObject({
      name: 'UnknownOperationException',
      message: 'firehose DeleteDeliveryStream is not implemented locally',
    });
  });

  it('needs a prefix that begins with a folder of its own', () => {
    const make = (...streams: Resource[]) => new LocalFirehose(streams, results, clock, notices().notify);
    expect(() => make(stream('a', '!{timestamp:yyyy}/'))).toThrow(/a: locally a delivery stream must be DirectPut/);
    expect(() => make(stream('a', '../outside/'))).toThrow(/a: locally/);
    expect(() => make(stream('a', 'x/'), stream('b', 'x/'))).toThrow('two delivery streams have the same prefix');
  });
});

describe('Secrets Manager', () => {
  const get = (input: { SecretId: string; VersionStage?: string; VersionId?: string }) =>
    client(SecretsManagerClient).send(new GetSecretValueCommand(input));

  it('makes values as the template asks, once, for the user alone', async () => {
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

  it('puts a value into its JSON template, and leaves out what is excluded', async () => {
    expect(JSON.parse((await get({ SecretId: 'json' })).SecretString ?? '')).toEqual({
      user: 'a',
      password: expect.stringMatching(/^[^"\\]{32}$/),
    });
    expect((await get({ SecretId: 'narrow' })).SecretString).toMatch(/^[789]{8}$/);
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

  it('knows no other secret and no other operation', async () => {
    await expect(get({ SecretId: '../certificate.key' })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
    await expect(client(SecretsManagerClient).send(new ListSecretsCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });
});

describe('ECS', () => {
  const describeInstances = (...containerInstances: string[]) =>
    client(ECSClient).send(new DescribeContainerInstancesCommand({ cluster: 'c', containerInstances }));

  it('misses every instance where there is no cluster', async () => {
    ecsApi = undefined;
    expect(await describeInstances('a', 'b')).toMatchObject({
      containerInstances: [],
      failures: [
        { arn: 'a', reason: 'MISSING' },
        { arn: 'b', reason: 'MISSING' },
      ],
    });
    await expect(client(ECSClient).send(new ListClustersCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
  });

  it('is answered by the simulated cluster, instants included', async () => {
    const registeredAt = new Date('2026-11-22T10:00:00Z');
    const asked: unknown[] = [];
    ecsApi = async (...call) => {
      asked.push(call);
      return { containerInstances: [{ containerInstanceArn: 'a', ec2InstanceId: 'i-1', registeredAt }], failures: [] };
    };
    expect((await describeInstances('a')).containerInstances).toEqual([
      { containerInstanceArn: 'a', ec2InstanceId: 'i-1', registeredAt },
    ]);
    expect(asked).toEqual([['DescribeContainerInstances', { cluster: 'c', containerInstances: ['a'] }]]);
  });

  it("passes on the cluster's exceptions by name, and takes anything else for a failure of the service", async () => {
    ecsApi = async () => {
      throw Object.assign(new Error('Rate exceeded'), { name: 'ThrottlingException' });
    };
    await expect(describeInstances('a')).rejects.toMatchObject({
      name: 'ThrottlingException',
      message: 'Rate exceeded',
    });
    ecsApi = async () => {
      throw new TypeError('a bug');
    };
    await expect(describeInstances('a')).rejects.toMatchObject({
      name: 'InternalFailure',
      $metadata: { httpStatusCode: 500 },
    });
  });

  it('takes 1 to 100 ids', async () => {
    ecsApi = async () => ({ containerInstances: [], failures: [] });
    await expect(describeInstances(...Array<string>(101).fill('a'))).rejects.toMatchObject({
      name: 'InvalidParameterException',
    });
    await expect(describeInstances()).rejects.toMatchObject({ name: 'InvalidParameterException' });
    await expect(describeInstances(...Array<string>(100).fill('a'))).resolves.toMatchObject({ failures: [] });
  });
});

describe('EventBridge', () => {
  const put = (...Entries: PutEventsRequestEntry[]) =>
    client(EventBridgeClient).send(new PutEventsCommand({ Entries }));
  const entry: PutEventsRequestEntry = {
    Source: 'aws.ecs',
    DetailType: 'ECS Task State Change',
    Detail: '{"version":3}',
  };

  it('makes an event of an entry, sources of AWS included, and has it in the queue when it answers', async () => {
    const answer = await put({ ...entry, Resources: ['arn:task'], Time: new Date('2026-11-22T10:00:00.900Z') }, entry);
    expect(answer.FailedEntryCount).toBe(0);
    expect(received()).toEqual([
      {
        version: '0',
        id: answer.Entries?.[0]?.EventId,
        'detail-type': 'ECS Task State Change',
        source: 'aws.ecs',
        account: '000000000000',
        time: '2026-11-22T10:00:00Z',
        region: 'us-east-1',
        resources: ['arn:task'],
        detail: { version: 3 },
      },
      expect.objectContaining({ id: answer.Entries?.[1]?.EventId, time: '2026-11-23T00:00:00Z', resources: [] }),
    ]);
  });

  it('fails single entries as AWS does, and takes the others', async () => {
    const answer = await put({ ...entry, Source: '' }, { ...entry, Detail: '[1]' }, { ...entry, Detail: '{' }, entry, {
      Source: 'a',
      DetailType: 'b',
    });
    expect(answer).toMatchObject({
      FailedEntryCount: 4,
      Entries: [
        {
          ErrorCode: 'InvalidArgument',
          ErrorMessage: 'Parameter Source is not valid. Reason: Source is a required argument.',
        },
        { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' },
        { ErrorCode: 'MalformedDetail' },
        { EventId: expect.any(String) },
        { ErrorCode: 'InvalidArgument' },
      ],
    });
    expect(received()).toHaveLength(1);
  });

  it('refuses more than 10 entries, and more than 1 MB in all', async () => {
    await expect(put(...Array<PutEventsRequestEntry>(11).fill(entry))).rejects.toMatchObject({
      name: 'ValidationException',
    });
    const half = { ...entry, Detail: JSON.stringify({ text: 'x'.repeat(600_000) }) };
    await expect(put(half, half)).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('over the limit'),
    });
    expect(received()).toEqual([]);
  });

  it('drops what no rule wants and what goes to a bus that does not exist', async () => {
    expect(await put({ ...entry, Source: 'unwanted' }, { ...entry, EventBusName: 'nowhere' })).toMatchObject({
      FailedEntryCount: 0,
    });
    expect(received()).toEqual([]);
    await put({ ...entry, EventBusName: 'arn:aws:events:us-east-1:000000000000:event-bus/default' });
    expect(received()).toHaveLength(1);
  });

  it('takes whole events over HTTP as they are, one or many', async () => {
    const event = {
      version: '0',
      id: 'i1',
      'detail-type': 'T',
      source: 'aws.ec2',
      account: '111122223333',
      time: '2026-01-01T00:00:00Z',
      region: 'eu-west-1',
      resources: [],
      detail: { a: 1 },
    };
    expect(await (await post(JSON.stringify(event))).json()).toEqual({ accepted: 1 });
    expect(await (await post(JSON.stringify([event, { source: 's', 'detail-type': 'd', detail: {} }]))).json()).toEqual(
      { accepted: 2 },
    );
    expect(received()).toEqual([
      event,
      event,
      expect.objectContaining({ source: 's', account: '000000000000', time: '2026-11-23T00:00:00Z' }),
    ]);
  });

  it.each<[string, string]>([
    ['no JSON', '{'],
    ['no object', '[5]'],
    ['an event without detail', '{"source":"s","detail-type":"d"}'],
    ['an event whose id is a number', '{"source":"s","detail-type":"d","detail":{},"id":5}'],
    ['a good event beside a bad one', '[{"source":"s","detail-type":"d","detail":{}},{"source":5}]'],
  ])('refuses %s, and queues nothing of it', async (_, body) => {
    expect((await post(body)).status).toBe(400);
    expect(received()).toEqual([]);
  });

  it('names what it does not implement', async () => {
    await expect(client(EventBridgeClient).send(new ListRulesCommand({}))).rejects.toMatchObject({
      name: 'UnknownOperationException',
    });
    expect((await fetch(`${server.url}/other`)).status).toBe(400);
  });

  it('answers no web page, whether it says so or comes under another host name', async () => {
    const event = '{"source":"s","detail-type":"d","detail":{}}';
    expect((await post(event, { origin: 'https://evil.example' })).status).toBe(403);
    expect(received()).toEqual([]);
  });
});
