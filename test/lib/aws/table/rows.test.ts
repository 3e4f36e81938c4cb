import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { beforeEach, describe, expect, it } from '@jest/globals';
import * as z from 'zod/mini';
import { DynamoFleetIssues } from '../../../../lib/aws/fleet/fleet-issues.ts';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { DynamoLedgerIndex } from '../../../../lib/aws/ledger/ledger-index.ts';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../../../lib/aws/nodes/node-registry.ts';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { DynamoFanOuts } from '../../../../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../../../../lib/aws/queue/host-queue.ts';
import { DynamoReviewProgress, DynamoSweepProgress } from '../../../../lib/aws/reconcile/progress.ts';
import { DynamoStoredAnswers } from '../../../../lib/aws/results/stored-answers.ts';
import { DynamoStoredLogs } from '../../../../lib/aws/results/stored-logs.ts';
import { json, readRow } from '../../../../lib/aws/table/row-schema.ts';
import type { Table } from '../../../../lib/aws/table/table.ts';
import type { PendingKey } from '../../../../lib/core/ledger/pending-key.ts';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { addressDigits } from '../../../../lib/core/policy/ip-address.ts';
import { taskArn } from '../../../support/builders.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { everything } from '../../../support/scan.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

let table: Table;
beforeEach(async () => {
  table = await aTable();
});
const put = (Item: Record<string, unknown>) => table.db.send(new PutCommand({ TableName: table.name, Item }));

describe('an unreadable row', () => {
  const Row = z.object({ query: z.object({ askers: z.array(z.object({ atMs: z.number() })) }), sealed: json });

  it('is an error that names its key and each invalid path, without any value', () => {
    const row = {
      pk: 'HOST#h',
      sk: 'q#1#a',
      query: { askers: [{ atMs: 1 }, { atMs: 'secret' }] },
      sealed: '{"secret"',
    };
    const read = () => readRow(Row, row);
    expect(read).toThrow(
      expect.objectContaining({
        code: 'ROW_UNREADABLE',
        message: 'row HOST#h / q#1#a: query.askers.1.atMs: is not of type number; sealed: invalid format',
      }),
    );
    expect(read).not.toThrow(/secret/);
  });

  const week = T0 / 1000 + 604_800;
  const HOST = { pk: 'HOST#h' };
  it.each<[string, Record<string, unknown>, () => Promise<unknown>]>([
    ['a node', { ...HOST, sk: '#node', host: 'h' }, () => new DynamoNodeRegistry(table).find('h')],
    ['the node of a poll', { ...HOST, sk: '#node', host: 'h' }, () => new DynamoHostQueue(table).read('h')],
    ['a pending query', { ...HOST, sk: 'q#1#a', query: { sql: 1 } }, () => new DynamoHostQueue(table).read('h')],
    ['a delivery', { ...HOST, sk: 'd#1', id: '1' }, () => new DynamoHostQueue(table).findDeliveries('h', ['1'])],
    ['an alias', { pk: 'ALIAS#a', sk: '#host', host: 7 }, () => new DynamoAliases(table).find('a')],
    [
      'a workload',
      { pk: `WORKLOAD#${taskArn(1)}`, sk: '#ledger', snapshot: {}, handledVersion: 1, firstEventAtMs: 1 },
      () => new DynamoLedger(table).read([taskArn(1)]),
    ],
    ['a fleet issue', { pk: 'ISSUES', sk: 'no-agent#i-1', detail: 'd' }, () => new DynamoFleetIssues(table).open(T0)],
    ['a kind of fleet issue', { pk: 'ISSUES', sk: 'odd#i-1' }, () => new DynamoFleetIssues(table).open(T0)],
    [
      'marks of log lines',
      { pk: 'LOG#h', sk: '#result', marks: 5, expiresAt: week },
      () => new DynamoStoredLogs(table).stored('h', 'result', T0),
    ],
    [
      'a page of answers',
      { pk: 'ANSWER#h', sk: 'p', marks: 'm' },
      () => new DynamoStoredAnswers(table).read('h', ['p']),
    ],
    ['the secret of fan-outs', { pk: 'FANOUT', sk: '#secret', secret: 1 }, () => new DynamoFanOuts(table).secret()],
    [
      'the progress of sweeps',
      { pk: 'SWEEP', sk: '#progress', state: { left: 1 } },
      () => new DynamoSweepProgress(table).read(),
    ],
    [
      'the progress of reviews',
      { pk: 'REVIEW', sk: '#progress', state: { '15m': 'x' } },
      () => new DynamoReviewProgress(table).read(),
    ],
    [
      'the live version',
      { pk: 'POLICY', sk: '#current', version: 'one' },
      () => new DynamoPolicyStore(table).liveNumber(),
    ],
    ['a version', { pk: 'POLICY', sk: 'v#0000000001', content: 'text' }, () => new DynamoPolicyStore(table).version(1)],
  ])('is an error instead of a cast: %s', async (_, item, read) => {
    await put(item);
    await expect(read()).rejects.toMatchObject({
      code: 'ROW_UNREADABLE',
      message: expect.stringContaining(`row ${item.pk} / ${item.sk}: `),
    });
  });

  it('is an error in the directory too', async () => {
    const directory = new DynamoNodeDirectory(table, () => T0);
    await directory.record({ hostIdentifier: 'h', lastSeenMs: T0 }, T0 + MINUTE);
    const [row] = await everything(table);
    await put({ ...row, entry: { hostIdentifier: 'h', lastSeenMs: 'now' } });
    const all = async () => {
      for (let cursor: string | undefined = '0 '; cursor !== undefined; )
        ({ next: cursor } = await directory.page(cursor));
    };
    await expect(all()).rejects.toThrow('entry.lastSeenMs: is not of type number');
  });
});

/** Rows as the first version wrote them. */
describe('a row of an earlier version', () => {
  const identity = {
    hostname: 'web',
    uuid: 'u',
    agentInstance: 'a',
    platform: 'linux',
    osqueryVersion: '5.12',
    vendor: 'v',
  };
  const asker = {
    queryId: 'q1',
    workload: taskArn(1),
    subjects: ['c1'],
    decorations: { cluster: 'prod' },
    subjectDecorations: {},
    triggeredAtMs: T0,
    queuedAtMs: T0 + SECOND,
    expiresAtMs: T0 + MINUTE,
  };
  const query = { rule: 'r', query: 'q', set: 'live', sql: 'SELECT 1' };
  const aSnapshot = (workload: string) => ({
    ...{ workload, kind: 'ecs-task' as const, version: 3, versionStep: 1, lastStatus: 'RUNNING' },
    ...{ desiredStatus: 'RUNNING', stopped: false, subjects: [], containers: [], identity: {}, occurredAtMs: T0 },
  });
  const pendingKey = (queryId: string): PendingKey => ({ host: 'h', priority: 1, queryId, set: 'live' });

  it('reads as a node', async () => {
    const node = { host: 'h', epoch: 1, enrolledAtMs: T0, lastSeenMs: T0, hotUntilMs: 0, rev: 1, taken: {}, identity };
    await put({ pk: 'HOST#h', sk: '#node', ...node, expiresAt: T0 / 1000 });
    expect(await new DynamoNodeRegistry(table).find('h')).toEqual({ ...node, expiresAtMs: T0 });
  });

  it('reads as a pending query, received when its trigger happened', async () => {
    const pending = { ...asker, ...query, host: 'h', priority: 1, bindings: { ids: ['c1'] } };
    await put({ pk: 'HOST#h', sk: 'q#1#q1', query: pending, expiresAt: T0 / 1000 });
    expect((await new DynamoHostQueue(table).read('h')).pending).toEqual([{ ...pending, receivedAtMs: T0 }]);
  });

  it('reads as a delivery whose only offer is its hand-over', async () => {
    const delivery = { id: 'd1', host: 'h', attempt: 1, deliveredAtMs: T0, leaseUntilMs: T0 + MINUTE };
    const queries = [{ ...query, wireId: 'd1.0', askers: [asker], expiresAtMs: T0 + MINUTE }];
    await put({ pk: 'HOST#h', sk: 'd#d1', ...delivery, queries });
    expect(await new DynamoHostQueue(table).findDeliveries('h', ['d1'])).toMatchObject([
      { id: 'd1', answered: [], offers: [{ atMs: T0, positions: [0] }], queries: [{ askers: [{ receivedAtMs: T0 }] }] },
    ]);
  });

  it('reads as a workload, first reported at the time of its event', async () => {
    const snapshot = {
      ...{ workload: taskArn(1), kind: 'ecs-task', version: 3, versionStep: 1, lastStatus: 'RUNNING' },
      ...{
        desiredStatus: 'RUNNING',
        stopped: false,
        subjects: ['c1'],
        identity: { cluster: 'prod' },
        occurredAtMs: T0,
      },
      containers: [{ name: 'web', lastStatus: 'RUNNING', runtimeId: 'c1' }],
    };
    const handling = { host: 'h', enrolled: true, asked: [{ host: 'h', priority: 1, queryId: 'q1' }], settleByMs: T0 };
    await put({
      ...{ pk: `WORKLOAD#${taskArn(1)}`, sk: '#ledger', snapshot, version: 3, handledVersion: 3, handling },
      ...{ firstEventAtMs: T0, seenLive: new Set(['c1']), troubles: new Set(['no-row']) },
    });
    const [record] = await new DynamoLedger(table).read([taskArn(1)]);
    expect(record).toMatchObject({
      ...{ receivedAtMs: T0, firstReceivedAtMs: T0, lastSignAtMs: T0, detectedBy: 'event', firstDetectedBy: 'event' },
      handling: { queryKeys: [{ queryId: 'q1', set: 'live' }] },
      ...{ closed: [], lastGasps: [], lateQueries: [], addressesSince: {}, facts: {}, troubles: ['no-row'] },
    });
    expect(record && verdictOf(record, T0)).toEqual({ verdict: 'seen' });
  });

  it('reads as a workload whose attributes had other names, beside those that this version added since', async () => {
    const snapshot = aSnapshot(taskArn(2));
    await put({
      ...{ pk: `WORKLOAD#${taskArn(2)}`, sk: '#ledger', snapshot, version: 3, handledVersion: 3, firstEventAtMs: T0 },
      ...{ firstToldBy: 'sweep', stays: { '0a000001': T0 }, told: { verdict: 'missed', reason: 'no-row' } },
      alsoAsked: new Set([JSON.stringify(pendingKey('q1'))]),
    });
    const ledger = new DynamoLedger(table);
    const [before] = await ledger.read([taskArn(2)]);
    expect(before).toMatchObject({
      ...{ firstDetectedBy: 'sweep', addressesSince: { '0a000001': T0 }, lateQueries: [pendingKey('q1')] },
      recordedVerdict: { verdict: 'missed', reason: 'no-row' },
    });
    await ledger.advance({ ...snapshot, version: 4, receivedAtMs: T0 + SECOND, detectedBy: 'event' });
    await ledger.addLateQueries(taskArn(2), [pendingKey('q2')]);
    await ledger.addIdentity(taskArn(2), {}, { '0a000002': T0 });
    await ledger.recordVerdict(taskArn(2), { verdict: 'seen' });
    const [after] = await ledger.read([taskArn(2)]);
    expect(after).toMatchObject({
      ...{
        firstDetectedBy: 'sweep',
        addressesSince: { '0a000002': T0 },
        lateQueries: [pendingKey('q1'), pendingKey('q2')],
      },
      recordedVerdict: { verdict: 'seen' },
    });
  });

  it('reads as an address that its workload released', async () => {
    const digits = addressDigits('10.0.0.1') ?? '';
    const address = { pk: `ADDRESS#${digits}`, sk: `${String(T0).padStart(15, '0')}#${taskArn(3)}`, realm: '' };
    await put({ ...address, leftAtMs: T0 + MINUTE });
    const record = { snapshot: aSnapshot(taskArn(3)), handledVersion: 3, firstEventAtMs: T0 };
    await put({ pk: `WORKLOAD#${taskArn(3)}`, sk: '#ledger', ...record });
    expect(await new DynamoLedgerIndex(table).tenants('10.0.0.1', T0 + MINUTE)).toMatchObject([
      { fromMs: T0, releasedAtMs: T0 + MINUTE },
    ]);
  });

  it('reads as an alias that an agent reported', async () => {
    await put({ pk: 'ALIAS#i-1', sk: '#host', host: 'h' });
    expect(await new DynamoAliases(table).find('i-1')).toEqual({ host: 'h', source: 'agent', sinceMs: 0 });
  });
});
