import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  BatchGetCommand,
  BatchWriteCommand,
  type BatchWriteCommandInput,
  GetCommand,
  QueryCommand,
  UpdateCommand,
} from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import {
  CAMPAIGNS_KEPT_MS,
  type Campaign,
  type CampaignAnswer,
  type CampaignHost,
  type CampaignProgress,
  type CampaignRecord,
  type CampaignRow,
  type Campaigns,
  type HostRefusal,
  type NewAnswer,
  ROWS_KEPT_MS,
} from '../../core/campaigns/campaign.ts';
import { itemsOf } from '../table/fast-reads.ts';
import { flag, json, number, readRow, type ShapeOf, type TableRow, text, texts } from '../table/row-schema.ts';
import { conditional, type Table, ttl } from '../table/table.ts';
import { type Put, putInTransaction } from '../table/transaction.ts';

/*
 * CAMPAIGNS     / <ms>#<id>                     the list of campaigns
 * CAMPAIGN#<id> / #campaign                     the campaign and its progress
 * CAMPAIGN#<id> / h#<host>                      a host of it, with its answer
 * CAMPAIGN#<id> / r#<digest of host>#<run>#<n>  a page of rows, for an hour
 */
const LIST = 'CAMPAIGNS';
const keyOf = (id: string, sk: string) => ({ pk: `CAMPAIGN#${id}`, sk });
const hostSk = (host: string): string => `h#${host}`;
const pageSk = (host: string, run: string, page: number): string =>
  `r#${createHash('sha256').update(host).digest('hex').slice(0, 32)}#${run}#${String(page).padStart(3, '0')}`;

const BATCH = 25; // BatchWriteItem's own limit
const READ_AT_ONCE = 100; // BatchGetItem's own limit

const campaignShape = {
  id: text,
  sql: text,
  askedBy: text,
  target: text,
  askedAtMs: number,
  expiresAtMs: number,
} satisfies ShapeOf<Campaign>;
const progressShape = {
  isQueued: z.optional(flag),
  isLimited: z.optional(flag),
  refused: z.optional(text),
  cancelledAtMs: z.optional(number),
} satisfies ShapeOf<CampaignProgress>;

const ListRow = z.object({ campaign: z.object(campaignShape) });
const CampaignRowShape = z.object({ campaign: z.object(campaignShape), progress: z.object(progressShape) });

const refusal = z.enum({
  'no-node': 'no-node',
  'not-on-platform': 'not-on-platform',
  limited: 'limited',
} as const satisfies { readonly [R in HostRefusal]: R });

const answerShape = z.object({
  run: text,
  status: number,
  message: text,
  rows: number,
  kept: number,
  pages: number,
  isShortened: z.optional(flag),
  answeredAtMs: number,
} satisfies ShapeOf<CampaignAnswer>);

const HostRow = z.object({
  sk: text,
  hostname: text,
  askedAtMs: z.optional(number),
  lastSeenMs: z.optional(number),
  refused: z.optional(refusal),
  answer: z.optional(answerShape),
});

const PageRow = z.object({ host: text, page: number, rows: z.pipe(json, z.array(texts)), expiresAt: number });

const recordOf = (row: TableRow): CampaignRecord => {
  const { campaign, progress } = readRow(CampaignRowShape, row);
  return { ...campaign, ...progress };
};

function hostOf(row: TableRow): CampaignHost {
  const { sk, askedAtMs, answer, ...rest } = readRow(HostRow, row);
  return { ...rest, host: sk.slice('h#'.length), askedAtMs: askedAtMs ?? answer?.answeredAtMs ?? 0, answer };
}

/** Campaigns: one partition for each, and one for the list of them. */
export class DynamoCampaigns implements Campaigns {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async begin(campaign: Campaign): Promise<CampaignRecord> {
    const { id, askedAtMs, expiresAtMs } = campaign;
    const expiresAt = ttl(expiresAtMs + CAMPAIGNS_KEPT_MS);
    const own: Put = {
      Item: { ...keyOf(id, '#campaign'), campaign, progress: {}, expiresAt },
      ConditionExpression: 'attribute_not_exists(pk)',
    };
    const sk = `${String(Math.floor(askedAtMs)).padStart(13, '0')}#${id}`;
    const refused = await putInTransaction(this.#table, [own, { Item: { pk: LIST, sk, campaign, expiresAt } }]);
    return refused.size === 0 ? campaign : ((await this.find(id)) ?? campaign);
  }

  async find(id: string): Promise<CampaignRecord | undefined> {
    const key = { TableName: this.#table.name, Key: keyOf(id, '#campaign'), ConsistentRead: true };
    const { Item } = await this.#table.db.send(new GetCommand(key));
    return Item && recordOf(Item);
  }

  async recordProgress(id: string, progress: CampaignProgress): Promise<void> {
    const fields = Object.entries(progress).filter(([, value]) => value !== undefined);
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: keyOf(id, '#campaign'),
          UpdateExpression: `SET ${fields.map((_, n) => `progress.#${n} = :${n}`).join(', ')}`,
          ConditionExpression: 'attribute_exists(pk)',
          ExpressionAttributeNames: Object.fromEntries(fields.map(([name], n) => [`#${n}`, name])),
          ExpressionAttributeValues: Object.fromEntries(fields.map(([, value], n) => [`:${n}`, value])),
        }),
      ),
    );
  }

  async recent(limit: number): Promise<readonly Campaign[]> {
    const { Items = [] } = await this.#table.db.send(
      new QueryCommand({
        TableName: this.#table.name,
        KeyConditionExpression: 'pk = :pk',
        ExpressionAttributeValues: { ':pk': LIST },
        ScanIndexForward: false,
        Limit: limit,
      }),
    );
    return Items.map((item) => readRow(ListRow, item).campaign);
  }

  async recordHost(id: string, { host, hostname, askedAtMs, lastSeenMs, refused }: Omit<CampaignHost, 'answer'>) {
    const expiresAt = ttl(askedAtMs + CAMPAIGNS_KEPT_MS);
    const sets = ['hostname = :hostname', 'askedAtMs = :asked', 'expiresAt = :expires'];
    if (lastSeenMs !== undefined) sets.push('lastSeenMs = :seen');
    if (refused !== undefined) sets.push('refused = :refused');
    await this.#table.db.send(
      new UpdateCommand({
        TableName: this.#table.name,
        Key: keyOf(id, hostSk(host)),
        UpdateExpression: `SET ${sets.join(', ')}`,
        ExpressionAttributeValues: {
          ':hostname': hostname,
          ':asked': askedAtMs,
          ':expires': expiresAt,
          ':seen': lastSeenMs, // the marshaller drops what is undefined
          ':refused': refused,
        },
      }),
    );
  }

  // Rows first: a reader that sees the answer finds its rows.
  async keepAnswer(id: string, { host, hostname, keep, ...rest }: NewAnswer): Promise<void> {
    const { run, answeredAtMs, status } = rest;
    await this.#writeAll(
      keep.pages.map((rows, page) => ({
        PutRequest: {
          Item: {
            ...keyOf(id, pageSk(host, run, page)),
            host,
            page,
            rows: JSON.stringify(rows),
            expiresAt: ttl(answeredAtMs + ROWS_KEPT_MS),
          },
        },
      })),
    );
    const answer: CampaignAnswer = {
      ...rest,
      kept: keep.kept,
      pages: keep.pages.length,
      isShortened: keep.isShortened || undefined,
    };
    const isBetter = 'answer.#status <> :ok';
    await conditional(
      this.#table.db.send(
        new UpdateCommand({
          TableName: this.#table.name,
          Key: keyOf(id, hostSk(host)),
          UpdateExpression: 'SET hostname = :hostname, answer = :answer, expiresAt = :expires',
          ConditionExpression: `attribute_not_exists(answer)${status === 0 ? ` OR ${isBetter}` : ''}`,
          ExpressionAttributeNames: status === 0 ? { '#status': 'status' } : undefined,
          ExpressionAttributeValues: {
            ':hostname': hostname,
            ':answer': answer,
            ':expires': ttl(answeredAtMs + CAMPAIGNS_KEPT_MS),
            ':ok': status === 0 ? 0 : undefined,
          },
        }),
      ),
    );
  }

  async hosts(id: string): Promise<readonly CampaignHost[]> {
    const items = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :host)',
      ExpressionAttributeValues: { ':pk': `CAMPAIGN#${id}`, ':host': hostSk('') },
      ConsistentRead: true, // a host that is missing would make a campaign look complete
    });
    const hosts: CampaignHost[] = [];
    for await (const item of items) hosts.push(hostOf(item));
    return hosts;
  }

  async rows(id: string, hosts: readonly CampaignHost[], nowMs: number): Promise<Map<string, readonly CampaignRow[]>> {
    const pages = new Map<string, { readonly page: number; readonly rows: readonly CampaignRow[] }[]>();
    const keys = hosts.flatMap(({ host, answer }) =>
      Array.from({ length: answer?.pages ?? 0 }, (_, page) => keyOf(id, pageSk(host, answer?.run ?? '', page))),
    );
    for await (const item of this.#read(keys)) {
      const { host, page, rows, expiresAt } = readRow(PageRow, item);
      if (expiresAt * 1000 > nowMs) pages.set(host, [...(pages.get(host) ?? []), { page, rows }]);
    }
    return new Map(
      [...pages].map(([host, its]) => [host, its.sort((a, b) => a.page - b.page).flatMap(({ rows }) => rows)]),
    );
  }

  /** Reads consistently: the pages of an answer are written before it. */
  async *#read(keys: readonly ReturnType<typeof keyOf>[]): AsyncGenerator<TableRow> {
    let left: Record<string, unknown>[] = [...keys];
    while (left.length > 0) {
      const Keys = left.slice(0, READ_AT_ONCE);
      const { Responses, UnprocessedKeys } = await this.#table.db.send(
        new BatchGetCommand({ RequestItems: { [this.#table.name]: { Keys, ConsistentRead: true } } }),
      );
      yield* Responses?.[this.#table.name] ?? [];
      const unprocessed = UnprocessedKeys?.[this.#table.name]?.Keys ?? [];
      left = [...unprocessed, ...left.slice(READ_AT_ONCE)];
      // The SDK reports throttled keys without an error, so it does not wait by itself.
      if (unprocessed.length > 0) await sleep(Math.random() * 100);
    }
  }

  async #writeAll(requests: readonly WriteRequest[]): Promise<void> {
    let left = requests;
    while (left.length > 0) {
      const { UnprocessedItems } = await this.#table.db.send(
        new BatchWriteCommand({ RequestItems: { [this.#table.name]: left.slice(0, BATCH) } }),
      );
      const unprocessed = UnprocessedItems?.[this.#table.name] ?? [];
      left = [...unprocessed, ...left.slice(BATCH)];
      if (unprocessed.length > 0) await sleep(Math.random() * 100);
    }
  }
}

type WriteRequest = NonNullable<NonNullable<BatchWriteCommandInput['RequestItems']>[string]>[number];
