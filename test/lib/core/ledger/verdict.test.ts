import { describe, expect, it } from '@jest/globals';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { TROUBLES, type WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import { aRecord } from '../../../support/a-record.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const early = (record: Partial<WorkloadRecord>) => verdictOf(aRecord(record), T0);
const late = (record: Partial<WorkloadRecord>) => verdictOf(aRecord(record), T0 + MINUTE);

const DAY = 24 * 60 * MINUTE;

describe('the verdict on a task', () => {
  it('is seen when every container was seen alive, and only then', () => {
    expect(early({ seenLive: ['a', 'b', 'c'] })).toEqual({ verdict: 'seen' });
    expect(early({ seenLive: ['a'] })).toEqual({ verdict: 'pending' });
    expect(late({ seenLive: ['a'] })).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('is post-mortem when one of its containers was seen only after its end', () => {
    expect(early({ seenLive: ['a'], seenPostMortem: ['b'] })).toEqual({ verdict: 'post-mortem' });
    expect(early({ seenPostMortem: ['a', 'b'] })).toEqual({ verdict: 'post-mortem' });
    expect(early({ seenLive: ['a', 'b'], seenPostMortem: ['a', 'b'] })).toEqual({ verdict: 'seen' });
  });

  it('is never-started if it stopped before any container existed', () => {
    expect(early({ stopped: true, lastStatus: 'STOPPED', subjects: [] })).toEqual({ verdict: 'never-started' });
  });

  it('is pending while its containers are created, while an event is handled, and while an answer can arrive', () => {
    for (const lastStatus of ['PROVISIONING', 'PENDING', 'ACTIVATING'])
      expect(late({ lastStatus })).toEqual({ verdict: 'pending' });
    expect(late({ handledVersion: 4 })).toEqual({ verdict: 'pending' });
    expect(verdictOf(aRecord(), T0 + MINUTE - 1)).toEqual({ verdict: 'pending' });
  });

  it('is missed with no-host as soon as the host is known to be missing', () => {
    expect(early({ handling: { enrolled: false, queryKeys: [], settleByMs: 0 } })).toEqual({
      verdict: 'missed',
      reason: 'no-host',
    });
  });

  it('is missed as not-enrolled without an agent, and as agent-silent with one', () => {
    const handling = { host: 'h1', enrolled: false, queryKeys: [], settleByMs: T0 };
    expect(late({ handling })).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
    expect(late({ handling, deliveredAtMs: T0 })).toEqual({ verdict: 'missed', reason: 'agent-silent' });
    expect(late({ handling: { ...handling, enrolled: true } })).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('is no-agent for an instance without an agent', () => {
    const handling = { host: 'i-1', enrolled: false, queryKeys: [], settleByMs: T0 };
    expect(late({ kind: 'ec2-instance', handling })).toEqual({ verdict: 'missed', reason: 'no-agent' });
  });

  it('is not host-gone if no agent was enrolled on the host', () => {
    const handling = { host: 'h1', enrolled: false, queryKeys: [], settleByMs: T0 };
    expect(late({ handling, troubles: ['host-gone'] })).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
    expect(late({ handling: { ...handling, enrolled: true }, troubles: ['host-gone'] })).toEqual({
      verdict: 'missed',
      reason: 'host-gone',
    });
  });

  it('is final as soon as its host is gone, because no agent can answer', () => {
    const troubles = ['host-gone'] as const;
    expect(early({ troubles })).toEqual({ verdict: 'missed', reason: 'host-gone' });
    expect(early({ troubles, handling: { host: 'h1', enrolled: true, queryKeys: [], settleByMs: 0 } })).toEqual({
      verdict: 'missed',
      reason: 'host-gone',
    });
    expect(early({ troubles, seenLive: ['a', 'b'] })).toEqual({ verdict: 'seen' });
  });

  it('requires the essential containers only, or all if none is known to be essential', () => {
    const container = (runtimeId: string, essential?: false) => ({
      ...{ name: runtimeId, lastStatus: 'RUNNING', runtimeId },
      essential,
    });
    const containers = [container('a'), container('b', false)];
    expect(early({ containers, seenLive: ['a'] })).toEqual({ verdict: 'seen' });
    expect(early({ containers, seenLive: ['b'] })).toEqual({ verdict: 'pending' });
    expect(early({ containers, seenPostMortem: ['a'] })).toEqual({ verdict: 'post-mortem' });
    const optional = [container('a', false), container('b', false)];
    expect(early({ containers: optional, seenLive: ['a'] })).toEqual({ verdict: 'pending' });
    expect(early({ containers: optional, seenLive: ['a', 'b'] })).toEqual({ verdict: 'seen' });
  });

  it('waits for an essential container that has not started, for at most a day without a sign', () => {
    const containers = [
      { name: 'a', lastStatus: 'RUNNING', runtimeId: 'a' },
      { name: 'b', lastStatus: 'PENDING' },
    ];
    const seen = { subjects: ['a'], seenLive: ['a'] };
    expect(early({ ...seen, containers })).toEqual({ verdict: 'pending' });
    expect(late({ ...seen, containers })).toEqual({ verdict: 'pending' });
    expect(verdictOf(aRecord({ ...seen, containers }), T0 + DAY)).toEqual({ verdict: 'seen' });
    expect(early({ ...seen, containers, stopped: true })).toEqual({ verdict: 'seen' });
    const [a, b] = containers;
    expect(early({ ...seen, containers: [a, { ...b, essential: false }] as typeof containers })).toEqual({
      verdict: 'seen',
    });
  });

  it('is lost-track if an event was never handled or a start never happened', () => {
    const lost = { verdict: 'missed', reason: 'lost-track' };
    expect(verdictOf(aRecord({ handledVersion: 4 }), T0 + 20 * MINUTE - 1)).toEqual({ verdict: 'pending' });
    expect(verdictOf(aRecord({ handledVersion: 4 }), T0 + 20 * MINUTE)).toEqual(lost);
    const starting = aRecord({ lastStatus: 'PENDING', subjects: [] });
    expect(verdictOf(starting, T0 + 24 * 60 * MINUTE - 1)).toEqual({ verdict: 'pending' });
    expect(verdictOf(starting, T0 + 24 * 60 * MINUTE)).toEqual(lost);
    expect(verdictOf(aRecord({ handledVersion: 4, seenLive: ['a', 'b'] }), T0 + 24 * 60 * MINUTE)).toEqual({
      verdict: 'seen',
    });
  });

  it('is lost-track after a day without an event or a sweep about an unqueried task', () => {
    const unasked = { handling: { host: 'h1', enrolled: true, queryKeys: [], settleByMs: 0 } };
    expect(verdictOf(aRecord(unasked), T0 + DAY - 1)).toEqual({ verdict: 'pending' });
    expect(verdictOf(aRecord(unasked), T0 + DAY)).toEqual({ verdict: 'missed', reason: 'lost-track' });
    expect(verdictOf(aRecord({ ...unasked, lastSignAtMs: T0 + DAY }), T0 + 2 * DAY - 1)).toEqual({
      verdict: 'pending',
    });
  });

  it('waits for queries that were queued under an alias', () => {
    const handling = { enrolled: false, queryKeys: [], settleByMs: T0 + MINUTE };
    expect(early({ handling })).toEqual({ verdict: 'pending' });
    expect(late({ handling })).toEqual({ verdict: 'missed', reason: 'no-host' });
  });

  it('is unsafe-id for essential containers only', () => {
    const container = { name: 'a', lastStatus: 'RUNNING', runtimeId: 'a' };
    const unsafe = { name: 'b', lastStatus: 'RUNNING', unsafeId: true as const };
    const seen = { subjects: ['a'], seenLive: ['a'] };
    expect(early({ ...seen, containers: [container, { ...unsafe, essential: false }] })).toEqual({ verdict: 'seen' });
    expect(early({ ...seen, containers: [container, unsafe] })).toEqual({ verdict: 'missed', reason: 'unsafe-id' });
  });

  it('distinguishes a container that never started from one that ran without an id', () => {
    const stopped = { stopped: true, lastStatus: 'STOPPED', subjects: [] };
    const failed = { name: 'a', lastStatus: 'STOPPED', reason: 'CannotPullContainerError' };
    expect(late({ ...stopped, containers: [failed] })).toEqual({ verdict: 'never-started' });
    expect(late({ ...stopped, containers: [], times: { startedAtMs: T0 } })).toEqual({
      verdict: 'missed',
      reason: 'no-id',
    });
    const ran = { name: 'a', lastStatus: 'STOPPED', exitCode: 0 };
    expect(late({ ...stopped, containers: [ran] })).toEqual({ verdict: 'missed', reason: 'no-id' });
  });

  it('names the most important trouble, in any order of troubles', () => {
    TROUBLES.forEach((reason, rank) => {
      const troubles = TROUBLES.slice(rank);
      expect(late({ troubles })).toEqual({ verdict: 'missed', reason });
      expect(late({ troubles: troubles.toReversed() })).toEqual({ verdict: 'missed', reason });
    });
  });
});
