import path from 'node:path';
import { DynamoDB } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { type LocalDynamo, startDynoxide } from '../../../../workbench/local-aws/services/dynoxide.ts';
import { KEYS } from '../../../support/dynamodb.ts';
import { aFolder } from '../../../support/folder.ts';
import { type Served, serve } from '../serve.ts';

const TableName = 'things';
const Key = { pk: { S: 'a' }, sk: { S: 'b' } };
const TEXT = 'é😀\u2028\u2029\n\\ud800 "quoted"';
const Item = { ...Key, text: { S: TEXT.repeat(8_000) }, bytes: { B: new Uint8Array([0, 255]) }, n: { N: '1' } };
const ABSENT = 'attribute_not_exists(pk)';

let dynamo: LocalDynamo;
let server: Served;
let client: DynamoDB;
beforeAll(async () => {
  const folder = aFolder();
  dynamo = await startDynoxide(folder, path.join(folder, 'log'), () => undefined);
  server = await serve({ json: { DynamoDB_20120810: dynamo.answer } });
  client = server.client(DynamoDB);
  await client.createTable({ TableName, BillingMode: 'PAY_PER_REQUEST', ...KEYS });
  await client.putItem({ TableName, Item });
});
afterAll(async () => {
  await server.close();
  await dynamo.close();
});

describe("DynamoDB's API through the pipes of dynoxide", () => {
  it('keeps every kind of value unchanged', async () => {
    expect((await client.getItem({ TableName, Key, ConsistentRead: true })).Item).toEqual(Item);
  });

  it('returns the item that failed a condition', async () => {
    const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
    const failed = { TableName, ConditionExpression: ABSENT, ReturnValuesOnConditionCheckFailure } as const;
    for (const write of [
      client.putItem({ ...failed, Item: Key }),
      client.updateItem({ ...failed, Key, UpdateExpression: 'REMOVE n' }),
      client.deleteItem({ ...failed, Key }),
    ])
      await expect(write).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item });
    const silent = client.putItem({ TableName, Item: Key, ConditionExpression: ABSENT });
    await expect(silent).rejects.toMatchObject({ name: 'ConditionalCheckFailedException', Item: undefined });
  });

  it('names the reasons of a cancelled transaction, in the order of its items', async () => {
    const TransactItems = [
      { Put: { TableName, Item: { pk: { S: 'c' }, sk: { S: 'c' } } } },
      { ConditionCheck: { TableName, Key, ConditionExpression: ABSENT } },
    ];
    await expect(client.transactWriteItems({ TransactItems })).rejects.toMatchObject({
      name: 'TransactionCanceledException',
      CancellationReasons: [{ Code: 'None' }, { Code: 'ConditionalCheckFailed' }],
    });
  });

  it('queries tables and indexes, with counts, limits and pages', async () => {
    const byDay = { IndexName: 'byDay', KeyConditionExpression: '#d = :d', ExpressionAttributeNames: { '#d': 'day' } };
    for (const n of ['1', '2', '3'])
      await client.putItem({
        TableName,
        Item: { pk: { S: n }, sk: { S: 'x' }, day: { S: 'monday' }, firstReceivedAtMs: { N: n } },
      });
    const query = { TableName, ...byDay, ExpressionAttributeValues: { ':d': { S: 'monday' } }, Limit: 2 };
    const first = await client.query({ ...query, ScanIndexForward: false });
    expect(first.Items?.map(({ pk }) => pk?.S)).toEqual(['3', '2']);
    const next = await client.query({ ...query, ScanIndexForward: false, ExclusiveStartKey: first.LastEvaluatedKey });
    expect(next.Items?.map(({ pk }) => pk?.S)).toEqual(['1']);
    expect((await client.query({ ...query, Select: 'COUNT', Limit: undefined })).Count).toBe(3);
  });

  it('reports unsupported operations in the terms of DynamoDB', async () => {
    await expect(client.getItem({ TableName: 'nothing', Key })).rejects.toMatchObject({
      name: 'ResourceNotFoundException',
    });
    await expect(client.listBackups()).rejects.toMatchObject({ name: 'UnknownOperationException' });
    await expect(client.getItem({ TableName, Key, AttributesToGet: ['n'] })).rejects.toThrow(/AttributesToGet is not/);
    const half = { ...Key, text: { S: '\ud800' } };
    await expect(client.putItem({ TableName, Item: half })).rejects.toMatchObject({ name: 'SerializationException' });
  });

  it('answers many calls at once, alone and in batches', async () => {
    const ReturnValuesOnConditionCheckFailure = 'ALL_OLD';
    const failed = { TableName, Item: Key, ConditionExpression: ABSENT, ReturnValuesOnConditionCheckFailure } as const;
    const calls = Array.from({ length: 60 }, (_, n) =>
      n % 3 === 0
        ? client.putItem(failed).catch((error) => error.Item?.n?.N)
        : client.getItem({ TableName, Key }).then((answer) => answer.Item?.n?.N),
    );
    expect(new Set(await Promise.all(calls))).toEqual(new Set(['1']));
  });
});
