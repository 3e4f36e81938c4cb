import { randomUUID } from 'node:crypto';
import { CreateTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { openTable, type Table } from '../../lib/aws/table.ts';

/** A client of the embedded DynamoDB that `global-setup.ts` started for this run. */
export const dynamodb = (): DynamoDBClient =>
  new DynamoDBClient({
    endpoint: process.env.TEST_DYNAMODB_ENDPOINT ?? '',
    region: 'local',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
  });

/** A new, empty table with Mayfly's keys, on the embedded DynamoDB. */
export async function aTable(client: DynamoDBClient = dynamodb()): Promise<Table> {
  const name = `mayfly-${randomUUID()}`;
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [
        { AttributeName: 'pk', AttributeType: 'S' },
        { AttributeName: 'sk', AttributeType: 'S' },
      ],
      KeySchema: [
        { AttributeName: 'pk', KeyType: 'HASH' },
        { AttributeName: 'sk', KeyType: 'RANGE' },
      ],
    }),
  );
  return openTable(name, client);
}
