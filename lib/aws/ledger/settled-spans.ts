import { randomUUID } from 'node:crypto';
import { GetCommand, PutCommand, type PutCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { LEDGER_KEPT_MS } from '../../core/ledger/ledger-index.ts';
import type { SavedSpan, SettledSpan, SettledSpans } from '../../core/ledger/settle-spans.ts';
import type { WorkloadRecord } from '../../core/ledger/workload.ts';
import { itemsOf } from '../table/fast-reads.ts';
import { pack, unpacked } from '../table/packed-json.ts';
import { list, readRow, type TableRow, text } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';
import { settledPk, sortable } from './ledger-keys.ts';
import { recordAsJson } from './ledger-rows.ts';

const DAY_MS = 24 * 3_600_000;
/** Records of one page, some 250 bytes each; an item of DynamoDB holds 400 kB. */
const PAGE = 400;
/** After all pages of a span: a digit sorts before it. */
const BEHIND = '~';

const Head = z.object({ revision: text, pages: list, open: unpacked(list) });
const Page = z.object({ settled: unpacked(z.array(recordAsJson)) });
const Key = z.object({ sk: text });

/**
 * Spans of settled workloads: `SETTLED#<UTC day>` / `<begin of the span>` names its pages and its open workloads, `<begin>#<page>`
 * is a page of records. Pages are written before the head that names them, and never change. If two processes save a span, the
 * first head counts, and the pages of the other expire unread.
 */
export class DynamoSettledSpans implements SettledSpans {
  readonly #table: Table;
  readonly #keptForMs: () => Promise<number>;

  /** @param keptForMs how long the ledger keeps a workload: spans are kept as long, and one day */
  constructor(table: Table, keptForMs: () => Promise<number> = async () => LEDGER_KEPT_MS) {
    this.#table = table;
    this.#keptForMs = keptForMs;
  }

  async read(spanMs: number): Promise<SavedSpan | undefined> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: headKey(spanMs), ConsistentRead: true }),
    );
    return Item && readRow(Head, Item);
  }

  async save(spanMs: number, { settled, open }: SettledSpan, before: SavedSpan | undefined): Promise<void> {
    const expiresAt = ttl(spanMs + DAY_MS + (await this.#keptForMs()));
    const pages = [...(before?.pages ?? [])];
    for (let from = 0; from < settled.length; from += PAGE) {
      const page = randomUUID();
      const records = pack(settled.slice(from, from + PAGE).map(withoutEmpty));
      await this.#put({ Item: { ...pageKey(spanMs, page), settled: records, expiresAt } });
      pages.push(page);
    }
    await conditional(
      this.#put({
        Item: { ...headKey(spanMs), revision: randomUUID(), pages, open: pack(open), expiresAt },
        ConditionExpression: before ? 'revision = :before' : 'attribute_not_exists(pk)',
        ExpressionAttributeValues: before && { ':before': before.revision },
      }),
    );
  }

  /**
   * The spans that begin between two times of one UTC day, both included. A span is missing if it was not saved, or if one of its
   * pages is not readable yet.
   */
  async between(fromMs: number, toMs: number): Promise<ReadonlyMap<number, SettledSpan>> {
    const rows = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      ExpressionAttributeValues: {
        ':pk': settledPk(fromMs),
        ':from': sortable(fromMs),
        ':to': `${sortable(toMs)}${BEHIND}`,
      },
    });
    const heads = new Map<number, TableRow>();
    const pages = new Map<string, TableRow>();
    for await (const row of rows) {
      const [begin = '', page] = readRow(Key, row).sk.split('#');
      if (page === undefined) heads.set(Number(begin), row);
      else pages.set(page, row);
    }
    const spans = new Map<number, SettledSpan>();
    for (const [spanMs, row] of heads) {
      const head = readRow(Head, row);
      const found = head.pages.map((page) => pages.get(page)).filter((page) => page !== undefined);
      if (found.length === head.pages.length)
        spans.set(spanMs, { open: head.open, settled: found.flatMap((page) => readRow(Page, page).settled) });
    }
    return spans;
  }

  async #put(input: Omit<PutCommandInput, 'TableName'>): Promise<void> {
    await this.#table.db.send(new PutCommand({ TableName: this.#table.name, ...input }));
  }
}

/** Without empty lists and maps, which take time to read. */
const withoutEmpty = (record: WorkloadRecord) =>
  Object.fromEntries(
    Object.entries(record).filter(
      ([name, value]) => name === 'identity' || typeof value !== 'object' || Object.keys(value).length > 0,
    ),
  );

const headKey = (spanMs: number) => ({ pk: settledPk(spanMs), sk: sortable(spanMs) });
const pageKey = (spanMs: number, page: string) => ({ pk: settledPk(spanMs), sk: `${sortable(spanMs)}#${page}` });
