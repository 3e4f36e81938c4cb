import { Readable } from 'node:stream';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, GetCommand, PutCommand, QueryCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { batchGet, queryPage, rowOf } from '../../../../lib/aws/table/fast-reads.ts';
import { openTable, type Table } from '../../../../lib/aws/table/table.ts';
import { aTable } from '../../../support/dynamodb.ts';

const KEY = { pk: 'a', sk: '1' };
const ITEM = {
  ...KEY,
  ...{ text: 'é😀\n"', number: -1.5, flag: false, nothing: null, bytes: new Uint8Array([0, 255]) },
  ...{
    texts: new Set(['x', 'y']),
    numbers: new Set([1, 2]),
    list: ['a', 1, { deep: [true] }],
    map: { inner: { n: 1 } },
  },
};

let table: Table;
beforeAll(async () => {
  table = await aTable();
  await table.db.send(new PutCommand({ TableName: table.name, Item: ITEM }));
  await table.db.send(new PutCommand({ TableName: table.name, Item: { ...KEY, sk: '2' } }));
});

const plain = (value: unknown) => expect.objectContaining(Object(value));
const query = (more: object) =>
  queryPage(table, {
    TableName: table.name,
    KeyConditionExpression: 'pk = :pk',
    ExpressionAttributeValues: { ':pk': 'a' },
    ...more,
  });

describe('a plain read', () => {
  it('finds items as the document client does, whatever their values are', async () => {
    const { Item } = await table.db.send(new GetCommand({ TableName: table.name, Key: KEY }));
    const { bytes, ...others } = Object((await batchGet(table, { Keys: [KEY] })).rows[0]);
    expect(new Uint8Array(bytes)).toEqual(ITEM.bytes);
    expect(others).toEqual({ ...Item, bytes: undefined });
    expect((await query({})).rows).toEqual([plain(others), { ...KEY, sk: '2' }]);
  });

  it('follows the pages of a query', async () => {
    const first = await query({ Limit: 1 });
    expect(first.next).toEqual(KEY);
    expect(await query({ ExclusiveStartKey: first.next })).toEqual({ rows: [{ ...KEY, sk: '2' }], next: undefined });
  });

  it('finds nothing under a key without an item', async () => {
    expect(await batchGet(table, { Keys: [{ pk: 'b', sk: '1' }] })).toEqual({ rows: [], unprocessed: [] });
  });

  it('throws the errors of the SDK', async () => {
    const elsewhere = { ...table, name: 'elsewhere' };
    await expect(batchGet(elsewhere, { Keys: [KEY] })).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });

  it('keeps a number as text that JavaScript cannot represent', () => {
    expect(rowOf({ n: { N: '9007199254740993' }, m: { N: '9007199254740991' } })).toEqual({
      n: '9007199254740993',
      m: 9007199254740991,
    });
  });

  it('finds the items of a client that a test mocks', async () => {
    const mocked = openTable('t', new DynamoDBClient({ region: 'eu-west-1' }));
    const mock = mockClient(mocked.db);
    mock.on(QueryCommand).resolves({ Items: [KEY], LastEvaluatedKey: KEY });
    mock.on(BatchGetCommand).resolves({ Responses: { t: [KEY] } });
    expect(await queryPage(mocked, { TableName: 't' })).toEqual({ rows: [KEY], next: KEY });
    expect(await batchGet(mocked, { Keys: [KEY] })).toEqual({ rows: [KEY], unprocessed: [] });
  });

  it('is tried again by the SDK, and names the keys that the table was too busy for', async () => {
    const Keys = [{ pk: { S: 'b' }, sk: { S: '1' } }];
    const replies: [number, object][] = [
      [500, { __type: 'InternalServerError' }],
      [200, { Responses: { t: [{ pk: { S: 'a' }, sk: { S: '1' } }] }, UnprocessedKeys: { t: { Keys } } }],
    ];
    const handle = async () => {
      const [statusCode, output] = replies.shift() ?? [400, {}];
      return { response: { statusCode, headers: {}, body: Readable.from([Buffer.from(JSON.stringify(output))]) } };
    };
    const credentials = { accessKeyId: 'a', secretAccessKey: 'b' };
    const busy = openTable('t', new DynamoDBClient({ region: 'eu-west-1', credentials, requestHandler: { handle } }));
    expect(await batchGet(busy, { Keys: [KEY, { ...KEY, pk: 'b' }] })).toEqual({
      rows: [KEY],
      unprocessed: [{ ...KEY, pk: 'b' }],
    });
  });
});
