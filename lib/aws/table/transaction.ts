import { setTimeout as sleep } from 'node:timers/promises';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { type PutCommandInput, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import type { Table } from './table.ts';

/** A write of one item, with or without a condition. */
export type Put = Required<Pick<PutCommandInput, 'Item'>> &
  Pick<PutCommandInput, 'ConditionExpression' | 'ExpressionAttributeValues'>;

/** Another transaction holds one of the items, or the table is throttled. A retry may succeed. */
const PASSING = new Set(['None', 'TransactionConflict', 'ThrottlingError', 'ProvisionedThroughputExceeded']);
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 25; // doubled after each attempt, with jitter: at most 0.8 s in total

/**
 * Writes all of these items or none. One transaction costs far less CPU than one request per item.
 *
 * @param puts at most 100 different items, 4 MB in total
 * @returns the writes whose condition failed: if there is one, nothing was written
 */
export async function putInTransaction(table: Table, puts: readonly Put[]): Promise<ReadonlySet<Put>> {
  const TransactItems = puts.map((put) => ({ Put: { TableName: table.name, ...put } }));
  for (let attempt = 1; ; attempt++) {
    try {
      await table.db.send(new TransactWriteCommand({ TransactItems }));
      return new Set();
    } catch (error) {
      if (!(error instanceof TransactionCanceledException)) throw error;
      const codes = (error.CancellationReasons ?? []).map(({ Code = 'None' }) => Code);
      const refused = puts.filter((_, n) => codes[n] === 'ConditionalCheckFailed');
      if (refused.length > 0) return new Set(refused);
      if (attempt === ATTEMPTS || !codes.every((code) => PASSING.has(code))) throw error;
      await sleep(Math.random() * FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}
