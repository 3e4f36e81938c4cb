import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Instance } from '../../../../lib/core/inventory/instance.ts';

import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { OutOfBudget } from '../../../../lib/core/reconcile/spend.ts';
import { instanceEvent } from '../../../../lib/core/reconcile/synthetic.ts';
import { aSighting, recordSighting } from '../../../support/a-record.ts';
import { anInstance, SCOPE, Sweeper } from '../../../support/a-sweeper.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const ID = 'i-0a1b2c3d4e5f60718';

let sweeper: Sweeper;
beforeEach(async () => {
  sweeper = new Sweeper();
  await sweeper.sweep(); // the first sweep
  sweeper.nowMs += MINUTE;
});
const there = (instance: Partial<Instance> = {}): void =>
  sweeper.account.putInstance(anInstance(ID, { launchedAtMs: T0, ...instance }));
const record = () => sweeper.ledger.record(ID);
const takeEvent = (state: string): Promise<string> => sweeper.take(instanceEvent(ID, state, sweeper.nowMs, SCOPE));
const asked = async (): Promise<string[]> => sweeper.waiting(ID);

describe('an instance without an event', () => {
  it.each(['pending', 'running'])('is queried when it is found %s', async (state) => {
    there({ state });
    await sweeper.sweep();
    expect(await asked()).toEqual(['launch instance', 'launch system']);
    expect(record()).toMatchObject({
      kind: 'ec2-instance',
      detectedBy: 'sweep',
      occurredAtMs: T0,
      lastStatus: 'running',
    });
    expect(sweeper.done()).toMatchObject({ instances: 1, found: 1 });
  });

  it('is queried once, for any number of sweeps and later events', async () => {
    there();
    for (let n = 0; n < 3; n++) await sweeper.sweep();
    expect(await takeEvent('running')).toBe('stale');
    expect(await asked()).toHaveLength(2);
    expect(sweeper.done()).toMatchObject({ found: 0, caughtUp: 0 });
  });

  it('is queried again after a new start', async () => {
    there();
    await sweeper.sweep();
    sweeper.nowMs += 20 * MINUTE;
    there({ launchedAtMs: sweeper.nowMs - 30 * SECOND });
    await sweeper.sweep();
    expect(record()).toMatchObject({ version: sweeper.nowMs - 30 * SECOND, firstEventAtMs: T0 });
  });

  it('counts as launched when it is found, on the first sweep', async () => {
    sweeper = new Sweeper();
    there({ launchedAtMs: T0 - 60 * MINUTE });
    await sweeper.sweep();
    expect(record()?.occurredAtMs).toBe(T0);
  });

  it('is recorded even if it started and ended between two sweeps', async () => {
    there({ state: 'terminated', launchedAtMs: T0 + 10 * SECOND, addresses: [], macs: [] });
    await sweeper.sweep();
    expect(record()).toMatchObject({ stopped: true, firstEventAtMs: T0 + 10 * SECOND });
    expect(await asked()).toEqual([]);
  });

  it('is not recorded if it ended before the first sweep', async () => {
    there({ state: 'terminated', launchedAtMs: T0 - 10 * MINUTE });
    await sweeper.sweep();
    expect(record()).toBeUndefined();
  });
});

describe('an ignored instance', () => {
  const verdict = () => {
    const known = record();
    return known && verdictOf(known, sweeper.nowMs);
  };
  const later = async (minutes: number): Promise<void> => {
    for (let n = 0; n < minutes; n++) {
      sweeper.nowMs += MINUTE;
      await sweeper.sweep();
    }
  };

  it.each<[string, Partial<Instance>]>([
    ['has the tag mayfly:ignore', { tags: { 'mayfly:ignore': 'true' } }],
    ['is run by Lambda', { managedBy: 'scaler.lambda.amazonaws.com' }],
  ])('has a record and is not missed, if it %s', async (_, instance) => {
    there(instance);
    await takeEvent('running');
    await later(70);
    expect(verdict()).toEqual({ verdict: 'ignored' });
    there({ ...instance, state: 'terminated', addresses: [], macs: [], tags: {} });
    await later(1);
    expect(record()).toMatchObject({ stopped: true });
    expect(verdict()).toEqual({ verdict: 'ignored' });
  });

  it('follows its tag in both directions', async () => {
    there();
    await later(70);
    expect(verdict()).toEqual({ verdict: 'missed', reason: 'no-agent' });
    there({ tags: { 'mayfly:ignore': 'true' } });
    await later(1);
    expect(verdict()).toEqual({ verdict: 'ignored' });
    there();
    await later(1);
    expect(verdict()).toEqual({ verdict: 'missed', reason: 'no-agent' });
  });

  it.each(['ecs.amazonaws.com', 'eks.amazonaws.com'])(
    'is not one that %s runs: agents run there as daemons',
    async (managedBy) => {
      there({ managedBy });
      await later(70);
      expect(record()?.identity.managed_by).toBe(managedBy);
      expect(verdict()).toEqual({ verdict: 'missed', reason: 'no-agent' });
    },
  );

  it('is seen if it has an agent anyway', async () => {
    there({ tags: { 'mayfly:ignore': 'true' } });
    await later(1);
    await recordSighting(sweeper.ledger, ID, aSighting([ID], [], sweeper.nowMs));
    expect(verdict()).toEqual({ verdict: 'seen' });
  });
});

describe('a known instance', () => {
  it.each(['shutting-down', 'terminated'])('is ended when it is found %s', async (state) => {
    there();
    await takeEvent('running');
    there({ state });
    await sweeper.sweep();
    expect(record()).toMatchObject({
      stopped: true,
      detectedBy: 'sweep',
      lastStatus: state,
      occurredAtMs: sweeper.nowMs,
    });
    expect(await asked()).toEqual([]);
    expect(sweeper.done()).toMatchObject({ caughtUp: 1 });
    await sweeper.sweep();
    expect(sweeper.done()).toMatchObject({ caughtUp: 0 });
  });

  it('stays ended while EC2 still lists it as running', async () => {
    there();
    await takeEvent('running');
    await takeEvent('terminated');
    await sweeper.sweep();
    expect(record()).toMatchObject({ stopped: true, detectedBy: 'event' });
    expect(sweeper.done()).toMatchObject({ failures: 0 });
  });

  it('is queried by the sweep if the handling of its event never finished', async () => {
    there();
    const { policy } = sweeper.deps;
    const calls = { n: 0 };
    // Rules with other targets come first; the ledger has the instance when one fails.
    sweeper.deps = {
      ...sweeper.deps,
      policy: async () => (calls.n++ === 0 ? policy() : Promise.reject(new Error('away'))),
    };
    await expect(takeEvent('running')).rejects.toThrow('away');
    sweeper.deps = { ...sweeper.deps, policy };
    sweeper.nowMs += 3 * MINUTE;
    await sweeper.sweep();
    expect(await asked()).toHaveLength(2);
    expect(record()?.handledVersion).toBe(record()?.version);
  });
});

describe('the identity of an instance', () => {
  it('comes from EC2, under the names of the ledger', async () => {
    there({
      availabilityZone: 'us-east-1a',
      autoScalingGroup: 'web',
      tags: { Name: 'web-1', team: 'x'.repeat(300) },
      addresses: ['10.0.3.7', '2001:db8::7'],
    });
    await sweeper.sweep();
    expect(record()?.identity).toEqual({
      instance_id: ID,
      image_id: 'ami-1',
      instance_type: 'm7g.large',
      availability_zone: 'us-east-1a',
      auto_scaling_group: 'web',
      launched_at: '2026-11-20T10:15:00.000Z',
      ip: '10.0.3.7 2001:db8::7',
      mac: '0a:00:00:00:00:01',
      'tag:Name': 'web-1',
      'tag:team': 'x'.repeat(256),
    });
  });

  it('has at most 50 tags', async () => {
    there({ tags: Object.fromEntries(Array.from({ length: 80 }, (_, n) => [`t${n}`, 'v'])) });
    await sweeper.sweep();
    expect(Object.keys(record()?.identity ?? {}).filter((key) => key.startsWith('tag:'))).toHaveLength(50);
  });

  it('is learned once after an event, and again when an address changes', async () => {
    there();
    await takeEvent('running');
    let writes = 0;
    const { ledger } = sweeper.deps;
    const identify = ledger.addIdentity.bind(ledger);
    ledger.addIdentity = async (...args) => {
      writes += 1;
      await identify(...args);
    };
    for (let n = 0; n < 3; n++) await sweeper.sweep();
    expect(writes).toBe(1);
    there({ addresses: ['10.0.3.7', '54.1.2.3'] });
    for (let n = 0; n < 3; n++) await sweeper.sweep();
    expect(writes).toBe(2);
    expect(record()?.identity.ip).toBe('10.0.3.7 54.1.2.3');
  });

  it('keeps its addresses when it is terminated and EC2 no longer has them', async () => {
    there();
    await sweeper.sweep();
    there({ state: 'terminated', addresses: [], macs: [] });
    await sweeper.sweep();
    expect(record()).toMatchObject({ stopped: true, identity: { ip: '10.0.3.7', launched_at: expect.any(String) } });
  });
});

describe('while ECS throttles every call', () => {
  beforeEach(() => {
    sweeper.account.before = async (what) => {
      if (what === 'instances') return;
      await sweeper.spend.take('tasks');
      sweeper.spend.refused('tasks');
      throw new OutOfBudget('ListClusters was throttled');
    };
  });

  it('instances are still found, and those without an agent are fleet issues', async () => {
    there();
    for (let minute = 0; minute < 5; minute += 1) {
      await sweeper.sweep();
      sweeper.nowMs += MINUTE;
    }
    expect(record()).toMatchObject({ detectedBy: 'sweep', occurredAtMs: T0 });
    expect(await sweeper.fleetIssues.open(sweeper.nowMs)).toMatchObject([{ kind: 'no-agent', host: ID }]);
    expect(sweeper.done()).toMatchObject({ instances: 1, throttled: true, complete: false, failures: 0 });
    expect(sweeper.progress.state).toMatchObject({ tasksSinceMs: T0, instancesSinceMs: sweeper.nowMs - MINUTE });
  });
});

describe('while EC2 does not answer', () => {
  it('tasks are still swept, and the fleet is not counted', async () => {
    sweeper.account.others.push('arn:aws:ecs:us-east-1:111122223333:cluster/empty');
    sweeper.account.before = (what) => {
      if (what === 'instances') throw new OutOfBudget('DescribeInstances was throttled');
    };
    sweeper.reports.length = 0;
    expect(await sweeper.sweep()).toBe(0);
    expect(sweeper.done()).toMatchObject({ clusters: 1, complete: false });
    expect(sweeper.reported('fleet_counted')).toEqual([]);
    expect(sweeper.progress.state).toEqual({ beganMs: T0, tasksSinceMs: T0 + MINUTE, instancesSinceMs: T0 });
  });

  it('a permanent error is a failure', async () => {
    sweeper.account.before = (what) => {
      if (what === 'instances') throw new Error('UnauthorizedOperation');
    };
    expect(await sweeper.sweep()).toBe(1);
    expect(sweeper.reported('sweep_failed')).toMatchObject([{ what: 'instances' }]);
  });
});
