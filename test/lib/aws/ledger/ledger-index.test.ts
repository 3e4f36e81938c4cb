import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { openTable } from '../../../../lib/aws/table/table.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { aTable, dynamodb } from '../../../support/dynamodb.ts';
import { everything } from '../../../support/scan.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIDNIGHT = Date.parse('2026-11-20T00:00:00Z');
/** How long these ledgers keep workloads. A search back reads eight shards of each day. */
const KEEPS_DAYS = 18;

/** A ledger with one task for each of these times: the first event of task n is at the n-th time. */
async function aLedger(...firstEvents: number[]) {
  const table = await aTable();
  const ledger = new DynamoLedger(table);
  const lives = firstEvents.map((occurredAtMs, n) => snapshot(n, occurredAtMs));
  for (const life of lives) await ledger.advance(life);
  return { table, ledger, ledgerIndex: new DynamoLedgerIndex(table, async () => KEEPS_DAYS * DAY) };
}
const snapshot = (n: number, occurredAtMs: number, version = 1) =>
  aSnapshot(n, { version, occurredAtMs, receivedAtMs: occurredAtMs });

async function listed(records: AsyncIterable<WorkloadRecord>): Promise<string[]> {
  const names: string[] = [];
  for await (const { workload } of records) names.push(workload);
  return names;
}

describe('the index of the ledger', () => {
  /** A day with more workloads than one read takes, and more in each shard than the pages of a test. */
  const times = Array.from({ length: 130 }, (_, n) => MIDNIGHT + n * 1000);
  let day: Awaited<ReturnType<typeof aLedger>>;
  beforeAll(async () => {
    day = await aLedger(...times);
  });

  it('lists workloads by first event, oldest first, across days and shards, bounds included', async () => {
    const { ledgerIndex } = await aLedger(MIDNIGHT + 1, MIDNIGHT - 1, MIDNIGHT - 3 * DAY, MIDNIGHT + DAY, MIDNIGHT);
    const from = MIDNIGHT - 3 * DAY;
    expect(await listed(ledgerIndex.between(from, MIDNIGHT + DAY))).toEqual([2, 1, 4, 0, 3].map(taskArn));
    expect(await listed(ledgerIndex.between(from + 1, MIDNIGHT))).toEqual([1, 4].map(taskArn));
    expect(await listed(ledgerIndex.between(MIDNIGHT + 2, MIDNIGHT + 3))).toEqual([]);
  });

  it('lists the same workloads newest first, and reads only what is consumed', async () => {
    const { ledgerIndex, table } = await aLedger(
      ...[MIDNIGHT + 1, MIDNIGHT - 1, MIDNIGHT - 3 * DAY, MIDNIGHT + DAY, MIDNIGHT],
    );
    const from = MIDNIGHT - 3 * DAY;
    expect(await listed(ledgerIndex.newest(from, MIDNIGHT + DAY))).toEqual([3, 0, 4, 1, 2].map(taskArn));
    expect(await listed(ledgerIndex.newest(from + 1, MIDNIGHT))).toEqual([4, 1].map(taskArn));
    expect(await listed(ledgerIndex.newest(MIDNIGHT + 2, MIDNIGHT + 3))).toEqual([]);
    const sent = jest.spyOn(table.db, 'send');
    for await (const { workload } of ledgerIndex.newest(from, MIDNIGHT + DAY)) {
      expect(workload).toBe(taskArn(3));
      break;
    }
    expect(sent).toHaveBeenCalledTimes(9); // the shards of one day, and one read
  });

  it('lists more workloads of a day than one read takes, newest first', async () => {
    const newestFirst = times.map((_, n) => taskArn(n)).reverse();
    expect(await listed(day.ledgerIndex.newest(MIDNIGHT, MIDNIGHT + DAY))).toEqual(newestFirst);
  });

  it('finds workloads by the beginning of their ARN, id, or cluster and id, in the latest weeks that have some', async () => {
    const { ledgerIndex } = await aLedger(MIDNIGHT, MIDNIGHT - 5 * DAY, MIDNIGHT - 16 * DAY);
    const id = '0'.repeat(31);
    for (const text of [taskArn(0).slice(0, -1), id, `ephemeral-prod/${id}`, '0000'])
      expect(await ledgerIndex.startingWith(text, MIDNIGHT + DAY)).toEqual([0, 1].map(taskArn));
    expect(await ledgerIndex.startingWith(`${id}2`, MIDNIGHT + DAY)).toEqual([taskArn(2)]);
    expect(await ledgerIndex.startingWith(`${id}2`, MIDNIGHT + (KEEPS_DAYS - 14) * DAY)).toEqual([]);
    expect(await ledgerIndex.startingWith(`${id}3`, MIDNIGHT + DAY)).toEqual([]);
  });

  it('finds the latest first event before a given time, as far back as retention goes', async () => {
    const { ledgerIndex } = await aLedger(MIDNIGHT + 5, MIDNIGHT - 1, MIDNIGHT - 3 * DAY);
    expect(await ledgerIndex.latest(MIDNIGHT + DAY)).toBe(MIDNIGHT + 5);
    expect(await ledgerIndex.latest(MIDNIGHT + 4)).toBe(MIDNIGHT - 1);
    expect(await ledgerIndex.latest(MIDNIGHT - 2)).toBe(MIDNIGHT - 3 * DAY);
    expect(await ledgerIndex.latest(MIDNIGHT - 3 * DAY - 1)).toBeUndefined();
    expect(await ledgerIndex.latest(MIDNIGHT + (KEEPS_DAYS + 2) * DAY)).toBeUndefined();
  });

  it('returns whole records, as the ledger does', async () => {
    const { ledgerIndex, ledger } = await aLedger(T0);
    await recordSighting(ledger, taskArn(0), aSighting(['a'], [], T0 + 5));
    for await (const record of ledgerIndex.between(T0, T0)) expect([record]).toEqual(await ledger.read([taskArn(0)]));
    expect(await listed(ledgerIndex.between(T0, T0))).toHaveLength(1);
  });

  it('lists a workload under the time of a later event if its first event came from a clock that was ahead', async () => {
    const { ledgerIndex, ledger } = await aLedger(MIDNIGHT + 2 * DAY);
    await ledger.advance(snapshot(0, MIDNIGHT + 5, 2));
    expect(await listed(ledgerIndex.between(MIDNIGHT, MIDNIGHT + DAY))).toEqual([taskArn(0)]);
    expect(await listed(ledgerIndex.between(MIDNIGHT + DAY, MIDNIGHT + 3 * DAY))).toEqual([]);
  });

  it('lists a workload under the time of its event if our clock was days behind', async () => {
    const { ledgerIndex, ledger } = await aLedger();
    const event = { ...snapshot(0, MIDNIGHT - 3 * DAY), occurredAtMs: MIDNIGHT + 5 };
    await ledger.advance(event);
    expect(await listed(ledgerIndex.between(MIDNIGHT, MIDNIGHT + DAY))).toEqual([taskArn(0)]);
    await ledger.advance({ ...event, version: 9, receivedAtMs: MIDNIGHT - 3 * DAY + 5 });
    expect(await listed(ledgerIndex.between(MIDNIGHT, MIDNIGHT + DAY))).toEqual([taskArn(0)]);
  });

  it('keeps a workload under its first event, whatever comes later', async () => {
    const { ledgerIndex, ledger } = await aLedger(MIDNIGHT - 1);
    await ledger.advance(snapshot(0, MIDNIGHT + DAY, 2));
    expect(await listed(ledgerIndex.between(MIDNIGHT - HOUR, MIDNIGHT + 2 * DAY))).toEqual([taskArn(0)]);
    expect(await listed(ledgerIndex.between(MIDNIGHT, MIDNIGHT + 2 * DAY))).toEqual([]);
  });

  it('spreads the workloads of a day over eight partitions', async () => {
    const days = new Set((await everything(day.table)).map(({ day }) => day));
    expect([...days].sort()).toEqual(Array.from({ length: 8 }, (_, shard) => `2026-11-20#${shard}`));
  });

  it('follows every page', async () => {
    const client = dynamodb();
    let queries = 0;
    client.middlewareStack.add(
      (next, { commandName }) =>
        (args) => {
          if (commandName !== 'QueryCommand') return next(args);
          queries += 1;
          return next({ ...args, input: { ...args.input, Limit: 7 } });
        },
      { step: 'initialize' },
    );
    const ledgerIndex = new DynamoLedgerIndex(openTable(day.table.name, client));
    expect(await listed(ledgerIndex.between(MIDNIGHT, MIDNIGHT + DAY - 1))).toEqual(times.map((_, n) => taskArn(n)));
    expect(queries).toBeGreaterThan(times.length / 7);
  });

  it('finds a task by its id alone, as far back as retention goes', async () => {
    const { ledgerIndex } = await aLedger(T0, T0 - KEEPS_DAYS * DAY);
    const idOf = (n: number) => taskArn(n).slice(taskArn(n).lastIndexOf('/') + 1);
    expect(await ledgerIndex.find(idOf(0), T0 + HOUR)).toMatchObject({ workload: taskArn(0) });
    expect(await ledgerIndex.find(idOf(1), T0)).toMatchObject({ workload: taskArn(1) });
    expect(await ledgerIndex.find(idOf(1), T0 + 2 * DAY)).toBeUndefined();
    expect(await ledgerIndex.find(idOf(0).slice(1), T0)).toBeUndefined(); // a search through all days
  });

  it('finds a workload by its full name, however old', async () => {
    const { ledgerIndex, ledger } = await aLedger(T0 - 900 * DAY);
    await ledger.advance({ ...snapshot(1, T0), workload: 'i-0a1b2c3d4e5f60718', kind: 'ec2-instance' });
    expect(await ledgerIndex.find(taskArn(0), T0)).toMatchObject({ workload: taskArn(0) });
    expect(await ledgerIndex.find('i-0a1b2c3d4e5f60718', T0)).toMatchObject({ kind: 'ec2-instance' });
    expect(await ledgerIndex.find(taskArn(7), T0)).toBeUndefined();
  });
});

describe('the workloads that had an address', () => {
  const [IP, DIGITS] = ['10.0.3.7', '0a000307'];
  const MINE = { subnet: 'subnet-1' };
  const comes = async (ledger: DynamoLedger, n: number, atMs: number, identity: Record<string, string> = MINE) => {
    await ledger.advance({ ...snapshot(n, atMs), identity });
    const [record] = await ledger.read([taskArn(n)]);
    if (record) await ledger.indexAddresses(record, { [DIGITS]: atMs });
    return record as WorkloadRecord;
  };
  const tenants = async (ledgerIndex: DynamoLedgerIndex, atMs: number, address = IP) =>
    (await ledgerIndex.tenants(address, atMs)).map(({ record, fromMs, ...rest }) => [record.workload, fromMs, rest]);

  it('are the latest ones before a given time, even after fifty others', async () => {
    const { ledger, ledgerIndex } = await aLedger();
    for (let n = 0; n < 50; n++) await comes(ledger, n, T0 + n * MINUTE);
    expect(await tenants(ledgerIndex, T0 + 20 * MINUTE + 1)).toEqual([[taskArn(20), T0 + 20 * MINUTE, {}]]);
    expect(await tenants(ledgerIndex, T0 + 20 * MINUTE)).toEqual([[taskArn(20), T0 + 20 * MINUTE, {}]]);
    expect(await tenants(ledgerIndex, T0 + 400 * DAY)).toEqual([[taskArn(49), T0 + 49 * MINUTE, {}]]);
    expect(await tenants(ledgerIndex, T0 - 1)).toEqual([]);
    expect(await tenants(ledgerIndex, T0, '10.0.3.8')).toEqual([]);
    expect(await tenants(ledgerIndex, T0, 'no address')).toEqual([]);
  });

  it('are separate for each subnet', async () => {
    const { ledger, ledgerIndex } = await aLedger();
    await comes(ledger, 1, T0);
    await comes(ledger, 2, T0 + MINUTE, { subnet: 'subnet-2' });
    await comes(ledger, 3, T0 + 2 * MINUTE);
    expect((await tenants(ledgerIndex, T0 + HOUR)).map(([workload]) => workload)).toEqual([taskArn(3), taskArn(2)]);
  });

  it('may have released it while they still run', async () => {
    const { ledger, ledgerIndex } = await aLedger();
    const record = await comes(ledger, 1, T0);
    for (const minutes of [3, 9]) await ledger.endAddresses(record, { [DIGITS]: T0 }, T0 + minutes * MINUTE);
    await ledger.indexAddresses(record, { [DIGITS]: T0 }); // indexed again
    expect(await tenants(ledgerIndex, T0 + HOUR)).toEqual([[taskArn(1), T0, { releasedAtMs: T0 + 3 * MINUTE }]]);
  });
});

describe('a workload that is still running', () => {
  it('is kept as long after its last sign of life as after an event, with its addresses', async () => {
    const { table, ledger } = await aLedger(T0);
    await ledger.markHandled(taskArn(0), 1, {
      enrolled: true,
      queryKeys: [],
      settleByMs: 0,
      addressesSince: { '0a000307': T0 },
    });
    const [record] = await ledger.read([taskArn(0)]);
    if (!record) throw new Error('it is forgotten');
    await ledger.recordAlive(record, T0 + 30 * DAY);
    expect((await ledger.read([taskArn(0)]))[0]).toMatchObject({ lastSignAtMs: T0 + 30 * DAY });
    const kept = (await everything(table)).map(({ expiresAt }) => expiresAt);
    expect(kept.sort()).toEqual([(T0 + 120 * DAY) / 1000, (T0 + 121 * DAY) / 1000]);
  });

  it('is due once, at its review time', async () => {
    const { ledger, ledgerIndex } = await aLedger(T0, T0);
    for (const n of [0, 1]) await ledger.scheduleReview(taskArn(n), T0 + (n + 1) * DAY);
    const due = async (nowMs: number) => {
      const found: string[] = [];
      for await (const records of ledgerIndex.due(nowMs)) found.push(...records.map(({ workload }) => workload));
      return found;
    };
    expect([await due(T0), await due(T0 + DAY), await due(T0 + DAY)]).toEqual([[], [taskArn(0)], []]);
    expect(await due(T0 + 9 * DAY)).toEqual([taskArn(1)]);
  });

  it('is due again if the review crashed before it finished', async () => {
    const { ledger, ledgerIndex } = await aLedger(T0);
    await ledger.scheduleReview(taskArn(0), T0);
    for await (const [record] of ledgerIndex.due(T0)) {
      expect(record?.workload).toBe(taskArn(0));
      break;
    }
    for await (const records of ledgerIndex.due(T0)) expect(records).toHaveLength(1);
  });
});
