import { expect, it } from '@jest/globals';
import type { Ledger } from '../../lib/core/ledger/ledger.ts';
import type { Advance } from '../../lib/core/ledger/merge.ts';
import type { FirstQuery, Handling, Outcome, WorkloadRecord } from '../../lib/core/ledger/workload.ts';
import { keyOf } from '../../lib/core/queue/pending-query.ts';
import { aSighting, aSnapshot, recordSighting } from '../support/a-record.ts';
import { aPendingQuery, dockerId, taskArn } from '../support/builders.ts';
import { MINUTE, T0 } from '../support/times.ts';
import { contract } from './editions.ts';

const TASK = taskArn(1);
const HANDLING: Handling = {
  host: 'h1',
  enrolled: true,
  queryKeys: [keyOf(aPendingQuery(1))],
  settleByMs: T0 + MINUTE,
};

const FIRST_QUERY: FirstQuery = { eventAtMs: T0 - 3, receivedAtMs: T0 - 2, queuedAtMs: T0 - 1, detectedBy: 'sweep' };

async function recordOf(ledger: Ledger): Promise<WorkloadRecord> {
  const [record] = await ledger.read([TASK]);
  if (!record) throw new Error('no record');
  return record;
}

contract('the ledger', (begin) => {
  it('creates a record with the first event, and returns it to be handled', async () => {
    const { ledger } = await begin();
    const snapshot = aSnapshot(1, { occurredAtMs: T0 - 1, identity: { task_family: 'api' } });
    const expected = {
      ...snapshot,
      handledVersion: -1,
      lateQueries: [],
      closed: [],
      lastGasps: [],
      seenLive: [],
      seenPostMortem: [],
      troubles: [],
      facts: {},
      addressesSince: {},
      firstEventAtMs: T0 - 1,
      firstReceivedAtMs: T0,
      firstDetectedBy: 'event',
      lastSignAtMs: T0,
    };
    expect(await ledger.advance(snapshot)).toEqual(expected);
    expect(await ledger.read([TASK, taskArn(2), TASK])).toEqual([expected]);
  });

  it('advances to newer versions only, or to the same one until it is handled', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1, { version: 3 }));
    expect(await ledger.advance(aSnapshot(1, { version: 2 }))).toBeUndefined();
    expect(await ledger.advance(aSnapshot(1, { version: 3 }))).toMatchObject({ version: 3 });
    expect(await ledger.markHandled(TASK, 2, HANDLING)).toBe(false);
    expect(await ledger.markHandled(TASK, 3, HANDLING)).toBe(true);
    expect(await ledger.advance(aSnapshot(1, { version: 3 }))).toBeUndefined();
    expect(await ledger.advance(aSnapshot(1, { version: 5, versionStep: 3 }))).toBeUndefined();
    expect(await ledger.advance(aSnapshot(1, { version: 6, versionStep: 3 }))).toMatchObject({ handledVersion: 3 });
    expect(await recordOf(ledger)).toMatchObject({ version: 6, handledVersion: 3, handling: HANDLING });
  });

  it('keeps the facts that a newer event leaves out, and the first time of receipt', async () => {
    const { ledger } = await begin();
    const container = { name: 'web', lastStatus: 'RUNNING', runtimeId: dockerId(1) };
    await ledger.advance(aSnapshot(1, { containers: [container], identity: { task_family: 'api', a: '1' } }));
    await ledger.advance(
      aSnapshot(1, {
        version: 2,
        identity: { a: '2' },
        detectedBy: 'sweep',
        occurredAtMs: T0 + 9,
        receivedAtMs: T0 + 9,
      }),
    );
    expect(await recordOf(ledger)).toMatchObject({
      containers: [container],
      identity: { task_family: 'api', a: '2' },
      firstDetectedBy: 'event',
      firstReceivedAtMs: T0,
      firstEventAtMs: T0,
      lastSignAtMs: T0 + 9,
    });
  });

  it('records each query once, from any number of callers', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    const [first, second] = [keyOf(aPendingQuery(1)), keyOf(aPendingQuery(2))];
    await ledger.addLateQueries(TASK, [first, second]);
    await ledger.addLateQueries(TASK, [second]);
    await ledger.addLateQueries(TASK, []);
    const gasp = { set: 'last-gasp', atMs: T0, queries: 2 } as const;
    await ledger.recordLastGasp(TASK, gasp);
    await ledger.recordLastGasp(TASK, gasp);
    const record = await recordOf(ledger);
    expect(new Set(record.lateQueries.map(({ queryId }) => queryId))).toEqual(new Set(['q0001', 'q0002']));
    expect(record.lateQueries).toHaveLength(2);
    expect(record.lastGasps).toEqual([gasp]);
  });

  it('records the host that was found, before or after its queries, unless they went to a host', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    await ledger.recordHost(TASK, 'h2');
    expect((await recordOf(ledger)).handling).toBeUndefined();
    const { host: _, ...hostless } = HANDLING;
    await ledger.markHandled(TASK, 1, hostless);
    expect((await recordOf(ledger)).handling?.host).toBe('h2');
    await ledger.markHandled(TASK, 1, HANDLING);
    expect((await recordOf(ledger)).handling?.host).toBe('h1');
  });

  it('adds evidence from rows, keeping the first row about a container unless that came after its end', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    const first = aSighting(['b', 'a'], [], T0 + 1, { facts: { a: { command: 'one' } } });
    expect((await recordSighting(ledger, TASK, first))?.firstAnswerAtMs).toBeUndefined();
    const second = aSighting(['c'], ['a'], T0 + 2, { facts: { a: { exitCode: 3 }, c: { command: 'three' } } });
    expect(await recordSighting(ledger, TASK, second)).toMatchObject({ firstAnswerAtMs: T0 + 1 });
    await recordSighting(ledger, TASK, aSighting(['c'], [], T0 + 3, { facts: { c: { command: 'four' } } }));
    expect(await recordOf(ledger)).toMatchObject({
      seenLive: ['a', 'b', 'c'],
      seenPostMortem: ['a'],
      facts: { a: { exitCode: 3 }, c: { command: 'three' } },
      firstAnswerAtMs: T0 + 1,
      firstStoredAtMs: T0 + 1,
      firstAnswerFrom: first.from,
    });
  });

  it('collects troubles, each once, and the first delivery', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    for (const trouble of ['no-row', 'expired', 'no-row'] as const) await ledger.recordTrouble(TASK, trouble);
    await ledger.recordDelivery(TASK, T0 + 1);
    await ledger.recordDelivery(TASK, T0 + 2);
    expect(await recordOf(ledger)).toMatchObject({ troubles: ['expired', 'no-row'], deliveredAtMs: T0 + 1 });
  });

  it('keeps the earliest time of receipt', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1, { receivedAtMs: T0 + 1000 }));
    await ledger.advance(aSnapshot(1, { version: 2, receivedAtMs: T0 }));
    await ledger.advance(aSnapshot(1, { version: 3, receivedAtMs: T0 + 2000 }));
    expect(await recordOf(ledger)).toMatchObject({ firstReceivedAtMs: T0, version: 3 });
  });

  it('takes the time of the event if our clock was an hour or more behind it, but not more than a week', async () => {
    const HOUR = 60 * MINUTE;
    const { ledger } = await begin();
    const behind = T0 - 3 * 24 * HOUR;
    await ledger.advance(aSnapshot(1, { occurredAtMs: T0, receivedAtMs: behind }));
    await ledger.advance(aSnapshot(1, { version: 2, occurredAtMs: T0 + 1, receivedAtMs: behind + 1 }));
    await ledger.advance(aSnapshot(1, { version: 3, occurredAtMs: T0 + 2, receivedAtMs: T0 + 3 }));
    expect(await recordOf(ledger)).toMatchObject({ firstReceivedAtMs: T0, firstEventAtMs: behind });
    await ledger.advance(aSnapshot(2, { occurredAtMs: T0 + HOUR - 1, receivedAtMs: T0 }));
    await ledger.advance(aSnapshot(3, { occurredAtMs: T0 + 365 * 24 * HOUR, receivedAtMs: T0 }));
    const records = await ledger.read([taskArn(2), taskArn(3)]);
    expect(records.map(({ firstReceivedAtMs }) => firstReceivedAtMs)).toEqual([T0, T0]);
  });

  it('collects closed queries, each once: with evidence, with a trouble, or alone', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    await recordSighting(ledger, TASK, aSighting(['a'], [], T0), ['q3']);
    await ledger.recordTrouble(TASK, 'no-row', ['q1', 'q3']);
    await ledger.recordTrouble(TASK, 'expired');
    await ledger.closeQueries(TASK, ['q2', 'q1']);
    await ledger.closeQueries(TASK, []);
    expect((await recordOf(ledger)).closed).toEqual(['q1', 'q2', 'q3']);
  });

  it('prefers facts from events to learned facts, and keeps the latest time of each address', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1, { identity: { image: 'event' } }));
    await ledger.addIdentity(TASK, { image: 'learned', tags: 'x' }, { '10.0.0.1': T0, '10.0.0.2': T0 });
    await ledger.markHandled(TASK, 1, { ...HANDLING, addressesSince: { '10.0.0.2': T0 + 5 } });
    await ledger.recordAlive(await recordOf(ledger), T0 + 9);
    expect(await recordOf(ledger)).toMatchObject({
      identity: { image: 'event', tags: 'x' },
      addressesSince: { '10.0.0.1': T0, '10.0.0.2': T0 + 5 },
      lastSignAtMs: T0 + 9,
    });
  });

  it('amends the containers of that version only', async () => {
    const { ledger } = await begin();
    const containers = [{ name: 'web', lastStatus: 'RUNNING', essential: false }];
    await ledger.advance(aSnapshot(1, { version: 2 }));
    await ledger.amendContainers(TASK, 1, containers);
    expect((await recordOf(ledger)).containers).toEqual([]);
    await ledger.amendContainers(TASK, 2, containers);
    expect((await recordOf(ledger)).containers).toEqual(containers);
  });

  it('records an event and its handling in one write, unless the record changed since it was read', async () => {
    const { ledger } = await begin();
    const handled = { handling: HANDLING, closes: ['q1'] };
    const prepare = async (version: number): Promise<Advance> => {
      const advance = await ledger.prepare(aSnapshot(1, { version }));
      if (!advance) throw new Error('the snapshot is no news');
      return advance;
    };
    const first = await prepare(1);
    expect(await ledger.read([TASK])).toEqual([]);
    expect(first).toMatchObject({ known: undefined, record: { version: 1, handledVersion: -1 } });
    expect(await ledger.commit(first, handled)).toMatchObject({ handledVersion: 1, closed: ['q1'] });
    expect(await ledger.commit(first, handled)).toBeUndefined();
    expect(await ledger.prepare(aSnapshot(1))).toBeUndefined();

    const [second, third] = [await prepare(2), await prepare(3)];
    expect(second.record).toEqual({ ...(await recordOf(ledger)), ...aSnapshot(1, { version: 2 }) });
    expect(await ledger.commit(second)).toMatchObject({ version: 2, handledVersion: 1 });
    expect(await ledger.commit(third, handled)).toBeUndefined();
    const again = await prepare(3);
    await ledger.addLateQueries(TASK, [{ host: 'h1', priority: 3, queryId: 'q2', set: 'live' }]);
    expect(await ledger.commit(again, handled)).toBeUndefined();
    expect(await recordOf(ledger)).toMatchObject({ version: 2, handledVersion: 1 });
    expect(await ledger.commit(await prepare(3), handled)).toMatchObject({ version: 3, handledVersion: 3 });
  });

  it('accepts a verdict once, and then only a different one', async () => {
    const { ledger } = await begin();
    await ledger.advance(aSnapshot(1));
    expect(await ledger.recordVerdict(TASK, { verdict: 'missed', reason: 'no-row' })).toBe(true);
    expect(await ledger.recordVerdict(TASK, { verdict: 'missed', reason: 'no-row' })).toBe(false);
    expect(await ledger.recordVerdict(TASK, { verdict: 'missed', reason: 'expired' })).toBe(true);
    expect(await ledger.recordVerdict(TASK, { verdict: 'seen' })).toBe(true);
    expect((await recordOf(ledger)).recordedVerdict).toEqual({ verdict: 'seen' });
  });

  it('records the outcomes of many workloads at once, leaving out unknown ones', async () => {
    const { ledger } = await begin();
    const known = Array.from({ length: 120 }, (_, n) => n + 1);
    for (const n of known) await ledger.advance(aSnapshot(n));
    await ledger.markHandled(taskArn(1), 1, { ...HANDLING, firstQuery: FIRST_QUERY });
    await ledger.recordDelivery(taskArn(1), T0 + 1);
    await recordSighting(ledger, taskArn(2), aSighting(['early'], [], T0 + 2));
    const news = (n: number): Outcome => ({
      closes: [`q${n}`],
      troubles: [],
      sighting: aSighting([`c${n}`], [], T0 + 9, { facts: { [`c${n}`]: { exitCode: n } } }),
    });
    const outcomes = new Map([...known, 999].map((n) => [taskArn(n), news(n)]));
    outcomes.set(taskArn(3), { closes: ['q3', 'q4'], troubles: ['no-row', 'denylisted'] });
    const before = await ledger.recordOutcomes(outcomes);
    await ledger.recordOutcomes(outcomes); // a repeat changes nothing
    expect(before.size).toBe(known.length);
    expect(before.get(taskArn(1))).toMatchObject({
      kind: 'ecs-task',
      firstQuery: FIRST_QUERY,
      deliveredAtMs: T0 + 1,
    });
    expect(before.get(taskArn(1))?.firstAnswerAtMs).toBeUndefined();
    expect(before.get(taskArn(2))).toMatchObject({ firstAnswerAtMs: T0 + 2 });
    const read = new Map((await ledger.read([...known, 999].map(taskArn))).map((one) => [one.workload, one]));
    expect(read.size).toBe(known.length);
    for (const n of known.slice(3)) {
      expect(read.get(taskArn(n))).toMatchObject({
        closed: [`q${n}`],
        troubles: [],
        seenLive: [`c${n}`],
        facts: { [`c${n}`]: { exitCode: n } },
        firstAnswerAtMs: T0 + 9,
      });
    }
    expect(read.get(taskArn(2))).toMatchObject({ seenLive: ['c2', 'early'], firstAnswerAtMs: T0 + 2 });
    expect(read.get(taskArn(3))).toMatchObject({
      closed: ['q3', 'q4'],
      troubles: ['denylisted', 'no-row'],
      seenLive: [],
    });
    expect(read.get(taskArn(3))?.firstAnswerAtMs).toBeUndefined();
  });

  it('creates no record without an event', async () => {
    const { ledger } = await begin();
    expect(await recordSighting(ledger, TASK, aSighting(['a'], [], T0))).toBeUndefined();
    await ledger.recordTrouble(TASK, 'expired');
    await ledger.recordTrouble(undefined, 'expired');
    await ledger.closeQueries(TASK, ['q1']);
    await ledger.recordDelivery(TASK, T0);
    await ledger.amendContainers(TASK, 1, []);
    await ledger.addLateQueries(TASK, [keyOf(aPendingQuery(1))]);
    await ledger.recordLastGasp(TASK, { set: 'last-gasp', atMs: T0, queries: 1 });
    await ledger.recordHost(TASK, 'h1');
    await ledger.addIdentity(TASK, {}, {});
    expect(await ledger.markHandled(TASK, 1, HANDLING)).toBe(false);
    expect(await ledger.recordVerdict(TASK, { verdict: 'seen' })).toBe(false);
    expect(await ledger.read([TASK])).toEqual([]);
  });
});
