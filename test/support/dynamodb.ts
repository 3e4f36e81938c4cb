import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { BY_DAY } from '../../lib/aws/ledger/ledger-keys.ts';
import { openTable, type Table } from '../../lib/aws/table/table.ts';
import { scaled } from './effort.ts';
import { shorten, shortWire } from './short-client.ts';

/** The endpoint of the embedded DynamoDB, for shortened clients. The long run and another DynamoDB get the whole SDK. */
export function shortEndpoint(): string | undefined {
  const { DYNAMODB_ENDPOINT, TEST_DYNAMODB_ENDPOINT } = process.env;
  return DYNAMODB_ENDPOINT || scaled(1) !== 1 ? undefined : TEST_DYNAMODB_ENDPOINT;
}

/** A client of this run's DynamoDB: the embedded one, or `DYNAMODB_ENDPOINT` in `AWS_REGION`. */
export function dynamodb(): DynamoDBClient {
  const endpoint = process.env.TEST_DYNAMODB_ENDPOINT ?? '';
  const short = shortEndpoint();
  const client = new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'local',
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'local',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'local',
      sessionToken: process.env.AWS_SESSION_TOKEN,
    },
    requestHandler: short ? shortWire(short) : undefined,
  });
  if (short) shorten(client, short);
  return client;
}

/** Keys and indexes of Mayfly's table. A stack test compares them with the template. */
export const KEYS = {
  AttributeDefinitions: [
    { AttributeName: 'pk', AttributeType: 'S' },
    { AttributeName: 'sk', AttributeType: 'S' },
    { AttributeName: 'day', AttributeType: 'S' },
    { AttributeName: 'firstReceivedAtMs', AttributeType: 'N' },
  ],
  KeySchema: [
    { AttributeName: 'pk', KeyType: 'HASH' },
    { AttributeName: 'sk', KeyType: 'RANGE' },
  ],
  GlobalSecondaryIndexes: [
    {
      IndexName: BY_DAY,
      KeySchema: [
        { AttributeName: 'day', KeyType: 'HASH' },
        { AttributeName: 'firstReceivedAtMs', KeyType: 'RANGE' },
      ],
      Projection: { ProjectionType: 'KEYS_ONLY' },
    },
  ],
} satisfies Partial<CreateTableCommandInput>;

/** Creates a new, empty table with Mayfly's keys, ready for use. The embedded DynamoDB has it at once, whatever it says. */
export async function aTable(client: DynamoDBClient = dynamodb()): Promise<Table> {
  const name = `mayfly-${randomUUID()}`;
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      ...KEYS,
    }),
  );
  if (TableDescription?.TableStatus !== 'ACTIVE' && !shortEndpoint())
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: name });
  return openTable(name, client);
}
