import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { unpacked } from '../../lib/aws/table/packed-json.ts';
import type { Table } from '../../lib/aws/table/table.ts';
import type { PendingQuery } from '../../lib/core/queue/pending-query.ts';

/** Returns every item of a table. */
export async function everything(table: Table): Promise<Record<string, unknown>[]> {
  const items: Record<string, unknown>[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await table.db.send(
      new ScanCommand({ TableName: table.name, ConsistentRead: true, ExclusiveStartKey: from }),
    );
    items.push(...(page.Items ?? []));
    from = page.LastEvaluatedKey;
  } while (from);
  return items;
}

const packedQuery = unpacked(z.custom<PendingQuery>());

/** Returns every pending query in a table. */
export async function everyQuery(table: Table): Promise<PendingQuery[]> {
  const items = await everything(table);
  return items.flatMap(({ sk, query }) => (String(sk).startsWith('q#') ? [z.parse(packedQuery, query)] : []));
}
