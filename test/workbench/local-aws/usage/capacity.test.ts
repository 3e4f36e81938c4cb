import {
  BatchGetItemCommand,
  BatchWriteItemCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { AwsError } from '../../../../workbench/local-aws/protocol/aws-error.ts';
import { countCapacity } from '../../../../workbench/local-aws/usage/capacity.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';

const COMMANDS: Readonly<
  Record<string, (client: DynamoDBClient, input: ReturnType<typeof Object>) => Promise<object>>
> = {
  BatchGetItem: (client, input) => client.send(new BatchGetItemCommand(input)),
  BatchWriteItem: (client, input) => client.send(new BatchWriteItemCommand(input)),
  DeleteItem: (client, input) => client.send(new DeleteItemCommand(input)),
  GetItem: (client, input) => client.send(new GetItemCommand(input)),
  PutItem: (client, input) => client.send(new PutItemCommand(input)),
  Query: (client, input) => client.send(new QueryCommand(input)),
  TransactWriteItems: (client, input) => client.send(new TransactWriteItemsCommand(input)),
  UpdateItem: (client, input) => client.send(new UpdateItemCommand(input)),
};

describe('the capacity units that the local runner counts', () => {
  let table: string;
  let counted: { read: number; write: number };
  /** What the embedded DynamoDB reports where it answers over HTTP, for the caller's own calls. */
  let reported: number;
  let call: (operation: string, input: object) => Promise<unknown>;

  beforeEach(async () => {
    const client = dynamodb();
    table = (await aTable(client)).name;
    counted = { read: 0, write: 0 };
    const send = async (operation: string, input: unknown, counts = (_: number): void => undefined) => {
      const sent = COMMANDS[operation]?.(client, { ...Object(input), ReturnConsumedCapacity: 'TOTAL' });
      const output = await sent?.catch((error: Error) => {
        throw new AwsError(error.name, error.message);
      });
      for (const { CapacityUnits } of [Object(output).ConsumedCapacity].flat()) counts(CapacityUnits);
      return output;
    };
    const units = {
      read: (some: number) => {
        counted.read += some;
      },
      write: (some: number) => {
        counted.write += some;
      },
    };
    let isOwn = true;
    // The counter's own reads come after the call that it counts.
    const database = (operation: string, input: unknown) =>
      send(operation, input, (some) => {
        if (isOwn) reported += some;
        isOwn = false;
      });
    const service = countCapacity(database, units, ['day', 'firstReceivedAtMs']);
    call = async (operation, input) => {
      [reported, isOwn, counted.read, counted.write] = [0, true, 0, 0];
      return service(operation, input);
    };
  });

  const item = (sk: string, bytes: number, more: object = {}) => ({
    pk: { S: 'HOST#h' },
    sk: { S: sk },
    text: { S: 'x'.repeat(bytes) },
    list: { L: [{ N: '1795169732000' }, { M: { flag: { BOOL: true } } }] },
    ids: { SS: ['a', 'bc'] },
    packed: { B: Buffer.from('some bytes') },
    ...more,
  });
  const key = (sk: string) => ({ pk: { S: 'HOST#h' }, sk: { S: sk } });

  it.each([100, 1000, 2100])('are those of the embedded DynamoDB, for an item of %i bytes and more', async (bytes) => {
    await call('PutItem', { TableName: table, Item: item('a', bytes) });
    expect(counted).toEqual({ read: 0, write: reported });
    for (const ConsistentRead of [false, true]) {
      await call('GetItem', { TableName: table, Key: key('a'), ConsistentRead });
      expect(counted).toEqual({ read: reported, write: 0 });
      await call('GetItem', { TableName: table, Key: key('none'), ConsistentRead });
      expect(counted).toEqual({ read: reported, write: 0 });
      await call('BatchGetItem', { RequestItems: { [table]: { Keys: [key('a'), key('none')], ConsistentRead } } });
      expect(counted).toEqual({ read: reported, write: 0 });
    }
    const change = { UpdateExpression: 'SET n = :n', ExpressionAttributeValues: { ':n': { N: '-12.5' } } };
    const output = await call('UpdateItem', { TableName: table, Key: key('a'), ...change });
    expect(output).not.toHaveProperty('Attributes');
    expect(counted).toEqual({ read: 0, write: reported });
    await call('TransactWriteItems', { TransactItems: [{ Put: { TableName: table, Item: item('b', bytes) } }] });
    expect(counted).toEqual({ read: 0, write: reported });
    await call('DeleteItem', { TableName: table, Key: key('a') });
    expect(counted).toEqual({ read: 0, write: reported });
  });

  it('are those of all items that a query reads together', async () => {
    for (const sk of ['a', 'b', 'c']) await call('PutItem', { TableName: table, Item: item(sk, 2000) });
    const values = { ':pk': { S: 'HOST#h' } };
    await call('Query', {
      TableName: table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: values,
    });
    expect(counted).toEqual({ read: reported, write: 0 });
    expect(counted.read).toBe(1); // 6 KB, eventually consistent
  });

  it('include one write for a new entry of the index, and none for a later one', async () => {
    const listed = item('a', 10, { day: { S: '2026-11-01#3' }, firstReceivedAtMs: { N: '1' } });
    await call('PutItem', { TableName: table, Item: listed });
    expect(counted.write).toBe(2);
    await call('PutItem', { TableName: table, Item: listed });
    expect(counted.write).toBe(1);
  });

  it('include a write whose condition fails', async () => {
    const condition = { ConditionExpression: 'attribute_exists(pk)' };
    const refused = call('DeleteItem', { TableName: table, Key: key('none'), ...condition });
    await expect(refused).rejects.toThrow(AwsError);
    expect(counted).toEqual({ read: 0, write: 1 });
  });

  it('of a batch count each put and each delete by its size', async () => {
    await call('PutItem', { TableName: table, Item: item('a', 3000) });
    const requests = [{ DeleteRequest: { Key: key('a') } }, { PutRequest: { Item: item('b', 10) } }];
    await call('BatchWriteItem', { RequestItems: { [table]: requests } });
    expect(counted).toEqual({ read: 0, write: 4 + 1 });
  });
});
