import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { openTable } from '../../../../lib/aws/table/table.ts';
import type { WorkloadSnapshot } from '../../../../lib/core/ledger/workload.ts';
import { MemoryLedger } from '../../../../lib/memory/ledger.ts';
import { aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { dynamodb } from '../../../support/dynamodb.ts';
import { DynamoTap } from '../../../support/dynamodb-tap.ts';
import { Died, Mortal } from '../../../support/mortal.ts';
import { mortalTable } from '../../../support/mortal-table.ts';
import { everything } from '../../../support/scan.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import type { Ports } from '../../../support/world.ts';

let world: TableWorld;
let ledger: Ports['ledger'];
beforeEach(async () => {
  world = await TableWorld.begin();
  ledger = world.ports.ledger;
});
const aVersion = (version: number, snapshot: Partial<WorkloadSnapshot> = {}): WorkloadSnapshot =>
  aSnapshot(1, { version, ...snapshot });
const HANDLING = { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 + MINUTE };

describe('the ledger in DynamoDB', () => {
  it('accepts a newer version, and rejects an older one or one already handled', async () => {
    expect(await ledger.advance(aVersion(3))).toMatchObject({ version: 3, handledVersion: -1 });
    expect(await ledger.markHandled(taskArn(1), 3, HANDLING)).toBe(true);
    expect(await ledger.advance(aVersion(3))).toBeUndefined();
    expect(await ledger.advance(aVersion(2))).toBeUndefined();
    expect(await ledger.advance(aVersion(9))).toMatchObject({ version: 9, handledVersion: 3, handling: HANDLING });
  });

  it('lets a version be handled again until it was handled completely', async () => {
    await ledger.advance(aVersion(3));
    expect(await ledger.advance(aVersion(3))).toMatchObject({ version: 3 });
  });

  it('ignores updates from an overtaken version', async () => {
    await ledger.advance(aVersion(3));
    await ledger.advance(aVersion(4));
    expect(await ledger.markHandled(taskArn(1), 3, HANDLING)).toBe(false);
    expect((await world.record(taskArn(1))).handling).toBeUndefined();
  });

  it('treats a version as newer only if it is far enough above, where versions are times', async () => {
    const launch = (version: number) => aVersion(version, { versionStep: 10 * MINUTE });
    await ledger.advance(launch(T0));
    await ledger.markHandled(taskArn(1), T0, HANDLING);
    expect(await ledger.advance(launch(T0 + 10 * MINUTE - 1))).toBeUndefined();
    expect(await ledger.advance(launch(T0 - 10 * MINUTE))).toBeUndefined();
    expect(await ledger.advance(launch(T0 + 10 * MINUTE))).toMatchObject({ version: T0 + 10 * MINUTE });
  });

  it('takes the essential containers from the current version, and nothing from an overtaken one', async () => {
    const containers = [
      { name: 'api', lastStatus: 'RUNNING', runtimeId: 'a' },
      { name: 'logs', lastStatus: 'RUNNING', runtimeId: 'b' },
    ];
    const marked = containers.map((one) => (one.name === 'logs' ? { ...one, essential: false } : one));
    await ledger.advance(aVersion(3, { containers }));
    await ledger.markHandled(taskArn(1), 3, HANDLING);
    await ledger.amendContainers(taskArn(1), 3, marked);
    expect(await world.record(taskArn(1))).toMatchObject({ containers: marked, handledVersion: 3, handling: HANDLING });
    await ledger.advance(aVersion(4, { containers }));
    await ledger.amendContainers(taskArn(1), 3, containers);
    expect((await world.record(taskArn(1))).containers).toEqual(marked);
  });

  it('only adds proofs, in any order and any number of times', async () => {
    await ledger.advance(aVersion(3));
    await recordSighting(ledger, taskArn(1), aSighting(['b'], [], T0 + 5));
    await recordSighting(ledger, taskArn(1), aSighting(['a', 'b'], ['c'], T0 + 9));
    for (const trouble of ['no-row', 'expired', 'no-row'] as const) await ledger.recordTrouble(taskArn(1), trouble);
    await ledger.recordDelivery(taskArn(1), T0 + 1);
    await ledger.recordDelivery(taskArn(1), T0 + 2);
    await ledger.advance(aVersion(4, { occurredAtMs: T0 + 100 }));
    expect(await world.record(taskArn(1))).toMatchObject({
      version: 4,
      seenLive: ['a', 'b'],
      seenPostMortem: ['c'],
      troubles: ['expired', 'no-row'],
      firstAnswerAtMs: T0 + 5,
      deliveredAtMs: T0 + 1,
      firstEventAtMs: T0,
    });
  });

  it.each([
    ['DynamoDB', () => ledger],
    ['memory', () => new MemoryLedger()],
  ])('keeps in %s the first row about a container, or one after its end, and the first arrival', async (_, of) => {
    const books = of();
    const atEnd = { command: 'sleep 1', startedAtMs: T0, finishedAtMs: T0 + 1, exitCode: 3 };
    const first = aSighting(['a', '__proto__'], [], T0 + 5, { facts: { a: { command: 'one' }, __proto__: {} } });
    expect(await recordSighting(books, taskArn(1), first)).toBeUndefined(); // no event created it
    await books.advance(aVersion(3));
    expect((await recordSighting(books, taskArn(1), first))?.firstAnswerAtMs).toBeUndefined();
    const second = aSighting(['a'], ['b'], T0 + 9, { facts: { a: { command: 'two' }, b: atEnd } });
    expect(await recordSighting(books, taskArn(1), second)).toMatchObject({
      firstAnswerAtMs: T0 + 5,
    });
    await recordSighting(books, taskArn(1), aSighting(['b'], [], T0 + 9, { facts: { b: { command: 'three' } } }));
    const [record] = await books.read([taskArn(1)]);
    expect(record).toMatchObject({ facts: { a: { command: 'one' }, b: atEnd }, firstAnswerFrom: first.from });
    await recordSighting(books, taskArn(1), aSighting([], ['a'], T0 + 9, { facts: { a: atEnd } }));
    expect((await books.read([taskArn(1)]))[0]?.facts).toEqual({ a: atEnd, b: atEnd });
  });

  it('creates no record without an event', async () => {
    await recordSighting(ledger, taskArn(1), aSighting(['a'], [], T0));
    await ledger.recordTrouble(taskArn(1), 'expired');
    await ledger.recordTrouble(undefined, 'expired');
    await ledger.recordDelivery(taskArn(1), T0);
    await ledger.amendContainers(taskArn(1), 1, []);
    expect(await ledger.markHandled(taskArn(1), 1, HANDLING)).toBe(false);
    expect(await everything(world.table)).toEqual([]);
  });

  it('reads hundreds of records at once, each once, and leaves out unknown ones', async () => {
    for (let n = 0; n < 130; n++) await ledger.advance(aVersion(1, { workload: taskArn(n) }));
    const wanted = Array.from({ length: 260 }, (_, n) => taskArn(n % 200));
    expect((await ledger.read(wanted)).map((record) => record.workload).toSorted()).toEqual(
      Array.from({ length: 130 }, (_, n) => taskArn(n)).toSorted(),
    );
  });

  it('keeps a record for ninety days by TTL', async () => {
    await ledger.advance(aVersion(1));
    expect(await everything(world.table)).toMatchObject([{ expiresAt: T0 / 1000 + 90 * 86_400 }]);
  });

  it('keeps a record for the configured time by our clock, whatever time an event carries', async () => {
    const forAWeek = new DynamoLedger(world.table, async () => 7 * 86_400_000);
    await forAWeek.advance(aVersion(1, { occurredAtMs: Date.parse('+050000-01-01T00:00:00Z') }));
    expect(await everything(world.table)).toMatchObject([
      { expiresAt: T0 / 1000 + 7 * 86_400, day: expect.stringMatching(/^2026-11-20#/) },
    ]);
  });

  it('merges two events into one record, even from two concurrent functions', async () => {
    const container = { name: 'api', lastStatus: 'RUNNING', runtimeId: 'a' };
    await ledger.advance(aVersion(3, { containers: [container], subjects: ['a'], identity: { ip: '10.0.3.7' } }));
    await Promise.all([4, 5, 6].map((version) => ledger.advance(aVersion(version, { containers: [], subjects: [] }))));
    expect(await world.record(taskArn(1))).toMatchObject({
      version: 6,
      subjects: ['a'],
      containers: [container],
      identity: { ip: '10.0.3.7' },
    });
  });

  it('records the queries of an overtaken event, and a host that was found later', async () => {
    const key = { host: 'h1', priority: 3, queryId: 'q', set: 'live' } as const;
    await ledger.advance(aVersion(3));
    for (const _ of [1, 2]) await ledger.addLateQueries(taskArn(1), [key]);
    await ledger.markHandled(taskArn(1), 3, { ...HANDLING, host: '' });
    await ledger.recordHost(taskArn(1), 'h2');
    expect(await world.record(taskArn(1))).toMatchObject({ lateQueries: [key] });
    const { host: _, ...nowhere } = HANDLING;
    await ledger.advance(aVersion(4));
    await ledger.markHandled(taskArn(1), 4, nowhere);
    expect((await world.record(taskArn(1))).handling?.host).toBe('h2');
  });
});

const TASKS = [1, 2, 3, 4, 5].map(taskArn);
const someOutcomes = () =>
  new Map(TASKS.map((task) => [task, { closes: ['q1'], troubles: [], sighting: aSighting(['a'], [], T0 + 5) }]));

describe('outcomes of one write', () => {
  let client: DynamoDBClient;
  let tapped: DynamoLedger;
  beforeEach(async () => {
    client = dynamodb();
    tapped = new DynamoLedger(openTable(world.table.name, client));
    for (const task of TASKS) await ledger.advance(aVersion(1, { workload: task }));
  });

  it('records many outcomes with one read and one write', async () => {
    const tap = new DynamoTap(client);
    await tapped.recordOutcomes(someOutcomes());
    expect(tap.calls.map(({ name }) => name)).toEqual(['BatchGetItemCommand', 'TransactWriteItemsCommand']);
    expect((await ledger.read(TASKS)).map(({ seenLive }) => seenLive)).toEqual(TASKS.map(() => ['a']));
  });

  it('records each outcome by itself after the transaction met another first answer', async () => {
    const first = aSighting(['b'], [], T0 + 1);
    client.middlewareStack.add(
      (next, context) => async (args) => {
        // Between the read and the transaction.
        if (context.commandName === 'TransactWriteItemsCommand') await recordSighting(ledger, taskArn(2), first);
        return next(args);
      },
      { step: 'initialize' },
    );
    const before = await tapped.recordOutcomes(someOutcomes());
    expect(before.get(taskArn(1))?.firstAnswerAtMs).toBeUndefined();
    expect(before.get(taskArn(2))?.firstAnswerAtMs).toBe(T0 + 1);
    expect(await world.record(taskArn(2))).toMatchObject({ seenLive: ['a', 'b'], firstAnswerAtMs: T0 + 1 });
    expect(await world.record(taskArn(5))).toMatchObject({ seenLive: ['a'], firstAnswerAtMs: T0 + 5 });
  });

  it('records each outcome by itself if they are too large for one transaction', async () => {
    const tap = new DynamoTap(client);
    tap.fault = ({ name }) =>
      name === 'TransactWriteItemsCommand' ? Object.assign(new Error(), { name: 'ValidationException' }) : undefined;
    expect((await tapped.recordOutcomes(someOutcomes())).size).toBe(TASKS.length);
    expect((await ledger.read(TASKS)).map(({ seenLive }) => seenLive)).toEqual(TASKS.map(() => ['a']));
  });

  it.each(['before', 'after'] as const)(
    'are the same after a repeat if the process died %s the write',
    async (when) => {
      const dying = new DynamoLedger(mortalTable(new Mortal(1, when), world.table));
      await expect(dying.recordOutcomes(someOutcomes())).rejects.toThrow(Died);
      await ledger.recordOutcomes(someOutcomes());
      for (const record of await ledger.read(TASKS))
        expect(record).toMatchObject({ seenLive: ['a'], closed: ['q1'], troubles: [], firstAnswerAtMs: T0 + 5 });
    },
  );

  it('fails if the table is throttled, so that the agent sends its answers again', async () => {
    const tap = new DynamoTap(client);
    tap.failAll();
    await expect(tapped.recordOutcomes(someOutcomes())).rejects.toThrow('Rate exceeded');
  });
});
