import { AwsError, type Service } from '../protocol/aws-error.ts';
import { RawJson } from '../services/dynamodb.ts';
import { type Item, itemBytes } from './item-size.ts';

/** Takes the capacity units of each call. */
export interface Units {
  readonly read: (units: number) => void;
  readonly write: (units: number) => void;
}

const READ_STEP = 4096;
const WRITE_STEP = 1024;

/** At least one step, also for an item that does not exist. */
const readUnits = (size: number, isConsistent: boolean): number =>
  Math.max(1, Math.ceil(size / READ_STEP)) * (isConsistent ? 1 : 0.5);
const writeUnits = (size: number): number => Math.max(1, Math.ceil(size / WRITE_STEP));

interface Call {
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
  readonly database: Service;
  readonly units: Units;
}

/**
 * Counts the capacity units of DynamoDB's operations by its published rules: the embedded database does not report them over its
 * pipes. A write is counted by the larger of what it replaced and what it wrote, as far as the reply shows both.
 *
 * @param index the key attributes of the index, which holds keys only: an entry costs one write when the item first has them
 * @see Amazon DynamoDB Developer Guide, "DynamoDB read and write operations"
 */
export function countCapacity(database: Service, units: Units, index: readonly string[]): Service {
  const indexed = new Set<string>();
  const write = (item: Item | undefined, times = 1): void => {
    units.write(times * writeUnits(itemBytes(item)));
    if (!item || index.length === 0 || !index.every((name) => name in item)) return;
    const key = JSON.stringify([item.pk, item.sk]);
    if (!indexed.has(key)) units.write(times);
    indexed.add(key);
  };
  return async (operation, input) => {
    const call: Call = { operation, input: Object(input), database, units };
    try {
      return await (COUNTED[operation]?.(call, write) ?? database(operation, input));
    } catch (error) {
      if (error instanceof AwsError && error.code === 'ConditionalCheckFailedException') units.write(1);
      if (error instanceof AwsError && error.code === 'TransactionCanceledException')
        units.write(2 * listOf(call.input.TransactItems).length);
      throw error;
    }
  };
}

type Write = (item: Item | undefined, times?: number) => void;

const COUNTED: Readonly<Record<string, (call: Call, write: Write) => Promise<unknown>>> = {
  GetItem: async ({ operation, input, database, units }) => {
    const output = await database(operation, input);
    units.read(readUnits(itemBytes(itemOf(replyOf(output).Item)), input.ConsistentRead === true));
    return output;
  },
  Query: async ({ operation, input, database, units }) => {
    const output = await database(operation, input);
    const size = listOf(replyOf(output).Items).reduce((sum: number, item) => sum + itemBytes(itemOf(item)), 0);
    units.read(readUnits(size, input.ConsistentRead === true));
    return output;
  },
  BatchGetItem: async ({ operation, input, database, units }) => {
    const output = await database(operation, input);
    for (const [table, request] of Object.entries(Object(input.RequestItems))) {
      const { Keys, ConsistentRead } = Object(request);
      const items = listOf(Object(replyOf(output).Responses)[table]);
      for (const item of items) units.read(readUnits(itemBytes(itemOf(item)), ConsistentRead === true));
      units.read((listOf(Keys).length - items.length) * readUnits(0, ConsistentRead === true));
    }
    return output;
  },
  PutItem: async ({ operation, input, database }, write) => {
    const output = await database(operation, input);
    write(itemOf(input.Item));
    return output;
  },
  UpdateItem: (call, write) => changed(call, 'ALL_NEW', write),
  DeleteItem: (call, write) => changed(call, 'ALL_OLD', write),
  BatchWriteItem: async ({ operation, input, database }, write) => {
    const requests = Object.entries(Object(input.RequestItems)).flatMap(([table, some]) =>
      listOf(some).map((request) => ({ table, put: Object(request).PutRequest, gone: Object(request).DeleteRequest })),
    );
    const deletes = requests.flatMap(({ table, gone }) => (gone ? [{ table, key: Object(gone).Key }] : []));
    const before = await Promise.all(deletes.map(({ table, key }) => read(database, table, key)));
    const output = await database(operation, input);
    for (const { put } of requests) if (put) write(itemOf(Object(put).Item));
    for (const item of before) write(item);
    return output;
  },
  TransactWriteItems: async ({ operation, input, database }, write) => {
    const output = await database(operation, input);
    for (const one of listOf(input.TransactItems)) {
      const { Put, Update, Delete, ConditionCheck } = Object(one);
      const { TableName, Key } = Object(Update ?? Delete ?? ConditionCheck);
      write(Put ? itemOf(Object(Put).Item) : await read(database, TableName, Key), 2);
    }
    return output;
  },
};

/** Makes a write whose reply holds the item, whether or not the caller wants it. */
async function changed({ operation, input, database }: Call, shows: string, write: Write): Promise<unknown> {
  const { ReturnValues: wanted = 'NONE' } = input;
  const isOurs = wanted === 'NONE';
  const output = await database(operation, isOurs ? { ...input, ReturnValues: shows } : input);
  const { Attributes } = replyOf(output);
  const isWhole = isOurs || wanted === 'ALL_NEW' || wanted === 'ALL_OLD';
  write(isWhole ? itemOf(Attributes) : await read(database, input.TableName, input.Key));
  return isOurs ? new RawJson('{}') : output;
}

async function read(database: Service, TableName: unknown, Key: unknown): Promise<Item | undefined> {
  return itemOf(replyOf(await database('GetItem', { TableName, Key })).Item);
}

const replyOf = (output: unknown): Readonly<Record<string, unknown>> =>
  Object(output instanceof RawJson ? JSON.parse(output.json) : output);
const itemOf = (value: unknown): Item | undefined =>
  value === undefined || value === null ? undefined : Object(value);
const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);
