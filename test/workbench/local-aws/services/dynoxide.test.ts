import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from '@jest/globals';
import { newCredentials } from '../../../../workbench/local-aws/access/credentials.ts';
import { isRunning, type ProcessIdentity, parseIdentity } from '../../../../workbench/local-aws/machine/data-folder.ts';
import { type LocalDynamo, startDynoxide } from '../../../../workbench/local-aws/services/dynoxide.ts';
import { ensureTable } from '../../../../workbench/local-aws/table.ts';
import type { Resource } from '../../../../workbench/local-aws/template/template.ts';
import { aFolder } from '../../../support/folder.ts';
import { type Served, serve } from '../serve.ts';
import { notices, until } from '../support.ts';

const running: LocalDynamo[] = [];
const servers: Served[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.close();
  for (const dynamo of running.splice(0)) await dynamo.close();
});

async function aDynamo(folder = aFolder()) {
  const { seen, notify } = notices();
  const dynamo = await startDynoxide(folder, path.join(folder, 'logs', 'dynoxide.log'), notify);
  running.push(dynamo);
  const server = await serve({ json: { DynamoDB_20120810: dynamo.answer } });
  servers.push(server);
  const { url: endpoint, credentials } = server;
  const client = server.client(DynamoDB);
  const ensure = (table: Resource) => ensureTable(endpoint, 'us-east-1', table, credentials);
  return { dynamo, client, folder, seen, ensure };
}

const processOf = (folder: string): ProcessIdentity => {
  const identity = parseIdentity(readFileSync(path.join(folder, 'dynoxide.pid'), 'utf8'));
  if (!identity) throw new Error('no pid file');
  return identity;
};

const DEFINITIONS = [
  { AttributeName: 'pk', AttributeType: 'S' },
  { AttributeName: 'sk', AttributeType: 'S' },
];
const TABLE: Resource = {
  logicalId: 'Table',
  type: 'AWS::DynamoDB::Table',
  name: 'things',
  arn: 'arn:things',
  properties: {
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
    AttributeDefinitions: DEFINITIONS,
    TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
  },
};
const ITEM = { pk: { S: 'a' }, sk: { S: 'b' } };

describe('the embedded DynamoDB', () => {
  it("has the template's table, its time to live included, and keeps it and its items from start to start", async () => {
    const { dynamo, client, folder, ensure } = await aDynamo();
    await ensure(TABLE);
    await client.putItem({ TableName: 'things', Item: ITEM });
    expect((await client.describeTimeToLive({ TableName: 'things' })).TimeToLiveDescription).toMatchObject({
      TimeToLiveStatus: 'ENABLED',
      AttributeName: 'expiresAt',
    });
    await dynamo.close();
    const again = await aDynamo(folder);
    await again.ensure(TABLE);
    expect((await again.client.getItem({ TableName: 'things', Key: ITEM })).Item).toEqual(ITEM);
  });

  it('refuses a table of an earlier run with other keys', async () => {
    const { ensure } = await aDynamo();
    await ensure(TABLE);
    const other = {
      ...TABLE,
      properties: { ...TABLE.properties, KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }] },
    };
    await expect(ensure(other)).rejects.toThrow(
      /things .* has the keys pk HASH, sk RANGE, the template wants pk HASH: use another/,
    );
  });

  it('adds an index to a table of an earlier run, and keeps its items', async () => {
    const { client, ensure } = await aDynamo();
    await ensure(TABLE);
    await client.putItem({ TableName: 'things', Item: ITEM });
    const withIndex = {
      ...TABLE,
      properties: {
        ...TABLE.properties,
        AttributeDefinitions: [...DEFINITIONS, { AttributeName: 'day', AttributeType: 'S' }],
        GlobalSecondaryIndexes: [
          {
            IndexName: 'byDay',
            KeySchema: [{ AttributeName: 'day', KeyType: 'HASH' }],
            Projection: { ProjectionType: 'KEYS_ONLY' },
          },
        ],
      },
    };
    for (const _ of ['added', 'found']) await ensure(withIndex);
    await client.putItem({ TableName: 'things', Item: { ...ITEM, pk: { S: 'b' }, day: { S: 'monday' } } });
    const { Items } = await client.query({
      TableName: 'things',
      IndexName: 'byDay',
      KeyConditionExpression: '#day = :day',
      ExpressionAttributeNames: { '#day': 'day' },
      ExpressionAttributeValues: { ':day': { S: 'monday' } },
    });
    expect(Items).toEqual([{ pk: { S: 'b' }, sk: { S: 'b' }, day: { S: 'monday' } }]);
    expect((await client.getItem({ TableName: 'things', Key: ITEM })).Item).toEqual(ITEM);
  });

  it('restarts at the same endpoint with all acknowledged writes when it is killed', async () => {
    const { client, folder, seen, ensure } = await aDynamo();
    await ensure(TABLE);
    await client.putItem({ TableName: 'things', Item: ITEM });
    const before = processOf(folder);
    process.kill(before.pid, 'SIGKILL');
    await until(() => seen.length > 0);
    await until(() => processOf(folder).pid !== before.pid);
    expect(seen).toEqual([{ kind: 'dynamodb-restarted', exit: 'SIGKILL' }]);
    expect((await client.getItem({ TableName: 'things', Key: ITEM })).Item).toEqual(ITEM);
  });

  it('ends with its runner', async () => {
    const { dynamo, folder, seen } = await aDynamo();
    const identity = processOf(folder);
    await dynamo.close();
    expect(isRunning(identity)).toBe(false);
    expect(seen).toEqual([]);
  });

  it('names DYNAMODB_ENDPOINT on a platform without a binary', async () => {
    const platform = Object.getOwnPropertyDescriptor(process, 'platform') ?? {};
    Object.defineProperty(process, 'platform', { value: 'plan9' });
    const started = startDynoxide(aFolder(), 'log', () => undefined);
    Object.defineProperty(process, 'platform', platform);
    await expect(started).rejects.toThrow(
      /no embedded DynamoDB for plan9-.*: set DYNAMODB_ENDPOINT to any other DynamoDB/,
    );
  });

  it('reports an endpoint at which no DynamoDB answers', async () => {
    const nowhere = 'http://127.0.0.1:1';
    await expect(ensureTable(nowhere, 'us-east-1', TABLE, newCredentials())).rejects.toThrow(
      `the DynamoDB at ${nowhere} does not give us the table things: connect ECONNREFUSED`,
    );
  });

  it('is stopped at the next start if an earlier runner left it behind, but never another process with its id', async () => {
    const folder = aFolder();
    const { dynamo: left } = await aDynamo(folder);
    const orphan = processOf(folder);
    running.length = 0; // the runner does not close it
    await aDynamo(folder);
    expect(isRunning(orphan)).toBe(false);
    await left.close();

    const other = aFolder();
    writeFileSync(path.join(other, 'dynoxide.pid'), JSON.stringify({ pid: process.pid, startedAt: 'long ago' }));
    await expect(aDynamo(other)).resolves.toBeDefined(); // this process was not killed
  });
});
