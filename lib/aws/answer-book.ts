import { createHash } from 'node:crypto';
import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { AnswerBook } from '../core/results/answer-book.ts';
import { type Table, ttl } from './table.ts';

// An agent resends for as long as it runs without an answer; a day is beyond any lost reply.
const STORED_TTL_MS = 24 * 3_600_000;

/** Answers: `ANSWER#<host>` / digest of the id on the wire (ids come from the network and may be of any length). */
export class DynamoAnswerBook implements AnswerBook {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async claim(host: string, wireId: string, nowMs: number, untilMs: number): Promise<'claimed' | 'busy' | 'stored'> {
    try {
      await this.#table.db.send(
        new PutCommand({
          TableName: this.#table.name,
          Item: { ...this.#key(host, wireId), claimedUntilMs: untilMs, expiresAt: ttl(untilMs + STORED_TTL_MS) },
          ConditionExpression: 'attribute_not_exists(pk) OR claimedUntilMs <= :now',
          ExpressionAttributeValues: { ':now': nowMs },
          ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
        }),
      );
      return 'claimed';
    } catch (error) {
      if (!(error instanceof ConditionalCheckFailedException)) throw error;
      return error.Item?.storedAtMs ? 'stored' : 'busy';
    }
  }

  async stored(host: string, wireId: string, nowMs: number): Promise<void> {
    await this.#table.db.send(
      new PutCommand({
        TableName: this.#table.name,
        Item: { ...this.#key(host, wireId), storedAtMs: nowMs, expiresAt: ttl(nowMs + STORED_TTL_MS) },
      }),
    );
  }

  async release(host: string, wireId: string): Promise<void> {
    await this.#table.db.send(new DeleteCommand({ TableName: this.#table.name, Key: this.#key(host, wireId) }));
  }

  #key(host: string, wireId: string) {
    return { pk: `ANSWER#${host}`, sk: createHash('sha256').update(wireId).digest('base64url') };
  }
}
