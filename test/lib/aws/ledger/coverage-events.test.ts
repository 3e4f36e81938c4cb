import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeEach, describe, expect, it } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import { BusCoverageEvents } from '../../../../lib/aws/ledger/coverage-events.ts';
import type { CoverageEvent } from '../../../../lib/core/ledger/review.ts';
import { taskArn } from '../../../support/builders.ts';

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

describe('coverage events of misses', () => {
  const bus = mockClient(EventBridgeClient);
  afterAll(() => bus.restore());
  beforeEach(() => {
    bus.reset();
  });
  const events = () => new BusCoverageEvents('mayfly-bus', new EventBridgeClient({ region: 'eu-west-1' }));
  const sent = () => bus.commandCalls(PutEventsCommand).map(({ args }) => args[0].input.Entries ?? []);
  /** Answers a request: every entry is accepted, except those about these tasks. */
  const taking = (refused: readonly number[] = []) =>
    bus.on(PutEventsCommand).callsFake(({ Entries }: { Entries: { Resources: string[] }[] }) => ({
      FailedEntryCount: 0, // the entries say it
      Entries: Entries.map(({ Resources }) =>
        refused.some((n) => Resources[0] === taskArn(n)) ? { ErrorCode: 'ThrottlingException' } : { EventId: 'id' },
      ),
    }));

  it('are published to our bus in the documented form, ten per request', async () => {
    taking();
    await events().put(some(23));
    expect(sent().map(({ length }) => length)).toEqual([10, 10, 3]);
    const [first] = sent().flat();
    expect(first).toMatchObject({ EventBusName: 'mayfly-bus', Source: 'mayfly', DetailType: 'Mayfly Coverage' });
    expect(first?.Resources).toEqual([taskArn(0)]);
    expect(JSON.parse(first?.Detail ?? '')).toEqual(anEvent(0));
  });

  it('cost no request if there are none', async () => {
    await events().put([]);
    expect(sent()).toEqual([]);
  });

  it('are retried alone if a request succeeds but refuses some of them', async () => {
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

  it('fail as a whole if one is refused permanently, so that the review stops', async () => {
    taking([1]);
    await expect(events().put(some(3))).rejects.toThrow('the bus mayfly-bus refused 1 events: ThrottlingException');
    expect(sent()).toHaveLength(3);
  });
});
