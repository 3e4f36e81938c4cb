import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { FirehoseClient, PutRecordCommand } from '@aws-sdk/client-firehose';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  type LocalMayfly,
  type LocalOptions,
  type RunCredentials,
  signedHeaders,
  startLocal,
} from '../../../workbench/local-aws/index.ts';
import { isRunning, parseIdentity } from '../../../workbench/local-aws/machine/data-folder.ts';
import type { AwsApi } from '../../../workbench/local-aws/services/aws-world.ts';
import { aFolder } from '../../support/folder.ts';
import { notices, until, VirtualClock } from './support.ts';
import { synthesizeTinyApp } from './tiny-app.ts';

/** The settings of every client of a runner. */
const as = ({ credentials }: { credentials: RunCredentials }) => ({ region: 'us-east-1', credentials });
const ITEM = { pk: { S: 'a' }, sk: { S: 'b' } };

let app: { assembly: string; out: string };
let running: LocalMayfly | undefined;
let data: string;

beforeAll(() => {
  app = synthesizeTinyApp(aFolder());
});
afterAll(() => running?.close());

/** Starts the tiny app; stops an earlier runner of this file first. */
async function start(options: Partial<LocalOptions> = {}): Promise<LocalMayfly> {
  await running?.close();
  data = options.data ?? path.join(aFolder(), 'data');
  running = await startLocal({ assembly: app.assembly, data, port: 0, ...options });
  return running;
}

const consumed = () =>
  existsSync(app.out)
    ? readFileSync(app.out, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line))
    : [];
const wanted = (detail: object) => ({
  source: 'aws.ecs',
  'detail-type': 'ECS Task State Change',
  detail: { kind: 'wanted', ...detail },
});

function get(
  { url, certificate }: LocalMayfly,
  target: string,
  body?: Buffer,
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const request = https.request(
      `${url}${target}`,
      { method: body ? 'POST' : 'GET', ca: readFileSync(certificate), agent: false },
      (incoming) => {
        let text = '';
        incoming.setEncoding('utf8').on('data', (chunk) => {
          text += chunk;
        });
        incoming.once('end', () => resolve({ status: incoming.statusCode ?? 0, text }));
      },
    );
    request.once('error', reject).end(body);
  });
}

describe('a stack that runs locally', () => {
  it('serves its API over HTTPS, with its own gateway responses', async () => {
    const mayfly = await start();
    const { status, text } = await get(mayfly, '/prod/v1/enroll', Buffer.from([0xff, 0x00]));
    expect([status, JSON.parse(text)]).toEqual([200, { path: '/v1/enroll', body: '/wA=', isBase64Encoded: true }]);
    expect(await get(mayfly, '/crash')).toEqual({ status: 500, text: 'come again' });
  });

  it("gives its functions the template's environment, with local services instead of AWS", async () => {
    const mayfly = running ?? (await start());
    const env = JSON.parse((await get(mayfly, '/env')).text);
    expect(env).toMatchObject({
      TABLE_NAME: mayfly.tableName,
      SECRET_ARN: expect.stringMatching(/^arn:aws:secretsmanager:us-east-1:111122223333:secret:Tiny-EnrollSecret/),
      AWS_REGION: 'us-east-1',
      AWS_LAMBDA_FUNCTION_NAME: expect.stringMatching(/^Tiny-Edge/),
      AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x',
      AWS_ENDPOINT_URL: mayfly.events,
      AWS_ENDPOINT_URL_DYNAMODB: mayfly.dynamodb,
      AWS_ENDPOINT_URL_FIREHOSE: mayfly.events,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: mayfly.events,
      AWS_ENDPOINT_URL_ECS: mayfly.events,
      AWS_ENDPOINT_URL_EC2: mayfly.events,
      AWS_ENDPOINT_URL_AUTO_SCALING: mayfly.events,
      AWS_EC2_METADATA_DISABLED: 'true',
    });
    expect(env).not.toHaveProperty('HOME');
    expect(readFileSync(mayfly.enrollSecret, 'utf8')).toMatch(/^[A-Za-z0-9]{40}$/);
  });

  it('routes events through its rules to its functions, on any bus', async () => {
    const mayfly = running ?? (await start());
    const client = new EventBridgeClient({ endpoint: mayfly.events, ...as(mayfly) });
    const entry = (Source: string, kind: string, EventBusName?: string) => ({
      Source,
      DetailType: 'T',
      Detail: JSON.stringify({ kind }),
      EventBusName,
    });
    await client.send(
      new PutEventsCommand({
        Entries: [
          entry('aws.ecs', 'wanted'),
          entry('aws.ecs', 'unwanted'),
          entry('my.app', 'custom', 'tiny'),
          entry('my.app', 'wrong bus'),
        ],
      }),
    );
    client.destroy();
    await mayfly.putEvents([wanted({ n: 2 })]);
    await mayfly.idle();
    expect(consumed()).toEqual(
      expect.arrayContaining([
        { source: 'aws.ecs', kind: 'wanted' },
        { source: 'my.app', kind: 'custom' },
        { source: 'aws.ecs', kind: 'wanted', n: 2 },
      ]),
    );
    expect(consumed()).toHaveLength(3);
  });

  describe('with an account', () => {
    const clock = new VirtualClock();
    const { seen, notify } = notices();
    const page = (id: string, more = {}) => ({ Reservations: [{ Instances: [{ InstanceId: id }] }], ...more });
    let ecs: AwsApi = async () => ({ clusterArns: ['arn:cluster'] });
    beforeAll(async () => {
      await start({
        clock,
        world: {
          ecs: (operation, input) => ecs(operation, input),
          ec2: async (_, input) =>
            Object(input).NextToken === 'two' ? page('i-2') : page('i-1', { NextToken: 'two' }),
          autoScaling: async () => ({}),
        },
        onEvent: notify,
      });
    });

    it('runs scheduled functions against it', async () => {
      clock.advance(60_000);
      const swept = () => consumed().filter(({ source }) => source === 'my.sweep');
      await until(() => swept().length === 1);
      const rule = expect.stringMatching(/^arn:aws:events:us-east-1:111122223333:rule\/Tiny-EveryMinute/);
      const event = expect.objectContaining({
        'detail-type': 'Scheduled Event',
        time: '2026-11-22T12:01:00Z',
        resources: [rule],
      });
      const account = { clusterArns: ['arn:cluster'], instances: ['i-1', 'i-2'], completed: true };
      expect(swept()).toEqual([{ source: 'my.sweep', event, ...account }]);
      clock.advance(2 * 3_600_000 - 60_000);
      await until(() => swept().length === 3);
      const input = { full: expect.stringMatching(/^Tiny-Sweep/) };
      expect(swept()).toContainEqual({ source: 'my.sweep', event: input, ...account });
    });

    it('reports a scheduled run that fails, and ends one that hangs when it is closed', async () => {
      let asked = 0;
      const gone = Object.assign(new Error('gone'), { name: 'AccessDeniedException' });
      ecs = () => (++asked === 1 ? Promise.reject(gone) : new Promise(() => undefined));
      const sweep = { kind: 'function-error', function: expect.stringMatching(/^Tiny-Sweep/) };
      clock.advance(60_000);
      await until(() => seen.length === 1);
      expect(seen[0]).toEqual({ ...sweep, errorType: 'AccessDeniedException', message: 'gone' });
      clock.advance(60_000);
      await until(() => asked === 2);
      await running?.close();
      expect(seen[1]).toMatchObject({ ...sweep, errorType: 'Runtime.Closed' });
    });
  });

  it('has an empty account by default', async () => {
    const clock = new VirtualClock();
    const before = consumed().length;
    const mayfly = await start({ clock });
    clock.advance(60_000);
    await until(() => consumed().length > before);
    expect(consumed().at(-1)).toMatchObject({ clusterArns: [], instances: [], completed: 'ValidationError' });
    await mayfly.close();
    running = undefined;
  });

  it('refuses a second runner on its data folder or port, before the app is synthesized', async () => {
    const mayfly = running ?? (await start());
    const assembly = () => Promise.reject(new Error('synthesized'));
    await expect(startLocal({ assembly, data, port: 0 })).rejects.toThrow(
      `${data} is in use by process ${process.pid}`,
    );
    const port = Number(new URL(mayfly.url).port);
    const other = path.join(aFolder(), 'data');
    await expect(startLocal({ assembly, data: other, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    await expect(startLocal({ assembly, data: other, port: 0 })).rejects.toThrow('synthesized'); // the folder is free again
    expect(existsSync(path.join(other, 'runner.lock'))).toBe(false);
  });

  it('ends within two seconds even if a function hangs and an event fails, and delivers the event at the next start', async () => {
    const mayfly = running ?? (await start());
    const released = path.join(aFolder(), 'released');
    await mayfly.putEvents([wanted({ id: 'survivor', until: released })]);
    const dynoxide = parseIdentity(readFileSync(path.join(data, 'dynoxide.pid'), 'utf8'));
    const hanging = get(mayfly, '/hang').catch((error) => error.code);
    await until(async () => JSON.parse((await get(mayfly, '/hanging')).text));
    const begun = performance.now();
    await mayfly.close();
    expect(await hanging).toBe('ECONNRESET');
    expect(performance.now() - begun).toBeLessThan(2000);
    expect(dynoxide && isRunning(dynoxide)).toBe(false);
    expect(existsSync(path.join(data, 'runner.lock'))).toBe(false);

    writeFileSync(released, '');
    await (await start({ data })).idle();
    expect(consumed().filter(({ id }) => id === 'survivor')).toHaveLength(1);
  });

  it('survives kill -9: nothing acknowledged is lost, and no process remains', async () => {
    const folder = path.join(aFolder(), 'data');
    const released = path.join(aFolder(), 'released');
    const { child, ready } = await aRunnerProcess(folder);
    const dynamo = new DynamoDB({ endpoint: ready.dynamodb, ...as(ready) });
    await dynamo.putItem({ TableName: ready.tableName, Item: ITEM });
    const firehose = new FirehoseClient({ endpoint: ready.events, ...as(ready) });
    await firehose.send(
      new PutRecordCommand({ DeliveryStreamName: streamName(), Record: { Data: Buffer.from('{"result":1}\n') } }),
    );
    const events = Array.from({ length: 30 }, (_, n) => wanted({ id: `killed-${n}`, until: released }));
    const url = new URL(`${ready.events}/events`);
    const body = JSON.stringify(events);
    await fetch(url, { method: 'POST', body, headers: await signedHeaders(url, body, ready.credentials) });
    const dynoxide = parseIdentity(readFileSync(path.join(folder, 'dynoxide.pid'), 'utf8'));
    expect(dynoxide && isRunning(dynoxide)).toBe(true);

    child.kill('SIGKILL');
    await until(() => dynoxide && !isRunning(dynoxide));
    writeFileSync(released, '');
    const mayfly = await start({ data: folder });
    await mayfly.idle();
    const ids = consumed().flatMap(({ id }) => (String(id).startsWith('killed-') ? [id] : []));
    expect(new Set(ids).size).toBe(30);
    const again = new DynamoDB({ endpoint: mayfly.dynamodb, ...as(mayfly) });
    expect((await again.getItem({ TableName: mayfly.tableName, Key: ITEM })).Item).toEqual(ITEM);
    const day = new Date().toISOString().slice(0, 10);
    expect(readFileSync(path.join(mayfly.results, 'results', `${day}.ndjson`), 'utf8')).toBe('{"result":1}\n');
    for (const client of [dynamo, firehose, again]) client.destroy();
  });

  it('uses another DynamoDB if one is given', async () => {
    const dynamodbEndpoint = process.env.TEST_DYNAMODB_ENDPOINT ?? ''; // the one of this test run
    const other = await startLocal({ assembly: app.assembly, data: aFolder(), port: 0, dynamodbEndpoint });
    expect(other.dynamodb).toBe(dynamodbEndpoint);
    const client = new DynamoDB({ endpoint: dynamodbEndpoint, ...as(other) });
    expect((await client.listTables()).TableNames).toContain(other.tableName);
    client.destroy();
    await other.close();
  });
});

function streamName(): string {
  const { Resources } = JSON.parse(readFileSync(path.join(app.assembly, 'Tiny.template.json'), 'utf8'));
  const [id] = Object.keys(Resources).filter((key) => Resources[key].Type === 'AWS::KinesisFirehose::DeliveryStream');
  return `Tiny-${id}`;
}

async function aRunnerProcess(
  folder: string,
): Promise<{ child: ChildProcess; ready: Pick<LocalMayfly, 'events' | 'dynamodb' | 'tableName' | 'credentials'> }> {
  const script = fileURLToPath(new URL('./run-local.ts', import.meta.url));
  // With the hooks of this process, which has compiled most of the runner's files.
  const hooks = new URL('../../support/jest/modules.js', import.meta.url).href;
  const child = spawn(process.execPath, ['--import', hooks, script, app.assembly, folder], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_OPTIONS: '' },
  });
  const [line] = await new Promise<[string]>((resolve) =>
    createInterface({ input: child.stdout }).once('line', (text) => resolve([text])),
  );
  return { child, ready: JSON.parse(line) };
}
