import { expect, it } from '@jest/globals';
import { DynamoFanOuts } from '../../../../lib/aws/queue/fan-outs.ts';
import type { FanOuts } from '../../../../lib/core/queue/fan-out.ts';
import { MemoryFanOuts } from '../../../../lib/memory/progress.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

it.each([
  ['DynamoDB', async (): Promise<FanOuts> => new DynamoFanOuts(await aTable())],
  ['memory', async (): Promise<FanOuts> => new MemoryFanOuts()],
])('in %s, a later note with a shorter lifetime does not shorten a slot', async (_, make) => {
  const fanOuts = await make();
  await fanOuts.save('one', { hosts: 1, done: true }, T0, 60 * MINUTE);
  await fanOuts.save('one', { hosts: 1, done: true }, T0, MINUTE);
  expect(await fanOuts.resume('one', T0 + 59 * MINUTE)).toMatchObject({ done: true });
  expect(await fanOuts.resume('one', T0 + 60 * MINUTE)).toMatchObject({ done: false });
});

it('the secret that orders fan-outs is created once, even by functions that start concurrently', async () => {
  const table = await aTable();
  const secrets = await Promise.all([1, 2, 3].map(() => new DynamoFanOuts(table).secret()));
  expect(new Set([...secrets, await new DynamoFanOuts(table).secret()]).size).toBe(1);
  expect(secrets[0]).toMatch(/^[0-9a-f]{64}$/);
});
