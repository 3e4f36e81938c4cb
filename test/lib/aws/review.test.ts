import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { BusCoverageEvents } from '../../../lib/aws/coverage-events.ts';
import { DynamoLedger } from '../../../lib/aws/ledger.ts';
import { DynamoLedgerBook } from '../../../lib/aws/ledger-book.ts';
import { DynamoReviewProgress } from '../../../lib/aws/review-progress.ts';
import { type CoverageEvent, review } from '../../../lib/core/ledger/review.ts';
import { aSnapshot } from '../../support/a-record.ts';
import { taskArn } from '../../support/builders.ts';
import { aTable } from '../../support/dynamodb.ts';
import { MINUTE, T0 } from '../../support/world.ts';

const anEvent = (n: number): CoverageEvent => ({
  workload: taskArn(n),
  kind: 'ecs-task',
  verdict: 'missed',
  reason: 'expired',
  advice: 'poll more often',
  cluster: 'prod',
  host: 'h1',
  firstEventAt: '2026-11-20T10:15:00.000Z',
});
const some = (count: number): CoverageEvent[] => Array.from({ length: count }, (_, n) => anEvent(n));

describe('the events of misses', () => {
  const bus = mockClient(EventBridgeClient);
  beforeEach(() => {
    bus.reset();
  });
  const events = () => new BusCoverageEvents('mayfly-bus', new EventBridgeClient({ region: 'eu-west-1' }));
  const sent = () => bus.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries ?? []);
  /** Answers a request: every entry taken, but those about these tasks. */
  const taking = (refused: readonly number[] = []) =>
    bus.on(PutEventsCommand).callsFake(({ Entries }: { Entries: { Resources: string[] }[] }) => ({
      FailedEntryCount: 0, // the entries say it
      Entries: Entries.map(({ Resources }) =>
        refused.some((n) => Resources[0] === taskArn(n)) ? { ErrorCode: 'ThrottlingException' } : { EventId: 'id' },
      ),
    }));

  it('go to our bus in the form the reference has, ten at once', async () => {
    taking();
    await events().put(some(23));
    expect(sent().map(({ length }) => length)).toEqual([10, 10, 3]);
    const [first] = sent().flat();
    expect(first).toMatchObject({ EventBusName: 'mayfly-bus', Source: 'mayfly', DetailType: 'Mayfly Coverage' });
    expect(first?.Resources).toEqual([taskArn(0)]);
    expect(JSON.parse(first?.Detail ?? '')).toEqual(anEvent(0));
  });

  it('cost no request where there is none', async () => {
    await events().put([]);
    expect(sent()).toEqual([]);
  });

  it('are sent again where a request succeeded and refused some of them, and only those', async () => {
    bus
      .on(PutEventsCommand)
      .resolvesOnce({
        FailedEntryCount: 1,
        Entries: [{ EventId: 'a' }, { ErrorCode: 'InternalFailure' }, { EventId: 'c' }],
      })
      .resolvesOnce({ FailedEntryCount: 0, Entries: [{ EventId: 'b' }] });
    await events().put(some(3));
    expect(sent().map((entries) => entries.map(({ Resources }) => Resources?.[0]))).toEqual([
      [taskArn(0), taskArn(1), taskArn(2)],
      [taskArn(1)],
    ]);
  });

  it('fail as a whole where one is refused for good: the review must not go on', async () => {
    taking([1]);
    await expect(events().put(some(3))).rejects.toThrow('the bus mayfly-bus refused 1 events: ThrottlingException');
    expect(sent()).toHaveLength(3);
  });
});

describe('a review of the table', () => {
  it('finds lives by their first event, tells each once, and remembers how far it came', async () => {
    const table = await aTable();
    const ledger = new DynamoLedger(table);
    const progress = new DynamoReviewProgress(table);
    const put: CoverageEvent[] = [];
    const reports: string[] = [];
    let nowMs = T0;
    const deps = {
      ledger,
      book: new DynamoLedgerBook(table),
      progress,
      events: { put: async (events: readonly CoverageEvent[]) => void put.push(...events) },
      report: (event: string) => void reports.push(event),
      now: () => nowMs,
    };
    expect(await progress.read()).toEqual({});
    await review(deps, nowMs + MINUTE);
    for (let n = 0; n < 230; n += 1) await ledger.advance(aSnapshot(n, { occurredAtMs: T0 + n * 1000 }));
    await Promise.all(
      Array.from({ length: 230 }, (_, n) =>
        ledger.handled(taskArn(n), 1, { host: 'h1', enrolled: true, asked: [], settleByMs: T0 + MINUTE }),
      ),
    );
    nowMs += 20 * MINUTE;
    await review(deps, nowMs + MINUTE);
    const started = Array.from({ length: 230 }, (_, n) => taskArn(n)).sort();
    expect(put.map(({ workload }) => workload).sort()).toEqual(started);
    expect(await progress.read()).toEqual({
      '15m': nowMs - 15 * MINUTE,
      '4h': nowMs - 240 * MINUTE,
      '25h': nowMs - 1500 * MINUTE,
    });
    await review(deps, nowMs + MINUTE);
    expect(put).toHaveLength(230);
    expect((await ledger.read([taskArn(7)]))[0]?.told).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });
});
