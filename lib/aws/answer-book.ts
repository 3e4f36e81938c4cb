import { ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import type { AnswerBook, PageNews } from '../core/results/answer-book.ts';
import { type Table, ttl } from './table.ts';

// An agent resends for as long as it runs without an answer; a day is beyond any lost reply.
const KEPT_MS = 24 * 3_600_000;

/** Pages of answers: `ANSWER#<host>` / page; `marks` is a set, `claimedUntilMs` is there while a request holds it. */
export class DynamoAnswerBook implements AnswerBook {
  readonly #table: Table;

  constructor(table: Table) {
    this.#table = table;
  }

  async claim(host: string, page: string, nowMs: number, untilMs: number): Promise<ReadonlySet<string> | 'busy'> {
    try {
      const { Attributes } = await this.#update(host, page, {
        UpdateExpression: 'SET claimedUntilMs = :until, expiresAt = :expires',
        ConditionExpression: 'attribute_not_exists(claimedUntilMs) OR claimedUntilMs <= :now',
        ExpressionAttributeValues: { ':until': untilMs, ':now': nowMs, ':expires': ttl(untilMs + KEPT_MS) },
        ReturnValues: 'ALL_NEW',
      });
      return Attributes?.marks instanceof Set ? (Attributes.marks as Set<string>) : new Set();
    } catch (error) {
      if (error instanceof ConditionalCheckFailedException) return 'busy';
      throw error;
    }
  }

  async stored(host: string, page: string, { marks, nowMs, replaces }: PageNews): Promise<void> {
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
    return this.#table.db.send(
      new UpdateCommand({ TableName: this.#table.name, Key: { pk: `ANSWER#${host}`, sk: page }, ...update }),
    );
  }
}
