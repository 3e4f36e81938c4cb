import { describe, expect, it } from '@jest/globals';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { openTable, type Table } from '../../../../lib/aws/table/table.ts';
import { PolicyCache } from '../../../../lib/core/policy/policy-cache.ts';
import { aVersion } from '../../../support/a-policy.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { DynamoTap } from '../../../support/dynamodb-tap.ts';
import { T0 } from '../../../support/times.ts';

const SECOND = 1000;

/** A cache on its own table, a clock, and another pusher. */
async function aCache({ pushed = 1 } = {}) {
  const table = await aTable();
  const store = new DynamoPolicyStore(table);
  for (let n = 1; n <= pushed; n++) await store.push(aVersion(n), n - 1);
  return { ...cacheOn(table), table, store };
}

function cacheOn({ name }: Table) {
  const client = dynamodb();
  const tap = new DynamoTap(client);
  const clock = { nowMs: T0 };
  const reports: string[] = [];
  const cache = new PolicyCache({
    store: new DynamoPolicyStore(openTable(name, client)),
    now: () => clock.nowMs,
    report: (event) => void reports.push(event),
  });
  return { cache, tap, clock, reports };
}

const read = (tap: DynamoTap) =>
  tap.calls.splice(0).map(({ input }) => (input.Key as { sk: string } | undefined)?.sk ?? 'write');

describe('the policy cache of a function', () => {
  it('returns the live version', async () => {
    const { cache } = await aCache({ pushed: 3 });
    expect(await cache.get()).toEqual(aVersion(3));
  });

  it('needs no read for 30 s', async () => {
    const { cache, tap, clock } = await aCache();
    await cache.get();
    expect(read(tap)).toEqual(['#current', 'v#0000000001']);
    for (clock.nowMs = T0; clock.nowMs < T0 + 30 * SECOND; clock.nowMs += 100) await cache.get();
    expect(read(tap)).toEqual([]);
  });

  it('needs one small read after 30 s if the version is unchanged, and returns the same object', async () => {
    const { cache, tap, clock } = await aCache();
    const before = await cache.get();
    read(tap);
    clock.nowMs += 30 * SECOND;
    expect(await cache.get()).toBe(before);
    expect(read(tap)).toEqual(['#current']);
  });

  it('returns a pushed version at most 30 s after the push', async () => {
    const { cache, store, clock, reports } = await aCache();
    await cache.get();
    await store.push(aVersion(2), 1);
    clock.nowMs += 30 * SECOND - 1;
    expect((await cache.get()).version).toBe(1);
    clock.nowMs += 1;
    expect(await cache.get()).toEqual(aVersion(2));
    expect(reports).toEqual(['policy_loaded', 'policy_loaded']);
  });

  it('fetches a version once for concurrent requests', async () => {
    const { cache, tap, clock, store } = await aCache();
    await Promise.all(Array.from({ length: 50 }, () => cache.get()));
    expect(read(tap)).toEqual(['#current', 'v#0000000001']);
    await store.push(aVersion(2), 1);
    clock.nowMs += 30 * SECOND;
    const seen = await Promise.all(Array.from({ length: 50 }, () => cache.get()));
    expect(new Set(seen.map(({ version }) => version))).toEqual(new Set([2]));
    expect(read(tap)).toEqual(['#current', 'v#0000000002']);
  });

  it('keeps the last version while the table cannot be read, and reports that once', async () => {
    const { cache, tap, clock, reports, store } = await aCache();
    await cache.get();
    await store.push(aVersion(2), 1);
    tap.failAll();
    for (let minute = 0; minute < 10; minute++) {
      clock.nowMs += 60 * SECOND;
      expect(await cache.get()).toEqual(aVersion(1));
    }
    expect(reports).toEqual(['policy_loaded', 'policy_refresh_failed']);

    tap.heal();
    clock.nowMs += 5 * SECOND;
    expect((await cache.get()).version).toBe(2);
    tap.failAll();
    clock.nowMs += 30 * SECOND;
    await cache.get();
    expect(reports).toEqual(['policy_loaded', 'policy_refresh_failed', 'policy_loaded', 'policy_refresh_failed']);
  });

  it('retries 5 s after a failed read, not on every request', async () => {
    const { cache, tap, clock } = await aCache();
    await cache.get();
    clock.nowMs += 30 * SECOND;
    tap.failAll();
    read(tap);
    for (let tenth = 0; tenth < 50; tenth++) {
      await cache.get();
      clock.nowMs += 100;
    }
    const once = read(tap);
    expect(new Set(once)).toEqual(new Set(['#current']));
    await cache.get();
    expect(read(tap)).toEqual(once);
  });

  it('throws if no version could be read yet, rather than using an old or built-in one', async () => {
    const { cache, tap } = await aCache();
    tap.failAll();
    await expect(cache.get()).rejects.toThrow('Rate exceeded');
    tap.heal();
    expect(await cache.get()).toEqual(aVersion(1));
  });

  it('never returns to an older version from a lagging replica', async () => {
    const { cache, clock } = await aCache({ pushed: 2 });
    const shown = await cache.get();
    const older = {
      liveNumber: async () => 1,
      version: async () => aVersion(1),
      current: async () => aVersion(1),
      history: async () => [],
      push: async () => false,
    };
    let store: typeof older = { ...older, liveNumber: async () => 2, version: async () => aVersion(2) };
    const port = new Proxy(older, { get: (_, name: keyof typeof older) => store[name] });
    const lagging = new PolicyCache({ store: port, now: () => clock.nowMs, report: () => undefined });
    expect(await lagging.get()).toEqual(shown);
    store = older;
    clock.nowMs += 60 * SECOND;
    expect((await lagging.get()).version).toBe(2);
  });
});

describe('an empty table', () => {
  it('is an error, because only the deployment may write the default policy', async () => {
    const { cache, store } = await aCache({ pushed: 0 });
    await expect(cache.get()).rejects.toMatchObject({ code: 'POLICY_MISSING' });
    expect(await store.current()).toBeUndefined();
  });
});
