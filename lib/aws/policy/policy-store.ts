import { gzipSync } from 'node:zlib';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand, QueryCommand, type QueryCommandOutput, TransactWriteCommand } from '@aws-sdk/lib-dynamodb';
import * as z from 'zod/mini';
import { MayflyError } from '../../core/errors.ts';
import type { PolicyStore, PolicyVersion } from '../../core/policy/policy.ts';
import { number, readRow } from '../table/row-schema.ts';
import type { Table } from '../table/table.ts';
import { headOf, type VersionHead, versionOf } from './policy-rows.ts';

/*
 * POLICY / #current           which version is live
 * POLICY / v#<number>         one version; `content` is gzip of the JSON of policy and sources
 * A version and the pointer to it are written in one transaction. So every version under `v#` has been live, and none is
 * ever overwritten.
 */
const PK = 'POLICY';
const CURRENT = { pk: PK, sk: '#current' };
const PointerRow = z.object({ version: number });
const versionKey = (version: number) => ({ pk: PK, sk: `v#${String(version).padStart(10, '0')}` });

/** DynamoDB's own limit on an item, and a reserve for its other attributes; the message is bounded below. */
const MAX_CONTENT_BYTES = 400 * 1024 - 8 * 1024;
const MAX_TEXT_BYTES = 2048; // of message and author
const CONFLICT_ROUNDS = 10;

/**
 * Policy and sources as the table holds them. The same input gives the same bytes.
 *
 * @throws {MayflyError} `POLICY_TOO_LARGE`, naming the size and what is allowed
 */
export function packPolicy({ policy, sources }: Pick<PolicyVersion, 'policy' | 'sources'>): Uint8Array {
  const content = gzipSync(JSON.stringify({ policy, sources }), { level: 9 });
  if (content.length > MAX_CONTENT_BYTES) {
    throw new MayflyError(
      'POLICY_TOO_LARGE',
      `the policy with its files takes ${kilobytes(content.length)} compressed, ` +
        `${kilobytes(MAX_CONTENT_BYTES)} is what one item of the table can hold: drop packs or files that nothing uses`,
    );
  }
  return content;
}

const kilobytes = (bytes: number): string => `${Math.ceil(bytes / 1024)} KB`;

/** The versions of the policy on DynamoDB. */
export class DynamoPolicyStore implements PolicyStore {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  // An eventually consistent read: half a read unit, and callers ask only every 30 s.
  async liveNumber(): Promise<number> {
    return this.#pointer(false);
  }

  async current(): Promise<PolicyVersion | undefined> {
    const version = await this.#pointer(true);
    return version === 0 ? undefined : this.version(version);
  }

  async version(version: number): Promise<PolicyVersion | undefined> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: versionKey(version), ConsistentRead: true }),
    );
    return Item && versionOf(Item);
  }

  async history(limit: number): Promise<VersionHead[]> {
    const heads: VersionHead[] = [];
    let from: QueryCommandOutput['LastEvaluatedKey'];
    do {
      const page: QueryCommandOutput = await this.#table.db.send(
        new QueryCommand({
          TableName: this.#table.name,
          KeyConditionExpression: 'pk = :pk AND begins_with(sk, :versions)',
          ExpressionAttributeNames: { '#version': 'version', '#message': 'message' },
          ExpressionAttributeValues: { ':pk': PK, ':versions': 'v#' },
          ProjectionExpression: 'pk, sk, #version, digest, pushedAtMs, pushedBy, #message',
          ScanIndexForward: false,
          ConsistentRead: true,
          Limit: limit - heads.length,
          ExclusiveStartKey: from,
        }),
      );
      heads.push(...(page.Items ?? []).map(headOf));
      from = page.LastEvaluatedKey;
    } while (from && heads.length < limit);
    return heads;
  }

  async push(next: PolicyVersion, expected: number): Promise<boolean> {
    const { version, digest, pushedAtMs } = next;
    if (version !== expected + 1) throw new Error(`version ${version} cannot follow version ${expected}`);
    const texts = { pushedBy: cut(next.pushedBy), message: cut(next.message) };
    const isFirst = expected === 0;
    const TransactItems = [
      {
        Put: {
          TableName: this.#table.name,
          Item: { ...versionKey(version), version, digest, pushedAtMs, ...texts, content: packPolicy(next) },
          ConditionExpression: 'attribute_not_exists(pk)',
        },
      },
      {
        Put: {
          TableName: this.#table.name,
          Item: { ...CURRENT, version },
          ConditionExpression: isFirst ? 'attribute_not_exists(pk)' : '#version = :expected',
          ExpressionAttributeNames: isFirst ? undefined : { '#version': 'version' },
          ExpressionAttributeValues: isFirst ? undefined : { ':expected': expected },
        },
      },
    ];
    for (let round = 1; ; round++) {
      try {
        await this.#table.db.send(new TransactWriteCommand({ TransactItems }));
        return true;
      } catch (error) {
        const reasons = reasonsOf(error);
        if (reasons.includes('ConditionalCheckFailed')) return false;
        // Another push is in its transaction. Once it ends, the conditions decide which push succeeded.
        if (!reasons.includes('TransactionConflict') || round === CONFLICT_ROUNDS) throw error;
      }
    }
  }

  async #pointer(consistent: boolean): Promise<number> {
    const { Item } = await this.#table.db.send(
      new GetCommand({ TableName: this.#table.name, Key: CURRENT, ConsistentRead: consistent }),
    );
    return Item ? readRow(PointerRow, Item).version : 0;
  }
}

const cut = (text: string): string =>
  Buffer.byteLength(text) <= MAX_TEXT_BYTES ? text : `${text.slice(0, MAX_TEXT_BYTES / 4)}…`;

const reasonsOf = (error: unknown): string[] =>
  error instanceof TransactionCanceledException
    ? (error.CancellationReasons ?? []).flatMap(({ Code }) => Code ?? [])
    : [];
