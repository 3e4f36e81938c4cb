import {
  BatchGetCommand,
  type BatchGetCommandInput,
  QueryCommand,
  type QueryCommandInput,
} from '@aws-sdk/lib-dynamodb';
import type { TableRow } from './row-schema.ts';
import type { Table } from './table.ts';

/** A page of items, and the key from which the next one starts; undefined after the last. */
export interface Page {
  readonly rows: readonly TableRow[];
  readonly next: TableRow | undefined;
}

/** One page of a query. */
export async function queryPage({ db }: Table, input: QueryCommandInput): Promise<Page> {
  const command = new QueryCommand(input);
  const plain = new PlainItems();
  command.middlewareStack.add(plain.middleware, NEXT_TO_REPLY);
  const { Items = [], LastEvaluatedKey } = await db.send(command);
  return { rows: plain.found ? rowsIn(plain.found.Items) : Items, next: LastEvaluatedKey };
}

/** All items that a query finds. Pages are read as the items are consumed. */
export async function* itemsOf(
  table: Table,
  query: Omit<QueryCommandInput, 'TableName' | 'ExclusiveStartKey'>,
): AsyncGenerator<TableRow> {
  let from: TableRow | undefined;
  do {
    const page = await queryPage(table, { TableName: table.name, ...query, ExclusiveStartKey: from });
    yield* page.rows;
    from = page.next;
  } while (from);
}

/** What a batch of reads found, and the keys that the table was too busy for. */
export interface Batch {
  readonly rows: readonly TableRow[];
  readonly unprocessed: readonly TableRow[];
}

type Request = NonNullable<BatchGetCommandInput['RequestItems']>[string];

/** BatchGetItem's own limit. */
export const READ_AT_ONCE = 100;

/** Reads items of the table by their keys: `READ_AT_ONCE` at most. */
export async function batchGet({ db, name }: Table, request: Request): Promise<Batch> {
  const command = new BatchGetCommand({ RequestItems: { [name]: request } });
  const plain = new PlainItems();
  command.middlewareStack.add(plain.middleware, NEXT_TO_REPLY);
  const { Responses = {}, UnprocessedKeys = {} } = await db.send(command);
  const rows = plain.found ? rowsIn(Object(plain.found.Responses)[name]) : (Responses[name] ?? []);
  return { rows, unprocessed: UnprocessedKeys[name]?.Keys ?? [] };
}

type Handler<Args, Result> = (args: Args) => Promise<Result>;
/** After the SDK's own, and so the first one that sees a reply. The document client adds each of a command's twice. */
const NEXT_TO_REPLY = { step: 'deserialize', priority: 'low', name: 'plainItems', override: true } as const;

/**
 * Takes the items out of a command's reply and leaves the rest to the SDK, which takes longer to decode items than the rest of a
 * look-back takes. The SDK still signs the request, retries it, and reads errors.
 */
class PlainItems {
  /** The items of a reply, as JSON; undefined if none came over HTTP, as with a client that a test mocks. */
  found: { readonly Items: unknown; readonly Responses: unknown } | undefined;

  readonly middleware =
    <Args, Result extends { response: unknown }>(next: Handler<Args, Result>): Handler<Args, Result> =>
    async (args) => {
      const result = await next(args);
      const response: { statusCode?: number; body?: Body } = Object(result.response);
      if (response.statusCode !== 200 || !response.body) return result;
      const { Items, Responses, ...rest } = Object(JSON.parse(await textOf(response.body)));
      this.found = { Items, Responses };
      return { ...result, response: Object.assign(response, { body: Buffer.from(JSON.stringify(rest)) }) };
    };
}

type Body = NodeJS.ReadableStream | Uint8Array;

async function textOf(body: Body): Promise<string> {
  if (body instanceof Uint8Array) return Buffer.from(body).toString();
  const parts: Buffer[] = [];
  return new Promise((resolve, reject) => {
    body.on('data', (part: Buffer) => parts.push(part));
    body.on('end', () => resolve(Buffer.concat(parts).toString()));
    body.on('error', reject);
  });
}

const rowsIn = (items: unknown): TableRow[] => Array.from(Object(items ?? []), rowOf);

/** An item as the SDK's document client reads it: a set is a `Set`, a binary value a `Uint8Array`. */
export function rowOf(item: unknown): TableRow {
  const attributes: Readonly<Record<string, unknown>> = Object(item);
  const row: Record<string, unknown> = {};
  for (const name in attributes) row[name] = valueIn(attributes[name]);
  return row;
}

/** The value of an attribute. @example valueIn({ L: [{ S: 'a' }, { N: '1' }] }) // ['a', 1] */
function valueIn(attribute: unknown): unknown {
  const typed: Readonly<Record<string, unknown>> = Object(attribute);
  for (const type in typed) return VALUES[type]?.(typed[type]);
  return undefined;
}

const bytesOf = (value: unknown): Uint8Array => Buffer.from(String(value), 'base64');
const listOf = <T>(values: unknown, each: (value: unknown) => T): T[] => Array.from(Object(values), each);

/** A number beyond what JavaScript represents exactly stays text, which no schema of a row accepts. */
function numberOf(value: unknown): number | string {
  const text = String(value);
  const number = Number(text);
  return Math.abs(number) <= Number.MAX_SAFE_INTEGER ? number : text;
}

const VALUES: Readonly<Record<string, (value: unknown) => unknown>> = {
  S: (value) => value,
  N: numberOf,
  B: bytesOf,
  BOOL: (value) => value,
  NULL: () => null,
  SS: (values) => new Set(listOf(values, String)),
  NS: (values) => new Set(listOf(values, numberOf)),
  BS: (values) => new Set(listOf(values, bytesOf)),
  L: (values) => listOf(values, valueIn),
  M: rowOf,
};
