import { LEDGER_KEEPS_MS, type LedgerBook } from '../core/ledger/book.ts';
import type { WorkloadRecord } from '../core/ledger/workload.ts';
import { BY_DAY, DAY_SHARDS, DynamoLedger, dayOf, workloadOf } from './ledger.ts';
import { itemsOf, type Table } from './table.ts';

const DAY_MS = 24 * 3_600_000;
const READ_AT_ONCE = 800; // eight reads of a hundred, a few MB at most

/** A workload's place in the index. */
interface Entry {
  readonly workload: string;
  readonly firstEventAtMs: number;
}

/**
 * The ledger by time, over the index `byDay`. It knows keys alone, so a listing costs half a read unit a page and half a
 * unit a record. Both are eventually consistent: what happened within the last second may be missing.
 */
export class DynamoLedgerBook implements LedgerBook {
  readonly #table: Table;
  readonly #ledger: DynamoLedger;

  constructor(table: Table) {
    this.#table = table;
    this.#ledger = new DynamoLedger(table);
  }

  async *between(fromMs: number, toMs: number): AsyncGenerator<WorkloadRecord> {
    for (let day = startOf(fromMs); day <= toMs; day += DAY_MS) {
      const entries = (await this.#entries(day, fromMs, toMs)).sort((a, b) => a.firstEventAtMs - b.firstEventAtMs);
      for (const some of chunks(entries, READ_AT_ONCE)) {
        const read = chunks(some, 100).map((few) => this.#ledger.read(few.map(({ workload }) => workload)));
        yield* (await Promise.all(read)).flat().sort((a, b) => a.firstEventAtMs - b.firstEventAtMs);
      }
    }
  }

  async find(name: string, nowMs: number): Promise<WorkloadRecord | undefined> {
    if (/^(arn:|i-)/.test(name)) return (await this.#ledger.read([name]))[0];
    for (let day = startOf(nowMs); day > nowMs - LEDGER_KEEPS_MS - DAY_MS; day -= DAY_MS) {
      const found = (await this.#entries(day, day, nowMs)).find(({ workload }) => workload.endsWith(`/${name}`));
      if (found) return (await this.#ledger.read([found.workload]))[0];
    }
    return undefined;
  }

  async #entries(dayMs: number, fromMs: number, toMs: number): Promise<Entry[]> {
    const shards = Array.from({ length: DAY_SHARDS }, (_, shard) => this.#shard(dayOf(dayMs, shard), fromMs, toMs));
    return (await Promise.all(shards)).flat();
  }

  async #shard(day: string, fromMs: number, toMs: number): Promise<Entry[]> {
    const keys = itemsOf(this.#table, {
      IndexName: BY_DAY,
      KeyConditionExpression: '#day = :day AND firstEventAtMs BETWEEN :from AND :to',
      ExpressionAttributeNames: { '#day': 'day' },
      ExpressionAttributeValues: { ':day': day, ':from': fromMs, ':to': toMs },
    });
    const entries: Entry[] = [];
    for await (const { pk, firstEventAtMs } of keys) {
      entries.push({ workload: workloadOf(String(pk)), firstEventAtMs: Number(firstEventAtMs) });
    }
    return entries;
  }
}

const startOf = (atMs: number): number => Math.floor(atMs / DAY_MS) * DAY_MS;

const chunks = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, n) => items.slice(n * size, (n + 1) * size));
