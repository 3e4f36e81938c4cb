import { setTimeout as sleep } from 'node:timers/promises';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { BatchGetCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import type { PageNews, StoredAnswers } from '../../core/results/stored-answers.ts';
import { readRow, type TableRow, text } from '../table/row-schema.ts';
import { type Table, ttl } from '../table/table.ts';

// An agent resends an answer until it gets a reply. After a day without one, a copy is stored again.
const KEPT_MS = 24 * 3_600_000;

/** BatchGetItem's own limit. */
const READ_AT_ONCE = 100;

const keyOf = (host: string, page: string) => ({ pk: `ANSWER#${host}`, sk: page });

const PageRow = z.object({ marks: z._default(z.set(text), () => new Set()) });
const marksOf = (row: TableRow): ReadonlySet<string> => readRow(PageRow, row).marks;

/** Pages of answers: `ANSWER#<host>` / page; `marks` is a set, `claimedUntilMs` is there while a request holds it. */
export class DynamoStoredAnswers implements StoredAnswers {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async read(host: string, pages: readonly string[]): Promise<Map<string, ReadonlySet<string>>> {
    const read = new Map<string, ReadonlySet<string>>();
    let left: Record<string, unknown>[] = pages.map((page) => keyOf(host, page));
    while (left.length > 0) {
      // An eventually consistent read suffices, because the claim returns the current marks.
      const { Responses, UnprocessedKeys } = await this.#table.db.send(
        new BatchGetCommand({ RequestItems: { [this.#table.name]: { Keys: left.slice(0, READ_AT_ONCE) } } }),
      );
      for (const row of Responses?.[this.#table.name] ?? []) read.set(String(row.sk), marksOf(row));
      const unprocessed = UnprocessedKeys?.[this.#table.name]?.Keys ?? [];
      left = [...unprocessed, ...left.slice(READ_AT_ONCE)];
      // The SDK reports throttled keys without an error, so it does not wait by itself.
      if (unprocessed.length > 0) await sleep(Math.random() * 100);
    }
    return read;
  }

  async claim(host: string, page: string, nowMs: number, untilMs: number): Promise<ReadonlySet<string> | 'busy'> {
    try {
      const { Attributes } = await this.#update(host, page, {
        UpdateExpression: 'SET claimedUntilMs = :until, expiresAt = :expires',
        ConditionExpression: 'attribute_not_exists(claimedUntilMs) OR claimedUntilMs <= :now',
        ExpressionAttributeValues: { ':until': untilMs, ':now': nowMs, ':expires': ttl(untilMs + KEPT_MS) },
        ReturnValues: 'ALL_NEW',
      });
      return marksOf({ ...keyOf(host, page), ...Attributes });
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'busy';
      throw error;
    }
  }

  async markStored(host: string, page: string, { marks, nowMs, replaces }: PageNews): Promise<void> {
    await this.#update(host, page, {
      UpdateExpression: replaces
        ? 'SET marks = :marks, expiresAt = :expires REMOVE claimedUntilMs'
        : 'SET expiresAt = :expires ADD marks :marks REMOVE claimedUntilMs',
      ExpressionAttributeValues: { ':marks': new Set(marks), ':expires': ttl(nowMs + KEPT_MS) },
    });
  }

  async release(host: string, page: string): Promise<void> {
    await this.#update(host, page, { UpdateExpression: 'REMOVE claimedUntilMs' });
  }

  #update(host: string, page: string, update: Omit<UpdateCommandInput, 'TableName' | 'Key'>) {
    return this.#table.db.send(new UpdateCommand({ TableName: this.#table.name, Key: keyOf(host, page), ...update }));
  }
}
