import { DeleteCommand, ScanCommand } from '@aws-sdk/lib-dynamodb';
import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { DynamoSettledSpans } from '../../../../lib/aws/ledger/settled-spans.ts';
import type { Table } from '../../../../lib/aws/table/table.ts';
import { settleSpans, shortened } from '../../../../lib/core/ledger/settle-spans.ts';
import type { WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { MINUTE } from '../../../support/times.ts';

const HOUR = 60 * MINUTE;
/** Twenty minutes before midnight, so that spans of two days are read. */
const BEGIN = Date.parse('2026-11-20T23:40:00Z');
const NOW = BEGIN + 2 * HOUR;
const TASKS = 90;

async function all(records: AsyncIterable<WorkloadRecord>): Promise<WorkloadRecord[]> {
  const found: WorkloadRecord[] = [];
  for await (const record of records) found.push(record);
  return found;
}

/** One task a minute. Two of three were seen and have stopped; each third still runs. */
async function aLedger() {
  const table = await aTable();
  const ledger = new DynamoLedger(table);
  for (let n = 0; n < TASKS; n += 1) {
    const atMs = BEGIN + n * MINUTE;
    await ledger.advance(
      aSnapshot(n, { occurredAtMs: atMs, receivedAtMs: atMs, identity: { cluster: 'prod', mac: 'x' } }),
    );
    await recordSighting(ledger, taskArn(n), aSighting([dockerId(n)], [], atMs + 2000));
    if (n % 3 > 0)
      await ledger.advance(aSnapshot(n, { version: 2, stopped: true, occurredAtMs: atMs, receivedAtMs: atMs + 3000 }));
  }
  return { table, ledger };
}

const settle = ({ table, ledger }: { table: Table; ledger: DynamoLedger }, nowMs: number) =>
  settleSpans(
    {
      ledger,
      ledgerIndex: new DynamoLedgerIndex(table),
      spans: new DynamoSettledSpans(table),
      progress: { save: async () => undefined },
      now: () => nowMs,
    },
    { 'settle-26h': BEGIN, 'settle-4h': BEGIN, 'settle-45m': BEGIN },
    Number.POSITIVE_INFINITY,
  );

describe('a span that two processes save', () => {
  it('has the workloads of the first one alone, at its first pass and at later ones', async () => {
    const { table } = await aLedger();
    const index = new DynamoLedgerIndex(table);
    const spans = [new DynamoSettledSpans(table), new DynamoSettledSpans(table)];
    const records = await all(index.between(BEGIN, BEGIN + 4 * MINUTE));
    const [first, second] = records.map(shortened);
    if (!first || !second) throw new Error('no records');
    const named = async () => {
      const { open = [], settled = [] } = (await new DynamoSettledSpans(table).between(BEGIN, BEGIN)).get(BEGIN) ?? {};
      return { open, settled: settled.map(({ workload }) => workload) };
    };
    for (const span of spans) await span.save(BEGIN, { settled: [first], open: [second.workload, 'x'] }, undefined);
    expect(await named()).toEqual({ settled: [first.workload], open: [second.workload, 'x'] });
    const before = await spans[0]?.read(BEGIN);
    for (const span of spans) await span.save(BEGIN, { settled: [second], open: ['x'] }, before);
    expect(await named()).toEqual({ settled: [first.workload, second.workload], open: ['x'] });
    const again = await spans[0]?.read(BEGIN);
    for (const span of spans) await span.save(BEGIN, { settled: [], open: [] }, again);
    expect(await named()).toEqual({ settled: [first.workload, second.workload], open: [] });
  });
});

describe('a look-back', () => {
  let world: Awaited<ReturnType<typeof aLedger>>;
  beforeAll(async () => {
    world = await aLedger();
    await settle(world, NOW);
  });
  const lookBack = (fromMs: number, toMs: number, isNewestFirst = false) =>
    all(new DynamoLedgerIndex(world.table).lookBack({ fromMs, toMs, isNewestFirst, nowMs: NOW }));

  it('finds what the index lists, in either order, from spans and from records', async () => {
    const listed = await all(new DynamoLedgerIndex(world.table).between(BEGIN - HOUR, NOW));
    expect(listed).toHaveLength(TASKS);
    const found = await lookBack(BEGIN - HOUR, NOW);
    const spansEndMs = NOW - 45 * MINUTE;
    const isShort = ({ firstReceivedAtMs, stopped }: WorkloadRecord) => stopped && firstReceivedAtMs < spansEndMs;
    expect(found).toEqual(
      listed.map((record) => (isShort(record) ? JSON.parse(JSON.stringify(shortened(record))) : record)),
    );
    expect(found.filter(({ identity }) => identity.mac === undefined)).toHaveLength(50);
    expect(await lookBack(BEGIN - HOUR, NOW, true)).toEqual(found.reverse());
  });

  it('keeps to its bounds, both included, within a span too', async () => {
    const [from, to] = [BEGIN + 3 * MINUTE, BEGIN + 31 * MINUTE];
    const names = (await lookBack(from, to)).map(({ workload }) => workload);
    expect(names).toEqual(Array.from({ length: 29 }, (_, n) => taskArn(n + 3)));
    expect(await lookBack(from + 1, from + 2)).toEqual([]);
  });

  it('reads the newest alone when no more are consumed', async () => {
    const sent = jest.spyOn(world.table.db, 'send');
    for await (const _ of new DynamoLedgerIndex(world.table).lookBack({
      fromMs: BEGIN,
      toMs: NOW,
      isNewestFirst: true,
      nowMs: NOW,
    }))
      break;
    expect(sent).toHaveBeenCalledTimes(9); // the shards of one day, and one read
    sent.mockRestore();
  });

  it('reads a record that has changed while its workload was open', async () => {
    const atMs = NOW + MINUTE;
    await world.ledger.advance(aSnapshot(3, { version: 7, stopped: true, occurredAtMs: atMs, receivedAtMs: atMs }));
    expect((await lookBack(BEGIN + 3 * MINUTE, BEGIN + 3 * MINUTE)).map(({ version }) => version)).toEqual([7]);
    await settle(world, NOW + 3 * HOUR);
    const [found] = await lookBack(BEGIN + 3 * MINUTE, BEGIN + 3 * MINUTE);
    expect([found?.version, found?.identity]).toEqual([7, { cluster: 'prod' }]); // now it is in a page of its own
  });

  it('reads the records of a span whose page is not there yet', async () => {
    const { Items = [] } = await world.table.db.send(new ScanCommand({ TableName: world.table.name }));
    const pages = Items.filter(({ pk, sk }) => String(pk).startsWith('SETTLED#') && String(sk).includes('#'));
    expect(pages.length).toBeGreaterThan(15);
    const before = await lookBack(BEGIN, NOW);
    for (const { pk, sk } of pages)
      await world.table.db.send(new DeleteCommand({ TableName: world.table.name, Key: { pk, sk } }));
    const after = await lookBack(BEGIN, NOW);
    expect(after.map(({ workload }) => workload)).toEqual(before.map(({ workload }) => workload));
    expect(after.filter(({ identity }) => identity.mac === undefined)).toEqual([]);
  });
});
