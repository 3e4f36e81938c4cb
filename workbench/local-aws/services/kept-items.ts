import type { Service } from '../protocol/aws-error.ts';
import { RawJson } from './dynamodb.ts';

/** Operations that change no item. Any other that is unknown here makes us forget all items. */
const READS = new Set(['GetItem', 'Query', 'Scan', 'DescribeTable', 'DescribeTimeToLive', 'ListTables']);

/** Some 20,000 workloads. */
const MAX_KEPT = 32 * 1024 * 1024;
/** BatchGetItem's own limit. */
const MAX_KEYS = 100;

type Fields = Readonly<Record<string, unknown>>;

/**
 * Keeps the items that batches of reads found, as the database's process takes 0.25 ms of CPU for each, and a question about
 * many workloads reads thousands that no longer change. All writes pass here, because no other process can reach the database:
 * a write makes us forget its items before it begins and after it ended.
 *
 * @param maxKept characters of JSON; beyond that, the items that were kept first are forgotten
 */
export function withKeptItems(database: Service, maxKept = MAX_KEPT): Service {
  const items = new KeptItems(maxKept);
  return async (operation, input) => {
    if (READS.has(operation)) return database(operation, input);
    if (operation === 'BatchGetItem') {
      const wanted = wantedIn(input);
      return wanted ? readBatch(wanted, database, items) : database(operation, input);
    }
    const written = writesIn(operation, Object(input));
    items.forget(written);
    try {
      return await database(operation, input);
    } finally {
      items.forget(written);
    }
  };
}

/** A batch of whole items of one table. */
interface Wanted {
  readonly table: string;
  readonly keys: readonly Fields[];
  readonly options: Fields;
}

/** What a batch asks for; undefined for one that the database has to answer, such as one of parts of items. */
function wantedIn(input: unknown): Wanted | undefined {
  const { RequestItems, ...others } = Object(input);
  const [entry, ...more] = Object.entries(Object(RequestItems));
  if (!entry || more.length > 0 || Object.keys(others).length > 0) return undefined;
  const [table, request] = entry;
  const { Keys, ...options } = Object(request);
  const isWhole = Object.keys(options).every((name) => name === 'ConsistentRead');
  if (!isWhole || !Array.isArray(Keys) || Keys.length === 0 || Keys.length > MAX_KEYS) return undefined;
  return { table, keys: Keys.map((key) => Object(key)), options };
}

async function readBatch({ table, keys, options }: Wanted, database: Service, items: KeptItems): Promise<unknown> {
  const names = namesOf(keys[0]);
  const ids = keys.map((key) => idOf(table, names, key));
  const isPlain = ids.every((id) => id !== undefined) && new Set(ids).size === ids.length;
  if (!isPlain) return database('BatchGetItem', { RequestItems: { [table]: { Keys: keys, ...options } } });
  const kept = ids.map((id) => items.get(id));
  const missing = keys.filter((_, at) => kept[at] === undefined);
  const found = kept.filter((item) => item !== undefined);
  if (missing.length === 0) return replyOf(table, found, {});
  const reading = items.beginReading(table, names);
  try {
    const request = { RequestItems: { [table]: { Keys: missing, ...options } } };
    const { Responses, UnprocessedKeys } = outputOf(await database('BatchGetItem', request));
    for (const item of Array.from(Object(Object(Responses)[table] ?? []), (one): Fields => Object(one))) {
      const text = JSON.stringify(item);
      items.keep(reading, item, text);
      found.push(text);
    }
    return replyOf(table, found, UnprocessedKeys);
  } finally {
    items.endReading(reading);
  }
}

const outputOf = (output: unknown): Fields => Object(output instanceof RawJson ? JSON.parse(output.json) : output);

const replyOf = (table: string, items: readonly string[], unprocessed: unknown): RawJson =>
  new RawJson(
    `{"Responses":{${JSON.stringify(table)}:[${items.join(',')}]},"UnprocessedKeys":${JSON.stringify(unprocessed ?? {})}}`,
  );

const namesOf = (key: Fields = {}): readonly string[] => Object.keys(key).sort();

/** Identifies an item; undefined if its key is no text, because numbers can be written in several ways. */
function idOf(table: string, names: readonly string[], item: Fields): string | undefined {
  const values = names.map((name) => Object(item[name]).S);
  return values.every((value) => typeof value === 'string') ? JSON.stringify([table, ...values]) : undefined;
}

/** What a write changes: an item or a key of it in a table. */
interface Write {
  readonly table: string;
  readonly item: Fields;
}

/** @returns undefined for an operation that may change anything */
function writesIn(operation: string, input: Fields): Write[] | undefined {
  switch (operation) {
    case 'PutItem':
    case 'UpdateItem':
    case 'DeleteItem':
      return [writeOf(input)];
    case 'BatchWriteItem':
      return Object.entries(Object(input.RequestItems)).flatMap(([table, requests]) =>
        Array.from(Object(requests), (request) => {
          const { PutRequest, DeleteRequest } = Object(request);
          return { table, item: Object(PutRequest ? PutRequest.Item : Object(DeleteRequest).Key) };
        }),
      );
    case 'TransactWriteItems':
      return Array.from(Object(input.TransactItems), (one) => writeOf(Object(Object.values(Object(one))[0])));
    default:
      return undefined;
  }
}

const writeOf = ({ TableName, Item, Key }: Fields): Write => ({ table: String(TableName), item: Object(Item ?? Key) });

/** A read of the database that is under way. */
interface Reading {
  readonly table: string;
  /** The names of the table's key attributes. */
  readonly names: readonly string[];
  /** Items that a write changed meanwhile; what the read found of them may be of before. */
  readonly changed: Set<string>;
  isSpoiled: boolean;
}

class KeptItems {
  readonly #maxKept: number;
  /** The JSON of items; the first one was kept first. */
  readonly #texts = new Map<string, string>();
  /** The names of the key attributes of each table that has items here. */
  readonly #names = new Map<string, readonly string[]>();
  readonly #readings = new Set<Reading>();
  #size = 0;

  constructor(maxKept: number) {
    this.#maxKept = maxKept;
  }

  get(id: string | undefined): string | undefined {
    return id === undefined ? undefined : this.#texts.get(id);
  }

  beginReading(table: string, names: readonly string[]): Reading {
    const reading = { table, names, changed: new Set<string>(), isSpoiled: false };
    this.#readings.add(reading);
    return reading;
  }

  endReading(reading: Reading): void {
    this.#readings.delete(reading);
  }

  keep({ table, names, changed, isSpoiled }: Reading, item: Fields, text: string): void {
    const id = idOf(table, names, item);
    if (isSpoiled || id === undefined || changed.has(id)) return;
    this.#names.set(table, names);
    this.#drop(id);
    this.#texts.set(id, text);
    this.#size += text.length;
    for (const first of this.#texts.keys()) {
      if (this.#size <= this.#maxKept) break;
      this.#drop(first);
    }
  }

  /** @param writes what is changed; undefined for all items */
  forget(writes: readonly Write[] | undefined): void {
    if (!writes) {
      this.#forgetAll();
      return;
    }
    for (const { table, item } of writes) {
      this.#drop(idOf(table, this.#names.get(table) ?? [], item) ?? '');
      for (const reading of this.#readings)
        if (reading.table === table) reading.changed.add(idOf(table, reading.names, item) ?? '');
    }
  }

  #forgetAll(): void {
    this.#texts.clear();
    this.#size = 0;
    for (const reading of this.#readings) reading.isSpoiled = true;
  }

  #drop(id: string): void {
    this.#size -= this.#texts.get(id)?.length ?? 0;
    this.#texts.delete(id);
  }
}
