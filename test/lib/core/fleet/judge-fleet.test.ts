import { beforeEach, describe, expect, it } from '@jest/globals';
import { type AgentScope, ExpectedInstances } from '../../../../lib/core/fleet/agent-scope.ts';
import type { Instance } from '../../../../lib/core/inventory/instance.ts';

import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import type { DirectoryEntry } from '../../../../lib/core/nodes/directory.ts';
import { NODE_TTL_MS } from '../../../../lib/core/nodes/node.ts';
import { anInstance, Sweeper } from '../../../support/a-sweeper.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const ID = 'i-0a1b2c3d4e5f60718';

let sweeper: Sweeper;
beforeEach(() => {
  sweeper = new Sweeper();
});
const runs = (instance: Partial<Instance> = {}, id = ID): void => sweeper.account.putInstance(anInstance(id, instance));
const enrolled = (host: string, lastSeenMs: number): Promise<void> =>
  sweeper.directory.record(
    { hostIdentifier: host, lastSeenMs, tags: {} } as unknown as DirectoryEntry,
    lastSeenMs + NODE_TTL_MS,
  );
const open = async (): Promise<string[]> =>
  (await sweeper.fleetIssues.open(sweeper.nowMs)).map(({ kind, host }) => `${kind} ${host}`);
/** Advances the clock by minutes, with a sweep at the end of each. */
const pass = async (minutes: number): Promise<void> => {
  for (let n = 0; n < minutes; n++) {
    sweeper.nowMs += MINUTE;
    await sweeper.sweep();
  }
};

describe('an instance from which no node enrolled', () => {
  it('is a fleet issue once it has run for five minutes, reported once', async () => {
    runs();
    await pass(4);
    expect(await open()).toEqual([]);
    await pass(1);
    expect(await open()).toEqual([`no-agent ${ID}`]);
    await pass(30);
    expect(await open()).toEqual([`no-agent ${ID}`]);
    expect(sweeper.reported('fleet_issue_opened')).toEqual([
      {
        kind: 'no-agent',
        host: ID,
        detail: expect.stringContaining('running since 2026-11-20T10:15:00.000Z, image ami-1'),
      },
    ]);
    expect(sweeper.done()).toMatchObject({ issues: 1 });
  });

  it('is closed ten minutes after a node enrolled, and a new issue when that node is gone', async () => {
    runs();
    await pass(6);
    await enrolled(ID, sweeper.nowMs);
    await pass(11);
    expect(await open()).toEqual([]);
    await sweeper.directory.remove(ID);
    await pass(1);
    expect(await open()).toEqual([`no-agent ${ID}`]);
    expect(sweeper.reported('fleet_issue_opened')).toHaveLength(2);
  });

  it('is not an issue if its node has another name, which needs an occasional read', async () => {
    runs();
    await sweeper.aliases.learn(ID, 'web-7');
    await enrolled('web-7', T0);
    let reads = 0;
    const { aliases } = sweeper;
    const hostOf = aliases.hostOf.bind(aliases);
    aliases.hostOf = async (alias) => {
      if (alias === ID) reads += 1;
      return hostOf(alias);
    };
    await pass(1); // its launch queries are queued under its node's name
    reads = 0;
    await pass(14);
    expect(await open()).toEqual([]);
    expect(reads).toBeLessThanOrEqual(1);
  });

  it.each([
    ['has the tag mayfly:ignore', { tags: { 'mayfly:ignore': 'true' } }],
    ['is run by Lambda, which accepts no agent', { managedBy: 'scaler.lambda.amazonaws.com' }],
    ['is still starting', { state: 'pending' }],
    ['is ending', { state: 'shutting-down' }],
  ])('is not an issue if the instance %s', async (_, instance) => {
    runs(instance);
    await pass(10);
    expect(await open()).toEqual([]);
    expect(sweeper.reported('fleet_counted').at(-1)).toEqual({ running: 0, enrolled: 0, withoutAgent: 0, silent: 0 });
  });

  it('is still a fleet issue if the tag has another value', async () => {
    runs({ tags: { 'mayfly:ignore': 'false' } });
    await pass(5);
    expect(await open()).toEqual([`no-agent ${ID}`]);
  });

  it('is not an issue if the ledger knows that the instance has ended, even if EC2 lists it as running', async () => {
    runs();
    await pass(1);
    const record = sweeper.ledger.record(ID);
    if (record) await sweeper.ledger.advance({ ...record, version: record.version + 1, versionStep: 1, stopped: true });
    await pass(6);
    expect(await open()).toEqual([]);
  });
});

describe('a partial rollout', () => {
  const members = new Map([['prod', ['i-0000000000000001']]]);
  const limitedTo = (scope: AgentScope): void => {
    const membersOf = async (cluster: string) => members.get(cluster) ?? [];
    sweeper.deps = { ...sweeper.deps, expected: new ExpectedInstances(scope, membersOf, sweeper.now) };
  };
  const both = (): void => {
    runs({ tags: { team: 'db' }, vpcId: 'vpc-1' }, 'i-0000000000000001');
    runs({ tags: { team: 'web' }, vpcId: 'vpc-2' }, 'i-0000000000000002');
  };

  it.each([
    ['a tag', { tags: { team: ['db', 'cache'] } }],
    ['a VPC', { vpcs: ['vpc-1'] }],
    ['a cluster', { clusters: ['prod'] }],
    ['all of them', { tags: { team: ['db'] }, vpcs: ['vpc-1'], clusters: ['prod'] }],
  ])('expects agents only where %s matches', async (_, scope) => {
    limitedTo(scope);
    both();
    await pass(6);
    expect(await open()).toEqual(['no-agent i-0000000000000001']);
    expect(sweeper.reported('fleet_counted').at(-1)).toMatchObject({ running: 1, withoutAgent: 1 });
  });

  it('expects no agent where one of the parts does not match', async () => {
    limitedTo({ tags: { team: ['db'] }, vpcs: ['vpc-2'] });
    both();
    await pass(6);
    expect(await open()).toEqual([]);
  });

  it('gives instances outside it the verdict ignored, until it grows', async () => {
    limitedTo({ vpcs: ['vpc-1'] });
    both();
    await pass(6);
    const verdictOn = (id: string) => {
      const record = sweeper.ledger.record(id);
      return record && verdictOf({ ...record, troubles: ['expired', 'host-gone'] }, sweeper.nowMs);
    };
    expect(verdictOn('i-0000000000000002')).toEqual({ verdict: 'ignored' });
    limitedTo({ vpcs: ['vpc-1', 'vpc-2'] });
    await pass(1);
    expect(verdictOn('i-0000000000000002')).toEqual({ verdict: 'missed', reason: 'no-agent' });
    expect(await open()).toEqual(['no-agent i-0000000000000001', 'no-agent i-0000000000000002']);
  });

  it('still reports a silent agent outside it', async () => {
    limitedTo({ vpcs: ['vpc-1'] });
    both();
    await enrolled('i-0000000000000002', sweeper.nowMs);
    await pass(16);
    expect(await open()).toContain('agent-silent i-0000000000000002');
  });

  it('keeps the members of a cluster while ECS refuses calls', async () => {
    const answers = [['i-1'], undefined, ['i-2']];
    const membersOf = async () => answers.shift() ?? Promise.reject(new Error('throttled'));
    const expected = new ExpectedInstances({ clusters: ['prod'] }, membersOf, sweeper.now);
    const has = (instanceId: string) => expected.has({ instanceId, tags: {} });
    await expected.refresh();
    expect([has('i-1'), has('i-2')]).toEqual([true, false]);
    sweeper.nowMs += 5 * MINUTE;
    await expected.refresh();
    expect([has('i-1'), has('i-2')]).toEqual([true, false]);
    await expected.refresh();
    expect([has('i-1'), has('i-2')]).toEqual([false, true]);
    const unknown = new ExpectedInstances({ clusters: ['prod'] }, membersOf, sweeper.now);
    await expect(unknown.refresh()).rejects.toThrow('throttled');
  });
});

describe('a silent agent', () => {
  it('is a fleet issue if its instance runs and it was not seen for 15 minutes', async () => {
    runs();
    await enrolled(ID, T0);
    await pass(15);
    expect(await open()).toEqual([]);
    await pass(1);
    expect(await open()).toEqual([`agent-silent ${ID}`]);
    await enrolled(ID, sweeper.nowMs);
    await pass(10);
    expect(await open()).toEqual([]);
  });

  it('has 15 minutes from a restart of its instance', async () => {
    runs({ launchedAtMs: T0 - 300 * MINUTE });
    await enrolled(ID, T0 - 300 * MINUTE);
    await pass(1);
    expect(await open()).toEqual([`agent-silent ${ID}`]);
    runs({ launchedAtMs: sweeper.nowMs });
    await pass(15);
    expect(await open()).toEqual([]);
  });
});

describe('the fleet', () => {
  it('is counted in each sweep: expected instances, enrolled ones, silent agents', async () => {
    sweeper.nowMs = T0 + 20 * MINUTE;
    for (const id of ['i-1', 'i-2', 'i-3', 'i-4']) runs({}, id);
    runs({ launchedAtMs: sweeper.nowMs - 299 * SECOND }, 'i-5');
    await enrolled('i-1', sweeper.nowMs);
    await enrolled('i-2', sweeper.nowMs - 4 * MINUTE);
    await enrolled('i-3', sweeper.nowMs - 16 * MINUTE);
    await sweeper.sweep();
    expect(sweeper.reported('fleet_counted')).toEqual([{ running: 4, enrolled: 3, withoutAgent: 1, silent: 1 }]);
    expect(await open()).toEqual(['agent-silent i-3', 'no-agent i-4']);
  });
});

describe('a large fleet whose nodes have other names', () => {
  const SIZE = 1000;
  const READ_MS = 24;

  it('is looked up several at a time, for no longer than the sweep may take', async () => {
    let [atOnce, most] = [0, 0];
    const { aliases } = sweeper;
    aliases.hostOf = async () => {
      most = Math.max(most, ++atOnce);
      await Promise.resolve();
      if (--atOnce === 0) sweeper.nowMs += READ_MS; // look-ups under way at the same time take as long as one
      return undefined;
    };
    for (let n = 0; n < SIZE; n++) runs({ launchedAtMs: T0 - 10 * MINUTE }, `i-${n}`);
    await sweeper.sweep(SECOND);
    expect(sweeper.nowMs).toBeLessThan(T0 + SECOND + 10 * READ_MS);
    expect(sweeper.done()).toMatchObject({ complete: false, failures: 0 });
    expect(await open()).toEqual([]);
    expect(most).toBeGreaterThan(1);
    // Results are kept, so the next sweeps get further and then finish.
    for (let sweeps = 0; (await open()).length < SIZE; sweeps += 1) {
      expect(sweeps).toBeLessThan(10);
      await sweeper.sweep(30 * SECOND);
    }
  });
});

describe('an open fleet issue', () => {
  it('is confirmed every four minutes, because each confirmation is a write', async () => {
    runs();
    await pass(5);
    let writes = 0;
    const { fleetIssues } = sweeper;
    const note = fleetIssues.record.bind(fleetIssues);
    fleetIssues.record = async (...args) => {
      writes += 1;
      return note(...args);
    };
    await pass(20);
    expect(writes).toBe(5);
  });
});
