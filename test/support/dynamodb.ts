import { randomUUID } from 'node:crypto';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { BY_DAY } from '../../lib/aws/ledger-keys.ts';
import { openTable, type Table } from '../../lib/aws/table.ts';
import { scaled } from './effort.ts';
import { shorten, shortWire } from './short-client.ts';

/** The long run and another DynamoDB get the whole SDK. */
const isShort = (endpoint: string): boolean =>
  !process.env.DYNAMODB_ENDPOINT && endpoint.startsWith('http:') && scaled(1) === 1;

/** A client of this run's DynamoDB: the embedded one, or `DYNAMODB_ENDPOINT` in `AWS_REGION`. */
export function dynamodb(): DynamoDBClient {
  const endpoint = process.env.TEST_DYNAMODB_ENDPOINT ?? '';
  const client = new DynamoDBClient({
    endpoint,
    region: process.env.AWS_REGION ?? 'local',
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'local',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'local',
      sessionToken: process.env.AWS_SESSION_TOKEN,
    },
    requestHandler: isShort(endpoint) ? shortWire(endpoint) : undefined,
  });
  if (isShort(endpoint)) shorten(client, endpoint);
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

/** Creates a new, empty table with Mayfly's keys, ready for use. */
export async function aTable(client: DynamoDBClient = dynamodb()): Promise<Table> {
  const name = `mayfly-${randomUUID()}`;
  const { TableDescription } = await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      ...KEYS,
    }),
  );
  if (TableDescription?.TableStatus !== 'ACTIVE')
    await waitUntilTableExists({ client, maxWaitTime: 60, minDelay: 1 }, { TableName: name });
  return openTable(name, client);
}
