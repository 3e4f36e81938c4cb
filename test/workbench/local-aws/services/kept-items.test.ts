import { describe, expect, it } from '@jest/globals';
import type { Service } from '../../../../workbench/local-aws/protocol/aws-error.ts';
import { RawJson } from '../../../../workbench/local-aws/services/dynamodb.ts';
import { withKeptItems } from '../../../../workbench/local-aws/services/kept-items.ts';

const keyOf = (n: number) => ({ pk: { S: `p${n}` }, sk: { S: 's' } });
const itemOf = (n: number, text = 'first') => ({ ...keyOf(n), text: { S: text } });

type Left = readonly [pk: string, item: object | undefined];
const left = ({ Item, Key }: { Item?: ReturnType<typeof itemOf>; Key?: ReturnType<typeof keyOf> }): Left => [
  Item?.pk.S ?? Key?.pk.S ?? '',
  Item,
];
/** What each write leaves of the items that it names. */
const LEAVES: Readonly<Record<string, (input: unknown) => Left[]>> = {
  PutItem: (input) => [left(Object(input))],
  UpdateItem: (input) => [left({ Item: { ...Object(input).Key, text: { S: 'updated' } } })],
  DeleteItem: (input) => [left(Object(input))],
  BatchWriteItem: (input) =>
    Array.from(Object(input).RequestItems.t, (one) => left(Object(one).PutRequest ?? Object(one).DeleteRequest)),
  TransactWriteItems: (input) => Array.from(Object(input).TransactItems, (one) => left(Object(one).Put)),
  ExecuteStatement: () => [['p1', undefined]],
};

/** A database of whole items, which lists the keys that it read. */
function aDatabase(...ns: readonly number[]) {
  const items = new Map<string, object | undefined>(ns.map((n) => [`p${n}`, itemOf(n)]));
  const read: string[] = [];
  let waiting = Promise.resolve();
  const service: Service = async (operation, input) => {
    for (const [pk, item] of LEAVES[operation]?.(input) ?? []) items.set(pk, item);
    if (operation !== 'BatchGetItem') return new RawJson('{}');
    const pks = Array.from(Object(input).RequestItems.t.Keys, (key): string => Object(key).pk.S);
    read.push(...pks);
    const found = pks.flatMap((pk) => items.get(pk) ?? []);
    await waiting; // what it found is under way to the caller
    return new RawJson(JSON.stringify({ Responses: { t: found }, UnprocessedKeys: {} }));
  };
  return { service, read, hold: (until: Promise<void>) => (waiting = until) };
}

const batchOf = (ns: readonly number[], more: object = {}) => ({
  RequestItems: { t: { Keys: ns.map(keyOf), ...more } },
});
async function textsOf(service: Service, ns: readonly number[], more: object = {}): Promise<string[]> {
  const reply = await service('BatchGetItem', batchOf(ns, more));
  const { Responses } = Object(reply instanceof RawJson ? JSON.parse(reply.json) : reply);
  return Array.from(Responses.t, (item) => `${Object(item).pk.S} ${Object(item).text.S}`).sort();
}

describe('items kept from batches of reads', () => {
  it('are not read again, beside others that are', async () => {
    const { service: database, read } = aDatabase(1, 2, 3);
    const service = withKeptItems(database);
    expect(await textsOf(service, [1, 2, 9], { ConsistentRead: true })).toEqual(['p1 first', 'p2 first']);
    expect(await textsOf(service, [2, 3, 1])).toEqual(['p1 first', 'p2 first', 'p3 first']);
    expect(await textsOf(service, [1, 3])).toEqual(['p1 first', 'p3 first']);
    expect(read).toEqual(['p1', 'p2', 'p9', 'p3']);
  });

  const put = { Item: itemOf(1, 'updated') };
  it.each<[string, object, string[]]>([
    ['PutItem', { TableName: 't', ...put }, ['p1 updated']],
    ['UpdateItem', { TableName: 't', Key: keyOf(1) }, ['p1 updated']],
    ['DeleteItem', { TableName: 't', Key: keyOf(1) }, []],
    ['BatchWriteItem', { RequestItems: { t: [{ PutRequest: put }] } }, ['p1 updated']],
    ['BatchWriteItem', { RequestItems: { t: [{ DeleteRequest: { Key: keyOf(1) } }] } }, []],
    ['TransactWriteItems', { TransactItems: [{ Put: { TableName: 't', ...put } }] }, ['p1 updated']],
    ['ExecuteStatement', { Statement: 'anything' }, []],
  ])('are forgotten when they change: %s', async (operation, input, texts) => {
    const service = withKeptItems(aDatabase(1).service);
    await textsOf(service, [1]);
    await service(operation, input);
    expect(await textsOf(service, [1])).toEqual(texts);
  });

  it.each<[string, object]>([
    ['PutItem', { TableName: 't', ...put }],
    ['ExecuteStatement', {}],
  ])('are not those that changed while they were read: %s', async (operation, input) => {
    const { service: database, hold } = aDatabase(1);
    const service = withKeptItems(database);
    let arrive = () => {};
    hold(new Promise((resolve) => (arrive = resolve)));
    const reading = textsOf(service, [1]);
    await service(operation, input);
    arrive();
    expect(await reading).toEqual(['p1 first']); // read before the change
    expect(await textsOf(service, [1])).not.toEqual(['p1 first']);
  });

  it('are forgotten when a write fails, because it may have been made', async () => {
    const { service: database, read } = aDatabase(1);
    const service = withKeptItems(async (operation, input) => {
      if (operation === 'UpdateItem') throw new Error('the database has ended');
      return database(operation, input);
    });
    await textsOf(service, [1]);
    await expect(service('UpdateItem', { TableName: 't', Key: keyOf(1) })).rejects.toThrow('has ended');
    await textsOf(service, [1]);
    expect(read).toEqual(['p1', 'p1']);
  });

  it.each<[string, object]>([
    ['parts of items', { ...batchOf([1], { ProjectionExpression: 'pk' }) }],
    ['an item twice', batchOf([1, 1])],
    ['more items than DynamoDB allows', batchOf(Array.from({ length: 101 }, () => 1))],
    ['keys that are numbers', { RequestItems: { t: { Keys: [{ pk: { N: '1' } }] } } }],
    ['the capacity that was used', { ...batchOf([1]), ReturnConsumedCapacity: 'TOTAL' }],
  ])('do not answer a batch that asks for %s', async (_, input) => {
    const asked: unknown[] = [];
    const { service: database } = aDatabase(1);
    const service = withKeptItems(async (operation, request) => {
      asked.push(request);
      return operation === 'BatchGetItem' && request === input ? new RawJson('{}') : database(operation, request);
    });
    await textsOf(service, [1]);
    await service('BatchGetItem', input).catch(() => undefined);
    expect(asked[1]).toEqual(input);
  });

  it('are forgotten beyond a size, the first ones first', async () => {
    const { service: database, read } = aDatabase(1, 2, 3);
    const service = withKeptItems(database, 2 * JSON.stringify(itemOf(1)).length);
    for (const n of [1, 2, 3]) await textsOf(service, [n]);
    await textsOf(service, [3, 2]);
    expect(read).toEqual(['p1', 'p2', 'p3']);
    await textsOf(service, [1]);
    expect(read.at(-1)).toBe('p1');
  });
});
