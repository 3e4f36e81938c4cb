import { randomUUID } from 'node:crypto';
import { Agent } from 'node:http';
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  waitUntilTableExists,
} from '@aws-sdk/client-dynamodb';
import { BY_DAY } from '../../lib/aws/ledger.ts';
import { openTable, type Table } from '../../lib/aws/table.ts';

/** The connections of all clients. With connections of its own, each table's client would leave one open. */
const httpAgent = new Agent({ keepAlive: true, maxSockets: 50 });

/** A signature that the embedded DynamoDB accepts. To compute one takes a third of the CPU time of a request. */
const SIGNATURE = {
  authorization:
    'AWS4-HMAC-SHA256 Credential=local/20250101/local/dynamodb/aws4_request, SignedHeaders=host, Signature=0',
  'x-amz-date': '20250101T000000Z',
};
const constantSigner = {
  sign: async <T extends { headers: Record<string, string> }>(request: T): Promise<T> => {
    Object.assign(request.headers, SIGNATURE);
    return request;
  },
};

/** A client of this run's DynamoDB: the embedded one, or `DYNAMODB_ENDPOINT` in `AWS_REGION`. */
export const dynamodb = (): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: process.env.TEST_DYNAMODB_ENDPOINT ?? '',
    region: process.env.AWS_REGION ?? 'local',
    credentials: {
      accessKeyId: process.env.AWS_ACCESS_KEY_ID ?? 'local',
      secretAccessKey: process.env.AWS_SECRET_ACCESS_KEY ?? 'local',
      sessionToken: process.env.AWS_SESSION_TOKEN,
    },
    signer: process.env.DYNAMODB_ENDPOINT ? undefined : constantSigner,
    requestHandler: process.env.TEST_DYNAMODB_ENDPOINT?.startsWith('http:') ? { httpAgent } : undefined,
  });

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
