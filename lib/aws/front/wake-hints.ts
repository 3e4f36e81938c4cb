import { randomUUID } from 'node:crypto';
import { PutCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { HINT_TTL_MS, shardOf, type WakeHint, type WakeHints } from '../../core/front/wake-hints.ts';
import { each } from '../../core/together.ts';
import { itemsOf } from '../table/fast-reads.ts';
import { readRow, text } from '../table/row-schema.ts';
import { type Table, ttl } from '../table/table.ts';

// 13 digits last until the year 2286. The random part keeps two hints of one host in one millisecond apart: a front that has
// seen the first one must not mistake the second one for a copy.
const timeOf = (atMs: number): string => String(Math.floor(atMs)).padStart(13, '0');
const KEY = /^(\d{13})#[0-9a-f]{8}#(.+)$/s;

const HintRow = z.object({ sk: text });

/**
 * Writes hints for hosts whose partitions are about to change: `WAKE#<shard>` / `<ms>#<random>#<host>`. Call it before the change:
 * after a crash between the two, a held read looks once for nothing, instead of waiting for work that it does not know of. Does
 * nothing in a deployment without a long-poll front.
 */
export async function announce(hosts: Iterable<string>, { db, name, hintClock }: Table): Promise<void> {
  if (!hintClock) return;
  await each([...new Set(hosts)], async (host) => {
    const nowMs = hintClock();
    const sk = `${timeOf(nowMs)}#${randomUUID().slice(0, 8)}#${host}`;
    const Item = { pk: `WAKE#${shardOf(host)}`, sk, expiresAt: ttl(nowMs + HINT_TTL_MS) };
    await db.send(new PutCommand({ TableName: name, Item }));
  });
}

/** Reads the hints in the table. */
export class DynamoWakeHints implements WakeHints {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async since(shard: number, fromMs: number): Promise<WakeHint[]> {
    const items = itemsOf(this.#table, {
      KeyConditionExpression: 'pk = :pk AND sk >= :from',
      ExpressionAttributeValues: { ':pk': `WAKE#${shard}`, ':from': timeOf(fromMs) },
      ProjectionExpression: 'sk',
    });
    const hints: WakeHint[] = [];
    for await (const item of items) {
      const { sk: id } = readRow(HintRow, item);
      const [, time, host] = KEY.exec(id) ?? [];
      if (time !== undefined && host !== undefined) hints.push({ id, host, atMs: Number(time) });
    }
    return hints;
  }
}
