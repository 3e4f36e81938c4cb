import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { batches } from '../../core/batches.ts';
import { CLOCK_AHEAD_MS, LEDGER_KEPT_MS, type LedgerIndex, type LookBack } from '../../core/ledger/ledger-index.ts';
import type { Tenancy } from '../../core/ledger/who-had.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { addressDigits } from '../../core/policy/ip-address.ts';
import { itemsOf, READ_AT_ONCE } from '../table/fast-reads.ts';
import { number, readRow, text } from '../table/row-schema.ts';
import type { Table } from '../table/table.ts';
import { DynamoLedger } from './ledger.ts';
import { AGAIN, addressPk, BY_DAY, DAY_SHARDS, dayOf, sortable, workloadOf } from './ledger-keys.ts';
import { type Part, partsOf } from './look-back.ts';
import { DynamoSettledSpans } from './settled-spans.ts';

const DAY_MS = 24 * 3_600_000;
/** Days searched in one group: the week by which a clock may be ahead, and the week before now. */
const SEARCHED_DAYS = 14;
/** Reads under way at a time: few enough that their records, some MB, are used while they are young. */
const READS_AHEAD = 4;

/** `leftAtMs` is what earlier versions called `releasedAtMs`. */
const AddressRow = z.object({
  sk: text,
  realm: z._default(text, ''),
  releasedAtMs: z.optional(number),
  leftAtMs: z.optional(number),
});
const DayRow = z.object({ pk: text, firstReceivedAtMs: number });

/** The keys of a workload in the index. */
interface Entry {
  readonly workload: string;
  readonly firstReceivedAtMs: number;
}

/**
 * The ledger by time, over the index `byDay`. The index holds only keys, so a listing costs half a read unit per page and
 * half a unit per record. Reads are eventually consistent: the last second may be missing.
 */
export class DynamoLedgerIndex implements LedgerIndex {
  readonly #table: Table;
  readonly #ledger: DynamoLedger;
  readonly #spans: DynamoSettledSpans;
  readonly #keptForMs: () => Promise<number>;

  /** @param keptForMs how long workloads are kept: nothing older is searched for */
  constructor(table: Table, keptForMs: () => Promise<number> = async () => LEDGER_KEPT_MS) {
    this.#table = table;
    this.#ledger = new DynamoLedger(table, keptForMs);
    this.#spans = new DynamoSettledSpans(table, keptForMs);
    this.#keptForMs = keptForMs;
  }

  async *between(fromMs: number, toMs: number): AsyncGenerator<WorkloadRecord> {
    for (let day = startOf(fromMs); day <= toMs; day += DAY_MS) {
      const entries = (await this.#entries(day, fromMs, toMs)).sort(byAge);
      for await (const records of readAhead(chunks(entries), (some) => this.#records(some))) yield* records.sort(byAge);
    }
  }

  async *newest(fromMs: number, toMs: number): AsyncGenerator<WorkloadRecord> {
    for (let day = startOf(toMs); day + DAY_MS > fromMs; day -= DAY_MS) {
      const entries = (await this.#entries(day, fromMs, toMs)).sort((a, b) => byAge(b, a));
      // Few at first: most listings end after a screenful.
      const [first = [], ...others] = chunks(entries);
      yield* (await this.#records(first)).sort((a, b) => byAge(b, a));
      for await (const records of readAhead(others, (some) => this.#records(some)))
        yield* records.sort((a, b) => byAge(b, a));
    }
  }

  async *lookBack(lookBack: LookBack): AsyncGenerator<WorkloadRecord> {
    const { fromMs, toMs } = lookBack;
    for await (const part of partsOf((from, to) => this.#spans.between(from, to), lookBack)) {
      for await (const record of await this.#part(part, lookBack)) {
        const { firstReceivedAtMs: atMs } = record;
        if (atMs >= fromMs && atMs <= toMs && atMs < part.endMs) yield record;
      }
    }
  }

  async #part({ fromMs, endMs, spans }: Part, { isNewestFirst }: LookBack) {
    if (spans.length === 0) return isNewestFirst ? this.newest(fromMs, endMs) : this.between(fromMs, endMs);
    const open = await this.#ledger.read(spans.flatMap(({ open }) => open));
    const records = [...spans.flatMap(({ settled }) => settled), ...open];
    return records.sort(isNewestFirst ? (a, b) => byAge(b, a) : byAge);
  }

  async latest(atMs: number): Promise<number | undefined> {
    for await (const day of this.#daysBack(atMs)) {
      if (day.length > 0) return day.reduce((latest, entry) => Math.max(latest, entry.firstReceivedAtMs), 0);
    }
    return undefined;
  }

  async find(name: string, nowMs: number): Promise<WorkloadRecord | undefined> {
    if (/^(arn:|i-)/.test(name)) return (await this.#ledger.read([name]))[0];
    for await (const day of this.#daysBack(nowMs)) {
      const found = day.find(({ workload }) => workload.endsWith(`/${name}`));
      if (found) return (await this.#ledger.read([found.workload]))[0];
    }
    return undefined;
  }

  async startingWith(text: string, nowMs: number): Promise<string[]> {
    const oldestMs = nowMs - (await this.#keptForMs()) - DAY_MS;
    const latestMs = nowMs + CLOCK_AHEAD_MS;
    for (let last = startOf(latestMs); last > oldestMs; last -= SEARCHED_DAYS * DAY_MS) {
      const days = Array.from({ length: SEARCHED_DAYS }, (_, n) => last - n * DAY_MS).filter((day) => day > oldestMs);
      const entries = (await Promise.all(days.map((day) => this.#entries(day, day, latestMs)))).flat();
      const found = entries.filter(({ workload }) => begins(workload, text));
      if (found.length > 0) return found.sort((a, b) => byAge(b, a)).map(({ workload }) => workload);
    }
    return [];
  }

  async tenants(address: string, atMs: number): Promise<Tenancy[]> {
    const digits = addressDigits(address);
    if (digits === undefined) return [];
    const rows = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND sk < :after',
      ExpressionAttributeValues: { ':pk': addressPk(digits), ':after': sortable(atMs + 1) },
      ScanIndexForward: false,
    });
    const latest = new Map<string, z.output<typeof AddressRow>>();
    for await (const row of rows) {
      const address = readRow(AddressRow, row);
      if (!latest.has(address.realm)) latest.set(address.realm, address);
    }
    const found = [...latest.values()].map(async ({ sk, releasedAtMs, leftAtMs }): Promise<Tenancy[]> => {
      const [since = '', ...workload] = sk.split('#');
      const [record] = await this.#ledger.read([workload.join('#')]);
      return record ? [{ record, fromMs: Number(since), releasedAtMs: leftAtMs ?? releasedAtMs }] : [];
    });
    return (await Promise.all(found)).flat();
  }

  async *due(nowMs: number): AsyncGenerator<readonly WorkloadRecord[]> {
    const rows = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND sk < :after',
      ExpressionAttributeValues: { ':pk': AGAIN, ':after': sortable(nowMs + 1) },
    });
    for await (const some of batches(rows, 100)) {
      yield await this.#ledger.read(some.map(({ sk }) => String(sk).slice(sortable(0).length + 1)));
      for (const { pk, sk } of some) {
        await this.#table.db.send(new DeleteCommand({ TableName: this.#table.name, Key: { pk, sk } }));
      }
    }
  }

  /** Searches day by day, from the latest back to the oldest that is kept. */
  async *#daysBack(fromMs: number): AsyncGenerator<Entry[]> {
    const oldestMs = fromMs - (await this.#keptForMs());
    for (let day = startOf(fromMs); day > oldestMs - DAY_MS; day -= DAY_MS) yield await this.#entries(day, day, fromMs);
  }

  #records(entries: readonly Entry[]): Promise<WorkloadRecord[]> {
    return this.#ledger.read(entries.map(({ workload }) => workload));
  }

  async #entries(dayMs: number, fromMs: number, toMs: number): Promise<Entry[]> {
    const shards = Array.from({ length: DAY_SHARDS }, (_, shard) => this.#shard(dayOf(dayMs, shard), fromMs, toMs));
    return (await Promise.all(shards)).flat();
  }

  async #shard(day: string, fromMs: number, toMs: number): Promise<Entry[]> {
    const keys = itemsOf(this.#table, {
      IndexName: BY_DAY,
      KeyConditionExpression: '#day = :day AND firstReceivedAtMs BETWEEN :from AND :to',
      ProjectionExpression: 'pk, firstReceivedAtMs',
      ExpressionAttributeNames: { '#day': 'day' },
      ExpressionAttributeValues: { ':day': day, ':from': fromMs, ':to': toMs },
    });
    const entries: Entry[] = [];
    for await (const row of keys) {
      const { pk, firstReceivedAtMs } = readRow(DayRow, row);
      entries.push({ workload: workloadOf(pk), firstReceivedAtMs });
    }
    return entries;
  }
}

const byAge = (a: Entry, b: Entry): number =>
  a.firstReceivedAtMs - b.firstReceivedAtMs || (a.workload < b.workload ? -1 : 1);

/** Whether a name, or what follows `task/` or the cluster in it, begins with this text. */
const begins = (workload: string, text: string): boolean =>
  workload.startsWith(text) ||
  workload.slice(workload.indexOf('/') + 1).startsWith(text) ||
  workload.slice(workload.lastIndexOf('/') + 1).startsWith(text);

/** Reads groups in order; the next ones are on their way while the caller uses the one before. */
async function* readAhead<T, R>(groups: readonly T[], read: (group: T) => Promise<R>): AsyncGenerator<R> {
  const underWay: Promise<R>[] = [];
  for (const [at] of groups.entries()) {
    for (const next of groups.slice(at + underWay.length, at + READS_AHEAD)) {
      const reading = read(next);
      reading.catch(() => undefined); // it fails when it is awaited; a caller that has enough never awaits it
      underWay.push(reading);
    }
    const [current] = underWay.splice(0, 1);
    if (current) yield await current;
  }
}

const startOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

const chunks = (entries: readonly Entry[]): Entry[][] =>
  Array.from({ length: Math.ceil(entries.length / READ_AT_ONCE) }, (_, n) =>
    entries.slice(n * READ_AT_ONCE, (n + 1) * READ_AT_ONCE),
  );
