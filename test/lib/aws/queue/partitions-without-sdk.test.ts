import { expect, it } from '@jest/globals';
import { DynamoNodeRegistry } from '../../../../lib/aws/nodes/node-registry.ts';
import { DynamoHostQueue } from '../../../../lib/aws/queue/host-queue.ts';
import { PartitionsWithoutSdk } from '../../../../lib/aws/queue/partitions-without-sdk.ts';
import { deliveryOf } from '../../../../lib/core/queue/delivery.ts';
import { aNode } from '../../../support/a-node.ts';
import { aPendingQuery } from '../../../support/builders.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { SECOND, T0 } from '../../../support/times.ts';

it('reads the same partitions as the SDK does', async () => {
  const table = await aTable();
  const queue = new DynamoHostQueue(table);
  const light = new PartitionsWithoutSdk(table.name, {
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    ...process.env,
    AWS_ENDPOINT_URL_DYNAMODB: process.env.TEST_DYNAMODB_ENDPOINT,
  });
  expect(await light.read('h1')).toEqual({ deliveries: [], pending: [] });

  await new DynamoNodeRegistry(table).enroll(
    aNode('h1', { tags: { env: 'prod' }, secondAgents: ['h1~1a2b3c4d'], hotUntilMs: T0 }),
    undefined,
  );
  const [first, second, third] = [aPendingQuery(1), aPendingQuery(2), aPendingQuery(3, { sql: 'SELECT "é", 1.5' })];
  const delivery = deliveryOf('000000001-aaaa', [[first], [second]], T0, 30 * SECOND);
  await queue.deliver({ ...delivery, answered: ['0'] });
  await queue.enqueue(third);
  const read = await light.read('h1', true);
  expect(read).toEqual(await queue.read('h1', true));
  expect(read).toMatchObject({ node: { host: 'h1' }, deliveries: [{ id: delivery.id }], pending: [third] });
  light.close();
});
