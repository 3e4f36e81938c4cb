import { unmarshall } from '@aws-sdk/util-dynamodb';
import * as z from 'zod/mini';
import type { HostPartition, HostQueue } from '../../core/queue/host-queue.ts';
import { type JsonService, SignedCalls } from '../calls/signed-calls.ts';
import { hostKey, partitionOf } from '../nodes/host-rows.ts';

const DYNAMODB: JsonService = {
  name: 'dynamodb',
  target: 'DynamoDB_20120810',
  contentType: 'application/x-amz-json-1.0',
};

/** Values with their types, as DynamoDB sends them: `{ "S": "web-7" }`. */
type Item = Parameters<typeof unmarshall>[0];
const Page = z.object({ Items: z._default(z.array(z.custom<Item>(isItem)), () => []) });

/** Decodes binary attributes: JSON carries them in base64, and only the SDK's own calls decode them. */
function withBytes(item: Item): Item {
  for (const value of Object.values(item)) if (typeof value.B === 'string') value.B = Buffer.from(value.B, 'base64');
  return item;
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null;
}

/** Reads partitions of hosts without the SDK, one page each, as `DynamoHostQueue` does. Errors are not retried. */
export class PartitionsWithoutSdk implements Pick<HostQueue, 'read'> {
  readonly #table: string;
  readonly #calls: SignedCalls;

  /** @param env @see SignedCalls */
  constructor(table: string, env: NodeJS.ProcessEnv) {
    this.#table = table;
    this.#calls = new SignedCalls(DYNAMODB, env);
  }

  async read(host: string, consistent = false): Promise<HostPartition> {
    const output = await this.#calls.call('Query', {
      TableName: this.#table,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': { S: hostKey(host) } },
      ConsistentRead: consistent,
    });
    return partitionOf(Page.parse(output).Items.map((item) => unmarshall(withBytes(item))));
  }

  close(): void {
    this.#calls.close();
  }
}
