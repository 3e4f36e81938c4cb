import { GetCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { MARK_LENGTH, STORED_LOGS_KEPT_MS, type StoredLogs } from '../../core/results/stored-logs.ts';
import { number, readRow, text } from '../table/row-schema.ts';
import { type Table, ttl } from '../table/table.ts';

const MarksRow = z.object({ marks: text, expiresAt: number });

/** Marks of lines as one text: `LOG#<host>` / log type. */
export class DynamoStoredLogs implements StoredLogs {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // Reads consistently, because an agent sends a batch again a moment later. Checks expiry itself, because TTL deletes late.
  async stored(host: string, logType: string, nowMs: number): Promise<readonly string[]> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: keyOf(host, logType), ConsistentRead: true }),
    );
    const row = Item && readRow(MarksRow, Item);
    if (!row || row.expiresAt * 1000 <= nowMs) return [];
    const { marks } = row;
    return Array.from({ length: marks.length / MARK_LENGTH }, (_, n) =>
      marks.slice(n * MARK_LENGTH, (n + 1) * MARK_LENGTH),
    );
  }

  async replace(host: string, logType: string, marks: readonly string[], nowMs: number): Promise<void> {
    const Item = { ...keyOf(host, logType), marks: marks.join(''), expiresAt: ttl(nowMs + STORED_LOGS_KEPT_MS) };
    await this.#table.db.send(new PutCommand({ TableName: this.#table.name, Item }));
  }
}

/** The `#` is needed because a log type may be empty and a sort key may not. */
const keyOf = (host: string, logType: string) => ({ pk: `LOG#${host}`, sk: `#${logType}` });
