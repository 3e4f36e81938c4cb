import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import type { Table } from '../../../../lib/aws/table/table.ts';
import { seedPolicy } from '../../../../lib/core/policy/seed-policy.ts';
import { aPolicy, aVersion } from '../../../support/a-policy.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { interleave } from '../../../support/interleave.ts';
import { T0 } from '../../../support/times.ts';

const builtIn = { policy: aPolicy(0), sources: { 'rules/built-in.yaml': '# built in\n' } };

let table: Table;
let store: DynamoPolicyStore;
beforeEach(async () => {
  table = await aTable();
  store = new DynamoPolicyStore(table);
});

describe('seeding the policy', () => {
  it('writes the built-in one as version 1 into an empty table, once', async () => {
    expect(await seedPolicy(store, builtIn, T0)).toBe(true);
    const seeded = await store.current();
    expect(seeded).toMatchObject({ ...builtIn, version: 1, pushedBy: 'mayfly', pushedAtMs: T0 });
    expect(await seedPolicy(store, builtIn, T0 + 1)).toBe(false);
    expect(await store.current()).toEqual(seeded);
  });

  it('leaves a later version alone', async () => {
    for (const n of [1, 2]) await store.push(aVersion(n), n - 1);
    expect(await seedPolicy(store, builtIn, T0)).toBe(false);
    expect(await store.current()).toEqual(aVersion(2));
  });

  it('leaves a version alone that is pushed at the same time', async () => {
    const racing = {
      push: store.push.bind(store),
      liveNumber: async () => {
        const number = await store.liveNumber();
        await store.push(aVersion(1), 0);
        return number;
      },
    };
    expect(await seedPolicy(racing, builtIn, T0)).toBe(false);
    expect(await store.current()).toEqual(aVersion(1));
  });

  it.each([[[]], [[1, 1, 1, 1, 1]], [[0, 1, 0, 1, 0]], [[0, 0, 1, 1, 0, 1]]])(
    'happens once if two deployments run together (order %j)',
    async (order) => {
      const seeded = await interleave(
        table,
        order,
        [T0, T0 + 7].map((nowMs) => (its) => seedPolicy(new DynamoPolicyStore(its), builtIn, nowMs)),
      );
      expect(seeded.filter(Boolean)).toHaveLength(1);
      expect(await store.history(10)).toHaveLength(1);
    },
  );
});
