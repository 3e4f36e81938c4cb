import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventHandler } from '../../../lib/aws/event-function.ts';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { type AnyEvent, fixture, sqsBatch } from '../../support/fixtures.ts';
import { FunctionWorld } from '../../support/function-world.ts';
import {
  ACTION,
  INSTANCE,
  LAST_GASP_CONTEXT,
  LastGasp,
  NOTICED_AT,
  QUESTIONS,
  until,
} from '../../support/last-gasp.ts';
import { ourHook } from '../../support/our-hook.ts';
import { inForce } from '../../support/plain-policy.ts';
import type { TableWorld } from '../../support/table-world.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

let gasp: LastGasp<FunctionWorld | TableWorld>;
beforeEach(async () => {
  gasp = await LastGasp.withNode(FunctionWorld.under(builtIn.policy));
});

describe('one of our terminate hooks', () => {
  it('is completed as soon as the answers are stored, within a second', async () => {
    gasp.anAgentPolls(5);
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.world.sink.stored.map(({ query }) => query).sort()).toEqual(QUESTIONS);
    // All at the fifth second, answered a second later.
    expect(gasp.hooks.completed).toEqual([{ action: ACTION, atMs: NOTICED_AT + 6 * SECOND }]);
    expect(await gasp.world.verdict(INSTANCE)).toEqual({ verdict: 'seen' });
    expect(gasp.world.reports).toContainEqual({
      event: 'hook_completed',
      fields: {
        ...{ group: ACTION.group, hook: ACTION.hook, instance: INSTANCE },
        ...{ outcome: 'completed', heldMs: 6 * SECOND },
      },
    });
  });

  it('is not completed before the answers are stored', async () => {
    gasp.meanwhile = async () => {
      expect(gasp.hooks.completed).toEqual([]);
      if (gasp.world.nowMs === NOTICED_AT + 5 * SECOND) await gasp.world.poll(INSTANCE);
    };
    await gasp.at(ourHook());
    expect(gasp.completedAfter()).toEqual([96]);
  });

  it.each([
    ['the minimum of 30 s', 30, 20],
    ['a minute', 60, 48],
    ['two minutes', 120, 96],
    ['an hour', 3600, 120],
    ['unknown', undefined, 20],
  ])('is completed before its heartbeat ends, if that is %s', async (_, heartbeat, seconds) => {
    gasp.hooks.heartbeat = heartbeat;
    await gasp.at(ourHook());
    expect(gasp.completedAfter()).toEqual([seconds]);
    expect(gasp.pauses.every((ms) => ms > 0 && ms <= SECOND)).toBe(true);
  });

  it('counts the heartbeat from the event, not from its receipt', async () => {
    gasp.world.nowMs = NOTICED_AT + 40 * SECOND;
    await gasp.send(ourHook());
    expect(gasp.completedAfter()).toEqual([96]);
  });

  it.each([
    ['behind', -5 * MINUTE, 96],
    ['ahead', 5 * MINUTE, 15],
  ])('is held for as long as is safe if our clock is minutes %s', async (_, skewMs, seconds) => {
    gasp.world.nowMs = NOTICED_AT + skewMs;
    await gasp.send(ourHook());
    expect(gasp.completedAfter()).toEqual([skewMs / SECOND + seconds]);
  });

  it.each([
    ['its agent has ended', async () => gasp.world.ports.registry.end(INSTANCE, gasp.world.nowMs)],
    ['the policy queues nothing', async () => void Object.assign(gasp.world, { policy: silent })],
  ])('is completed at once if %s', async (_, arrange) => {
    await arrange();
    await gasp.at(ourHook());
    expect(gasp.completedAfter()).toEqual([0]);
    expect(gasp.pauses).toEqual([]);
  });

  it.each([
    ['from its group', {}],
    ['from a warm pool, where it was stopped', { Origin: 'WarmPool', Destination: 'EC2' }],
  ])('is completed at once for a silent agent, whose queries are still queued: %s', async (_, detail) => {
    gasp.world.nowMs = NOTICED_AT - 16 * MINUTE;
    await gasp.world.ports.registry.recordPoll(INSTANCE, gasp.world.nowMs);
    await gasp.at(ourHook(detail));
    expect(gasp.completedAfter()).toEqual([0]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it('is completed at once for an unknown instance, whose queries are still queued', async () => {
    await gasp.at(ourHook({ EC2InstanceId: 'i-0fedcba9876543210' }));
    expect(gasp.completedAfter()).toEqual([0]);
    expect(await gasp.asked('i-0fedcba9876543210')).toEqual(QUESTIONS);
  });

  it('is completed if its instance is gone before it answered', async () => {
    gasp.meanwhile = async () => {
      if (gasp.world.nowMs === NOTICED_AT + 3 * SECOND)
        await gasp.world.send({ ...fixture(19, { state: 'shutting-down' }), time: '2026-11-20T10:40:06Z' });
    };
    await gasp.at(ourHook());
    expect(gasp.completedAfter()).toEqual([3]);
  });

  it('waits for the queries of an earlier notice of the same end, without repeating them', async () => {
    await gasp.at({ ...fixture(20), time: '2026-11-20T10:40:00Z' });
    gasp.anAgentPolls(5);
    await gasp.at(ourHook());
    expect(gasp.completedAfter()).toEqual([6]);
    expect(gasp.world.sink.stored).toHaveLength(QUESTIONS.length);
  });

  it('is completed at once by a second copy of its event, which queues nothing', async () => {
    gasp.anAgentPolls(5);
    await gasp.at(ourHook());
    const heldMs = gasp.world.nowMs;
    await gasp.send(ourHook());
    expect(gasp.world.nowMs).toBe(heldMs);
    expect(gasp.hooks.completed).toHaveLength(2);
    expect(await gasp.asked()).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['queued', 'noted']);
  });
});

describe('rules with other targets on the end of an instance', () => {
  const GROUP = ACTION.group; // whose name is an alias of the queried host
  beforeEach(() => {
    const [last] = builtIn.policy.rules.filter(({ name }) => name === 'ec2-last-gasp');
    if (!last) throw new Error('the default policy has no ec2-last-gasp');
    const beside = { ...last, name: 'beside', lastGasp: false, target: { host: 'detail.AutoScalingGroupName' } };
    gasp.world.policy = inForce({ ...builtIn.policy, rules: [...builtIn.policy.rules, beside] });
  });
  /** Runs something before the alias of the group is looked up. */
  function beforeLookUp(act: () => Promise<void>): void {
    const { aliases } = gasp.world.ports;
    const { find } = aliases;
    aliases.find = async (alias, consistent) => {
      if (alias === GROUP) await act();
      return find.call(aliases, alias, consistent);
    };
  }
  const besides = async () => (await gasp.waiting(GROUP)).map(({ query }) => query).sort();

  it('do not hold the instance, however long they take', async () => {
    const { complete } = gasp.hooks;
    const completed = new Promise<void>((resolve) => {
      gasp.hooks.complete = async (action) => {
        resolve();
        return complete.call(gasp.hooks, action);
      };
    });
    beforeLookUp(() => completed);
    gasp.anAgentPolls(5);
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.completedAfter()).toEqual([6]);
    expect(await besides()).toEqual(QUESTIONS);
  });

  it('do not release it early when they fail, and queue when the event is retried', async () => {
    let fails = true;
    beforeLookUp(async () => {
      if (fails) throw new Error('DynamoDB is away');
    });
    gasp.anAgentPolls(5);
    expect(await gasp.at(ourHook())).toEqual(['m0']);
    expect(gasp.completedAfter()).toEqual([6]);
    expect(gasp.world.sink.stored).toHaveLength(QUESTIONS.length);
    fails = false;
    expect(await gasp.send(ourHook())).toEqual([]);
    expect(await besides()).toEqual(QUESTIONS);
  });

  it('queue once, for any number of event ids of a notice', async () => {
    for (const id of ['a', 'b']) {
      expect(await gasp.at({ ...ourHook(), id })).toEqual([]);
      const { pending } = await gasp.world.ports.queue.read(GROUP, true);
      if (id === 'a') await gasp.world.ports.queue.remove(pending);
    }
    expect(await besides()).toEqual([]);
  });
});

describe('a hook that Mayfly must not complete', () => {
  it("queues its queries and is not completed: another owner's", async () => {
    await gasp.at(fixture(24));
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(gasp.hooks.completed).toEqual([]);
    expect(gasp.pauses).toEqual([]);
  });

  it('queues nothing: a move into a warm pool', async () => {
    expect(await gasp.at(ourHook({ Destination: 'WarmPool' }))).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['ignored']);
    expect(gasp.hooks.completed).toEqual([]);
    expect(await gasp.waiting()).toEqual([]);
  });

  it('is a launch hook', async () => {
    const launch = fixture(23, { LifecycleHookName: 'mayfly-launch' });
    expect(await gasp.at(launch)).toEqual([]);
    expect(gasp.hooks.completed).toEqual([]);
    expect(await gasp.waiting()).toEqual([]);
  });

  it('is any hook in a function without permission: it queues, and does not wait', async () => {
    gasp.world.nowMs = NOTICED_AT;
    expect(await gasp.world.send(ourHook())).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['queued']);
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(gasp.hooks.completed).toEqual([]);
  });
});

describe('one batch', () => {
  const other = (n: number): AnyEvent =>
    ourHook({
      EC2InstanceId: `i-0000000000000000${n}`,
      LifecycleActionToken: `0000000${n}-68d3-fbe1-029c-20c9a0d4dee7`,
    });

  it('holds several hooks at a time without delaying Spot warnings', async () => {
    const { world, hooks } = gasp;
    await Promise.all([1, 2].map((n) => world.aNode(`i-0000000000000000${n}`, { uuid: `uuid-${n}` })));
    world.nowMs = NOTICED_AT;
    const holding: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => holding.push(resolve));
    const handler = eventHandler(world.taskDeps(), { hooks, pause, within: (_, work) => work });
    const asked = () => world.outcomes().length === 1;
    const batch = handler(
      sqsBatch([other(1), other(2), fixture(20)].map((event) => JSON.stringify(event))),
      LAST_GASP_CONTEXT,
    );
    await until(() => holding.length === 2 && asked());
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(hooks.completed).toEqual([]);

    world.nowMs += 96 * SECOND;
    for (const resume of holding) resume();
    expect(await batch).toEqual({ batchItemFailures: [] });
    expect(hooks.completed.map(({ action }) => action.instanceId).sort()).toEqual([
      'i-00000000000000001',
      'i-00000000000000002',
    ]);
  });
});

const silent = async () => {
  const policy = await LastGasp.begin().world.policy();
  return { ...policy, lastGaspRules: () => [] };
};
