import { expect, it } from '@jest/globals';
import { DynamoFanOuts } from '../../../lib/aws/fan-outs.ts';
import { aTable, dynamodb } from '../../support/dynamodb.ts';
import { DynamoTap } from '../../support/dynamodb-tap.ts';
import { T0 } from '../../support/world.ts';

it('a copy of an event that follows at once finds asked what the first has asked', async () => {
  const client = dynamodb();
  const fanOuts = new DynamoFanOuts(await aTable(client));
  const tap = new DynamoTap(client);
  await fanOuts.save('event 1', { hosts: 1, done: true }, T0);
  expect(await fanOuts.resume('event 1', T0)).toEqual({ hosts: 1, done: true });
  // The embedded table is never behind; the real one may be, unless it is told not to.
  expect(tap.calls.at(-1)).toMatchObject({ name: 'GetItemCommand', input: { ConsistentRead: true } });
});
