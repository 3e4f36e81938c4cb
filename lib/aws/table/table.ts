import { ConditionalCheckFailedException, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient } from '@aws-sdk/lib-dynamodb';
import type { TableVariables } from './table-env.ts';

/** The table and a client for it; items have `pk`, `sk` and, for TTL, `expiresAt` in epoch seconds. */
export interface Table {
  readonly db: DynamoDBDocumentClient;
  readonly name: string;
  /** The clock of the hints for a long-poll front. @default - the deployment has none, and no hint is written */
  readonly hintClock?: () => number;
}

/**
 * @param client a client of the caller's, for tests and tools; Lambda functions leave it out
 */
export function openTable(name: string, client: DynamoDBClient = new DynamoDBClient({})): Table {
  // This middleware copies every input and output for a log that we do not use. It takes a tenth of a call's CPU.
  client.middlewareStack.remove('loggerMiddleware');
  return { name, db: DynamoDBDocumentClient.from(client, { marshallOptions: { removeUndefinedValues: true } }) };
}

/** The table, with hints for a long-poll front. */
export const withHints = (table: Table, hintClock: () => number): Table => ({ ...table, hintClock });

/** The table of a function's environment. */
export function tableIn(env: TableVariables, client?: DynamoDBClient): Table {
  const table = openTable(env.TABLE_NAME, client);
  return env.WAKE_HINTS === 'on' ? withHints(table, Date.now) : table;
}

/** Epoch seconds for TTL, rounded up, so that the item lives at least until then. @example ttl(1_500) // 2 */
export const ttl = (atMs: number): number => Math.ceil(atMs / 1000);

/** @returns whether the write was made: false when its condition did not hold, which is no error */
export async function conditional(write: Promise<unknown>): Promise<boolean> {
  try {
    await write;
    return true;
  } catch (error) {
    if (error instanceof ConditionalCheckFailedException) return false;
    throw error;
  }
}
