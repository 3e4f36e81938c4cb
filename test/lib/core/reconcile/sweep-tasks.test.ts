import { beforeEach, describe, expect, it } from '@jest/globals';
import { verdictOf } from '../../../../lib/core/ledger/verdict.ts';
import { OutOfBudget } from '../../../../lib/core/reconcile/spend.ts';
import { taskEvent } from '../../../../lib/core/reconcile/synthetic.ts';
import { aSighting, recordSighting } from '../../../support/a-record.ts';
import { aDescription, CLUSTER, HOST, RUNNING, SCOPE, STOPPED, Sweeper } from '../../../support/a-sweeper.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';

const cluster = (name: string): string => CLUSTER.replace('ephemeral-prod', name);

let sweeper: Sweeper;
beforeEach(() => {
  sweeper = new Sweeper();
});

/** The very first sweep finds nothing; the one a minute later is the tested one. */
async function begun(): Promise<void> {
  await sweeper.sweep();
  sweeper.nowMs += MINUTE;
}

describe('a task without an event', () => {
  it('is queried while it runs, and recorded as detected by a sweep', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs - 30 * SECOND));
    expect(await sweeper.sweep()).toBe(0);
    expect(await sweeper.waiting()).toEqual(['live container', 'live processes']);
    expect(sweeper.ledger.record(taskArn(1))).toMatchObject({
      detectedBy: 'sweep',
      firstDetectedBy: 'sweep',
      version: 4,
    });
    expect(sweeper.done()).toMatchObject({ listed: 1, described: 1, found: 1, caughtUp: 0, complete: true });
  });

  it('is queried after its end, with post-mortem queries', async () => {
    await begun();
    sweeper.account.put(aDescription(1, STOPPED, sweeper.nowMs - 30 * SECOND));
    await sweeper.sweep();
    expect(await sweeper.waiting()).toEqual(['post-mortem container']);
    expect(sweeper.done()).toMatchObject({ found: 1 });
  });

  it('is described once, for any number of later listings', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    sweeper.account.put(aDescription(2, STOPPED, sweeper.nowMs));
    for (let n = 0; n < 4; n++) {
      await sweeper.sweep();
      sweeper.nowMs += MINUTE;
    }
    expect(sweeper.account.described).toEqual([[taskArn(1)], [taskArn(2)]]);
    expect(sweeper.done()).toMatchObject({ listed: 2, described: 0, found: 0 });
  });

  it('is described again when its status changes', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    await sweeper.sweep();
    sweeper.nowMs += MINUTE;
    sweeper.account.put(aDescription(1, STOPPED, sweeper.nowMs - 20 * SECOND));
    await sweeper.sweep();
    expect(await sweeper.waiting()).toEqual(['post-mortem container']);
    expect(sweeper.ledger.records).toMatchObject([{ stopped: true, handledVersion: 8 }]);
    expect(sweeper.done()).toMatchObject({ found: 0, caughtUp: 1 });
  });

  it.each([
    ['before it runs', { version: 2, phase: 1, stopping: false }],
    ['while its containers are made', { version: 3, phase: 2, stopping: false }],
  ])('is described each time %s', async (_, moment) => {
    await begun();
    sweeper.account.put(aDescription(1, moment, sweeper.nowMs));
    await sweeper.sweep();
    await sweeper.sweep();
    expect(sweeper.account.described).toHaveLength(2);
    expect(sweeper.ledger.records).toHaveLength(1);
  });

  it('counts as ahead of its event if it changed a moment ago', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs - 9 * SECOND));
    await sweeper.sweep();
    expect(sweeper.done()).toMatchObject({ found: 0, caughtUp: 0, ahead: 1 });
  });
});

describe('a task with events', () => {
  const takeEvent = (moment = RUNNING, n = 1) =>
    sweeper.take(taskEvent(taskArn(n), aDescription(n, moment, sweeper.nowMs), sweeper.nowMs, SCOPE));

  it('is not described as long as the ledger is not behind', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    await takeEvent();
    await sweeper.sweep();
    sweeper.account.put(aDescription(1, STOPPED, sweeper.nowMs));
    await takeEvent(STOPPED);
    await sweeper.sweep();
    expect(sweeper.account.described).toEqual([]);
  });

  it('may have its event before or after the sweep: the second one changes nothing', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    await sweeper.sweep();
    const before = sweeper.ledger.record(taskArn(1));
    expect(await takeEvent()).toBe('stale');
    expect(sweeper.ledger.record(taskArn(1))).toEqual(before);
    expect(await sweeper.waiting()).toHaveLength(2);
  });

  it('is left to its event for three minutes, then handled by the sweep', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    const { instancesOf } = sweeper;
    sweeper.instancesOf = async () => Promise.reject(new Error('ECS is away'));
    await expect(takeEvent()).rejects.toThrow('ECS is away');
    sweeper.instancesOf = instancesOf;
    sweeper.nowMs += 3 * MINUTE - 1;
    await sweeper.sweep();
    expect(sweeper.account.described).toEqual([]);
    sweeper.nowMs += 1;
    await sweeper.sweep();
    expect(sweeper.ledger.record(taskArn(1))).toMatchObject({ handledVersion: 4 });
    expect(await sweeper.waiting()).toHaveLength(2);
  });

  it('is described again while one of its containers has no id', async () => {
    await begun();
    const [first, ...others] = [dockerId(10), dockerId(11)];
    const whole = aDescription(1, { ...RUNNING, version: 5 }, sweeper.nowMs, { containers: 2 });
    const containers = (whole as unknown as { containers: { runtimeId?: string }[] }).containers;
    const half = { ...whole, version: 4, containers: [containers[0], { ...containers[1], runtimeId: undefined }] };
    sweeper.account.put(whole);
    await sweeper.take(taskEvent(taskArn(1), half, sweeper.nowMs, SCOPE));
    await sweeper.sweep();
    expect(sweeper.ledger.record(taskArn(1))?.subjects).toEqual([first, ...others]);
  });
});

describe('the time of a change found by a sweep', () => {
  const occurred = () => sweeper.ledger.record(taskArn(1))?.occurredAtMs;

  it('is now, on the first sweep', async () => {
    sweeper.account.put(aDescription(1, STOPPED, T0 - 50 * MINUTE));
    await sweeper.sweep();
    expect(occurred()).toBe(T0);
  });

  it('is its own time of change, if that was after the last complete sweep began', async () => {
    await begun();
    sweeper.account.put(aDescription(1, STOPPED, sweeper.nowMs - 20 * SECOND));
    await sweeper.sweep();
    expect(occurred()).toBe(T0 + 40 * SECOND);
  });

  it('is its own time of change, even if a failing cluster prevents complete sweeps', async () => {
    sweeper.account.others.push(cluster('closed'));
    sweeper.account.before = (what) => {
      if (what.startsWith('closed')) throw new Error('AccessDenied');
    };
    for (let minute = 0; minute < 60; minute += 1) {
      await sweeper.sweep();
      sweeper.nowMs += MINUTE;
    }
    expect(sweeper.done()).toMatchObject({ complete: false });
    sweeper.account.put(aDescription(1, STOPPED, T0 + 10 * MINUTE));
    sweeper.account.put(aDescription(2, RUNNING, T0 - MINUTE)); // it is older than Mayfly
    await sweeper.sweep();
    expect(occurred()).toBe(T0 + 10 * MINUTE);
    expect(sweeper.ledger.record(taskArn(2))?.occurredAtMs).toBe(sweeper.nowMs);
  });

  it('is never before the last complete sweep began, which would have found it', async () => {
    await begun();
    sweeper.account.put(aDescription(1, STOPPED, T0 - MINUTE));
    await sweeper.sweep();
    expect(occurred()).toBe(T0);
  });

  it('is never in the future, for any clock', async () => {
    await begun();
    sweeper.account.put(aDescription(1, STOPPED, sweeper.nowMs + 5 * MINUTE));
    await sweeper.sweep();
    expect(occurred()).toBe(sweeper.nowMs);
  });
});

describe('a sweep that runs out of time or calls', () => {
  const many = (count: number, name: string, first = 0): void => {
    for (let n = first; n < first + count; n++)
      sweeper.account.put(aDescription(n, STOPPED, sweeper.nowMs, { cluster: cluster(name) }));
  };

  it('is continued by the next one at the first cluster it did not reach', async () => {
    for (const [index, name] of ['a', 'b', 'c'].entries()) many(1, name, index);
    let calls = 0;
    sweeper.account.before = (what) => {
      if (what.startsWith('b STOPPED') && ++calls === 1) throw new OutOfBudget('enough');
    };
    await sweeper.sweep();
    expect(sweeper.account.listed.map((what) => what[0])).toEqual(['a', 'a', 'b']);
    expect(sweeper.done()).toMatchObject({ clusters: 1, complete: false, failures: 0 });
    expect(sweeper.progress.state).toMatchObject({
      unfinished: { startedAtMs: T0, at: { cluster: cluster('b'), list: 'STOPPED' } },
    });

    sweeper.nowMs += MINUTE;
    await sweeper.sweep();
    expect(sweeper.account.listed.slice(3)).toEqual(['b STOPPED 0', 'c RUNNING 0', 'c STOPPED 0']);
    expect(sweeper.progress.state).toMatchObject({ tasksSinceMs: T0 });
    expect(sweeper.progress.state.unfinished).toBeUndefined();
    expect(sweeper.ledger.records).toHaveLength(3);
  });

  it('sweeps a cluster of any size step by step', async () => {
    many(280, 'large');
    sweeper.account.pageSize = 10;
    let sweeps = 0;
    do {
      // Each sweep may make seven calls.
      let left = 7;
      sweeper.account.before = (what) => {
        if (what !== 'clusters' && what !== 'instances' && left-- === 0) throw new OutOfBudget('enough');
      };
      await sweeper.sweep();
      sweeper.coldStart();
      sweeper.nowMs += MINUTE;
      if (++sweeps > 100) throw new Error('it does not come to an end');
    } while (!sweeper.done().complete);
    expect(sweeper.ledger.records).toHaveLength(280);
    expect(sweeps).toBeGreaterThan(5);
    // The first part was swept before the change.
    expect(sweeper.progress.state).toMatchObject({ tasksSinceMs: T0 });
  });

  it('describes the tasks of several pages together', async () => {
    await begun();
    many(300, 'large');
    sweeper.account.pageSize = 10;
    await sweeper.sweep();
    expect(sweeper.account.described.map((arns) => arns.length)).toEqual([10, 20, 40, 80, 100, 50]);
  });

  it('ends in time, and saves its position', async () => {
    many(50, 'a');
    sweeper.account.pageSize = 1;
    sweeper.account.before = () => {
      sweeper.nowMs += SECOND;
    };
    await sweeper.sweep(20 * SECOND);
    expect(sweeper.nowMs).toBeLessThanOrEqual(T0 + 22 * SECOND);
    expect(sweeper.done()).toMatchObject({ complete: false });
    expect(sweeper.progress.state.unfinished?.at.from).toBeDefined();
  });

  it('skips a cluster that is gone, and restarts after the last', async () => {
    sweeper.progress.state = {
      unfinished: { startedAtMs: T0 - MINUTE, at: { cluster: cluster('b'), list: 'STOPPED' } },
    };
    many(1, 'a');
    await sweeper.sweep();
    expect(sweeper.account.listed).toEqual([]);
    await sweeper.sweep();
    expect(sweeper.account.listed).toEqual(['a RUNNING 0', 'a STOPPED 0']);
  });
});

describe('a task whose definition ECS does not describe', () => {
  const names: { known?: ReadonlySet<string> } = {};
  const asked: string[] = [];
  beforeEach(async () => {
    delete names.known;
    asked.length = 0;
    const definitions = {
      essentialContainers: async (arn: string) => {
        asked.push(arn);
        return names.known;
      },
    };
    sweeper.deps = { ...sweeper.deps, definitions };
    await begun();
  });
  const essentials = () => sweeper.ledger.record(taskArn(1))?.containers.map(({ essential }) => essential ?? true);
  const [FIRST, SECOND_ONE] = [dockerId(10), dockerId(11)];
  const verdict = () => {
    const record = sweeper.ledger.record(taskArn(1));
    return record && verdictOf(record, sweeper.nowMs);
  };

  it('is queried with all its containers, and its verdict uses the essential ones once ECS describes them', async () => {
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs, { containers: 2 }));
    await sweeper.sweep();
    expect(await sweeper.waiting()).toEqual(['live container', 'live processes']);
    await recordSighting(sweeper.ledger, taskArn(1), aSighting([FIRST], [], sweeper.nowMs));
    for (let minute = 0; minute < 20; minute += 1) {
      sweeper.nowMs += MINUTE;
      await sweeper.sweep();
    }
    expect(essentials()).toEqual([true, true]);
    expect(verdict()).toMatchObject({ verdict: 'missed' });

    names.known = new Set(['c0']);
    sweeper.nowMs += MINUTE;
    await sweeper.sweep();
    expect(essentials()).toEqual([true, false]);
    expect(verdict()).toEqual({ verdict: 'seen' });
    expect(sweeper.account.described).toEqual([[taskArn(1)]]);
    expect(sweeper.ledger.record(taskArn(1))?.subjects).toEqual([FIRST, SECOND_ONE]);
  });

  it('is not looked up again once that is known', async () => {
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs, { containers: 2 }));
    sweeper.account.put(aDescription(2, RUNNING, sweeper.nowMs, { containers: 1 }));
    names.known = new Set(['c0', 'c1']);
    for (let n = 0; n < 4; n++) await sweeper.sweep();
    expect(new Set(asked)).toEqual(new Set(['arn:aws:ecs:us-east-1:111122223333:task-definition/api:87']));
    expect(asked).toHaveLength(2); // when it was found, and when it was first in order
  });
});

describe('a sweep that begins while another is under way', () => {
  it('does nothing, and reports that', async () => {
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    let second: number | undefined = 0;
    sweeper.account.before = async (what) => {
      if (what === 'clusters') second = await sweeper.sweep();
    };
    expect(await sweeper.sweep()).toBe(0);
    expect(second).toBeUndefined();
    expect(sweeper.reported('sweep_skipped')).toHaveLength(1);
    expect(sweeper.reported('sweep_done')).toHaveLength(1);
    expect(sweeper.account.listed).toHaveLength(2);
    expect(sweeper.ledger.records).toHaveLength(1);
  });
});

describe('a part of a sweep that fails', () => {
  it('does not stop the others, and is reported', async () => {
    await begun();
    const bad = { ...aDescription(1, RUNNING, sweeper.nowMs), version: 'four' };
    sweeper.account.put(bad);
    sweeper.account.put(aDescription(2, RUNNING, sweeper.nowMs));
    sweeper.account.put(aDescription(3, RUNNING, sweeper.nowMs, { cluster: cluster('other') }));
    sweeper.account.before = (what) => {
      if (what === 'other RUNNING 0') throw new Error('AccessDenied');
    };
    expect(await sweeper.sweep()).toBe(1);
    expect(sweeper.reported('event_malformed')).toEqual([{ why: expect.stringContaining(taskArn(1)) }]);
    expect(sweeper.reported('sweep_failed')).toEqual([
      { what: cluster('other'), error: expect.stringContaining('AccessDenied') },
    ]);
    expect(sweeper.ledger.records.map(({ workload }) => workload)).toEqual([taskArn(2)]);
    expect(sweeper.done()).toMatchObject({ clusters: 1, failures: 1, complete: false });
  });

  it('is retried by the next sweep', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    const { policy } = sweeper.deps;
    sweeper.deps = { ...sweeper.deps, policy: async () => Promise.reject(new Error('the table is away')) };
    expect(await sweeper.sweep()).toBe(1);
    sweeper.deps = { ...sweeper.deps, policy };
    sweeper.nowMs += 2 * MINUTE;
    expect(await sweeper.sweep()).toBe(0);
    const record = sweeper.ledger.record(taskArn(1));
    expect(record && verdictOf(record, sweeper.nowMs)).toEqual({ verdict: 'pending' });
    expect(await sweeper.waiting(HOST)).toHaveLength(2);
  });

  it('ends the sweep if ECS throttles the look-up of hosts, and is not a failure', async () => {
    await begun();
    sweeper.account.put(aDescription(1, RUNNING, sweeper.nowMs));
    sweeper.account.put(aDescription(2, RUNNING, sweeper.nowMs, { cluster: cluster('z') }));
    sweeper.instancesOf = async () => {
      sweeper.spend.refused('tasks');
      throw new OutOfBudget('DescribeContainerInstances was throttled');
    };
    expect(await sweeper.sweep()).toBe(0);
    expect(sweeper.done()).toMatchObject({ clusters: 0, failures: 0, throttled: true, complete: false });
    expect(sweeper.progress.state.unfinished?.at).toEqual({ cluster: CLUSTER, list: 'RUNNING' });
  });
});
