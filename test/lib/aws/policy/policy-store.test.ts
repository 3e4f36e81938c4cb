import { randomBytes } from 'node:crypto';
import { TransactionCanceledException } from '@aws-sdk/client-dynamodb';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore, packPolicy } from '../../../../lib/aws/policy/policy-store.ts';
import { openTable } from '../../../../lib/aws/table/table.ts';
import { aVersion } from '../../../support/a-policy.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { DynamoTap } from '../../../support/dynamodb-tap.ts';
import { interleave } from '../../../support/interleave.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';

async function aStore() {
  const table = await aTable();
  return { table, store: new DynamoPolicyStore(table) };
}

const numbers = (heads: readonly { version: number }[]) => heads.map(({ version }) => version);

describe('the policy store', () => {
  it('is empty at first', async () => {
    const { store } = await aStore();
    expect([await store.liveNumber(), await store.current(), await store.history(10)]).toEqual([0, undefined, []]);
  });

  it('returns a version as it was pushed, including its files', async () => {
    const { store } = await aStore();
    expect(await store.push(aVersion(1), 0)).toBe(true);
    expect(await store.current()).toEqual(aVersion(1));
    expect(await store.version(1)).toEqual(aVersion(1));
    expect(await store.version(2)).toBeUndefined();
  });

  it('keeps the order of keys, which determines the bytes sent to agents', async () => {
    const { store } = await aStore();
    const { policy } = aVersion(1);
    const config = { schedule: { z: { query: 'SELECT 1', interval: 60 }, a: {} }, decorators: {}, options: {} };
    await store.push(aVersion(1, { policy: { ...policy, profiles: [{ name: 'default', config }] } }), 0);
    const live = await store.current();
    expect(JSON.stringify(live?.policy.profiles[0]?.config)).toBe(JSON.stringify(config));
  });

  it('lists its history newest first, up to the requested length', async () => {
    const { store } = await aStore();
    for (let n = 1; n <= 12; n++) await store.push(aVersion(n), n - 1);
    expect(numbers(await store.history(3))).toEqual([12, 11, 10]);
    expect(numbers(await store.history(100))).toEqual([12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1]);
    const { policy: _, sources: __, ...head } = aVersion(12);
    expect((await store.history(1))[0]).toEqual(head);
  });

  it('lists a history longer than one page of DynamoDB', async () => {
    const { store } = await aStore();
    for (let n = 1; n <= 4; n++) {
      await store.push(aVersion(n, { sources: { 'packs/noise': randomBytes(190_000).toString('hex') } }), n - 1);
    }
    expect(numbers(await store.history(10))).toEqual([4, 3, 2, 1]);
  });

  it('refuses a push onto a version that is no longer live, and changes nothing', async () => {
    const { store } = await aStore();
    await store.push(aVersion(1), 0);
    await store.push(aVersion(2), 1);
    const late = aVersion(2, { message: 'late' });
    expect(await store.push(late, 1)).toBe(false);
    expect(await store.push(aVersion(1, { message: 'seed' }), 0)).toBe(false);
    expect(await store.current()).toEqual(aVersion(2));
    expect(numbers(await store.history(10))).toEqual([2, 1]);
  });

  it('refuses a push onto a version that never existed', async () => {
    const { store } = await aStore();
    expect(await store.push(aVersion(8), 7)).toBe(false);
    expect(await store.history(10)).toEqual([]);
  });

  it('accepts only the next number: the history has no gaps', async () => {
    const { store } = await aStore();
    await expect(store.push(aVersion(3), 1)).rejects.toThrow('version 3 cannot follow version 1');
  });

  it.each([[[0, 0, 0, 0]], [[1, 1, 1, 1]], [[0, 1, 0, 1]]])(
    'lets one of two pushers win if both saw the same version (order %j)',
    async (order) => {
      const { table, store } = await aStore();
      await store.push(aVersion(1), 0);
      const won = await interleave(
        table,
        order,
        ['ann', 'bob'].map((pushedBy) => async (its) => {
          const mine = new DynamoPolicyStore(its);
          await mine.current();
          return (await mine.push(aVersion(2, { pushedBy }), 1)) ? pushedBy : '';
        }),
      );
      const [winner, ...others] = won.filter((name) => name !== '');
      expect(others).toEqual([]);
      expect((await store.current())?.pushedBy).toBe(winner);
      expect((await store.history(10))[0]?.pushedBy).toBe(winner);
    },
  );

  it('lets exactly one of ten concurrent pushers win, and the history names the winner', async () => {
    const { store } = await aStore();
    await store.push(aVersion(1), 0);
    const names = Array.from({ length: 10 }, (_, n) => `user${n}`);
    const won = await Promise.all(names.map((pushedBy) => store.push(aVersion(2, { pushedBy }), 1)));
    expect(won.filter(Boolean)).toHaveLength(1);
    const winner = names[won.indexOf(true)];
    expect((await store.current())?.pushedBy).toBe(winner);
    expect((await store.history(10)).map(({ pushedBy }) => pushedBy)).toEqual([winner, 'user1@laptop']);
  });

  it.each(['before', 'after'] as const)(
    'stays consistent if a pusher crashes %s its write: version and pointer exist together or not at all',
    async (moment) => {
      const { table, store } = await aStore();
      await store.push(aVersion(1), 0);
      const mortal = new Mortal(1, moment);
      const dying = aVersion(2, { message: 'dying' });
      await untilDeath(() => new DynamoPolicyStore(mortalTable(mortal, table)).push(dying, 1));
      expect(mortal.writes).toBe(1);

      const live = await store.current();
      expect(live?.message).toBe(moment === 'after' ? 'dying' : 'change 1');
      expect(numbers(await store.history(10))).toEqual(moment === 'after' ? [2, 1] : [1]);
      // The next pusher continues from there, and the history keeps the previous version unchanged.
      const next = (live?.version ?? 0) + 1;
      expect(await store.push(aVersion(next), next - 1)).toBe(true);
      expect((await store.history(10)).at(1)?.message).toBe(live?.message);
    },
  );

  it('retries while the transaction of another pusher runs, and trusts only the conditions', async () => {
    const { table, store } = await aStore();
    const client = dynamodb();
    const tap = new DynamoTap(client);
    tap.fault = ({ name }) => (tap.calls.filter((call) => call.name === name).length <= 2 ? conflict() : undefined);
    const conflicted = new DynamoPolicyStore(openTable(table.name, client));
    expect(await conflicted.push(aVersion(1), 0)).toBe(true);
    expect(await store.current()).toEqual(aVersion(1));

    tap.fault = conflict;
    await expect(conflicted.push(aVersion(2), 1)).rejects.toThrow('conflict');
    expect(await store.liveNumber()).toBe(1);
  });

  it('reports by how much a policy is too large for an item, and pushes nothing', async () => {
    const { store } = await aStore();
    await store.push(aVersion(1), 0);
    const noise = randomBytes(420_000).toString('base64');
    const push = store.push(aVersion(2, { sources: { 'packs/noise.conf': noise } }), 1);
    await expect(push).rejects.toMatchObject({
      code: 'POLICY_TOO_LARGE',
      message: expect.stringMatching(/takes 41\d KB compressed, 392 KB is what one item/),
    });
    expect(await store.current()).toEqual(aVersion(1));
  });

  it('stores every policy within the size limit, even with the longest message and author', async () => {
    const { store } = await aStore();
    let bytes = 402_000;
    const noise = randomBytes(bytes).toString('latin1');
    const { policy } = aVersion(1);
    const sources = () => ({ n: Buffer.from(noise.slice(0, bytes), 'latin1').toString('base64') });
    const fits = () => {
      try {
        return packPolicy({ policy, sources: sources() }).length > 0;
      } catch {
        return false;
      }
    };
    while (!fits()) bytes -= 200;
    const long = '✓'.repeat(10_000);
    expect(await store.push(aVersion(1, { sources: sources(), message: long, pushedBy: long }), 0)).toBe(true);
    expect((await store.current())?.sources).toEqual(sources());
  });

  it('reads half a capacity unit to check whether the policy changed', async () => {
    const { table, store } = await aStore();
    await store.push(aVersion(1), 0);
    const client = dynamodb();
    const tap = new DynamoTap(client);
    expect(await new DynamoPolicyStore(openTable(table.name, client)).liveNumber()).toBe(1);
    const input = tap.calls[0]?.input as ConstructorParameters<typeof GetCommand>[0];
    expect(tap.calls).toHaveLength(1);
    const { ConsumedCapacity } = await table.db.send(new GetCommand({ ...input, ReturnConsumedCapacity: 'TOTAL' }));
    expect(ConsumedCapacity?.CapacityUnits).toBe(0.5);
  });
});

const conflict = () =>
  new TransactionCanceledException({
    message: 'conflict',
    $metadata: {},
    CancellationReasons: [{ Code: 'None' }, { Code: 'TransactionConflict' }],
  });
