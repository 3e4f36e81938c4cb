import { beforeEach, describe, expect, it } from '@jest/globals';
import { eventHandler } from '../../../lib/aws/event-function.ts';
import { type AnyEvent, context, fixture, sqsBatch } from '../../support/fixtures.ts';
import { INSTANCE, LastGasp, ourHook, QUESTIONS } from '../../support/last-gasp.ts';
import { anAnswer, MINUTE, SECOND } from '../../support/world.ts';

const TOLD = Date.parse('2026-11-20T10:40:03Z');
const ACTION = {
  group: 'ephemeral-spot-arm64',
  hook: 'mayfly-last-gasp',
  instanceId: INSTANCE,
  token: 'f55568da-68d3-fbe1-029c-20c9a0d4dee7',
};

let gasp: LastGasp;
beforeEach(async () => {
  gasp = await LastGasp.begin();
  await gasp.world.aNode(INSTANCE);
});

const completedAfter = () => gasp.hooks.completed.map(({ atMs }) => (atMs - TOLD) / SECOND);

/** The host's agent polls every `seconds`, and answers a second after each poll. */
function anAgentPolls(seconds: number): void {
  let ids: string[] = [];
  gasp.meanwhile = async () => {
    const answers = ids.map((wireId) => anAnswer(wireId, [{ instance_id: INSTANCE }]));
    if (answers.length > 0) await gasp.world.answer(INSTANCE, answers);
    ids = [];
    if (((gasp.world.nowMs - TOLD) / SECOND) % seconds !== 0) return;
    ids = (await gasp.world.poll(INSTANCE)).map(({ wireId }) => wireId);
  };
}

describe('a terminate hook of ours', () => {
  it('is completed as soon as the answers are stored, within a second', async () => {
    anAgentPolls(5);
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(gasp.world.sink.stored.map(({ query }) => query).sort()).toEqual(QUESTIONS);
    // Three at the fifth second, one at the tenth; each is answered a second later.
    expect(gasp.hooks.completed).toEqual([{ action: ACTION, atMs: TOLD + 11 * SECOND }]);
    expect(await gasp.world.verdict(INSTANCE)).toEqual({ verdict: 'seen' });
    expect(gasp.world.reports).toContainEqual({
      event: 'hook_completed',
      fields: {
        ...{ group: ACTION.group, hook: ACTION.hook, instance: INSTANCE },
        ...{ outcome: 'completed', heldMs: 11 * SECOND },
      },
    });
  });

  it('is not completed before the answers are stored', async () => {
    gasp.meanwhile = async () => {
      expect(gasp.hooks.completed).toEqual([]);
      if (gasp.world.nowMs === TOLD + 5 * SECOND) await gasp.world.poll(INSTANCE);
    };
    await gasp.at(ourHook());
    expect(completedAfter()).toEqual([96]);
  });

  it.each([
    ['the 30 s that are the least', 30, 20],
    ['a minute', 60, 48],
    ['two minutes', 120, 96],
    ['an hour, which nobody wants to wait for us', 3600, 120],
    ['a time that Auto Scaling does not say', undefined, 20],
  ])('is completed before its heartbeat ends, where that is %s', async (_, heartbeat, seconds) => {
    gasp.hooks.heartbeat = heartbeat;
    await gasp.at(ourHook());
    expect(completedAfter()).toEqual([seconds]);
    expect(gasp.pauses.every((ms) => ms > 0 && ms <= SECOND)).toBe(true);
  });

  it('counts the heartbeat from the event, not from when that was heard', async () => {
    gasp.world.nowMs = TOLD + 40 * SECOND;
    await gasp.send(ourHook());
    expect(completedAfter()).toEqual([96]);
  });

  it.each([
    ['behind', -5 * MINUTE, 96],
    ['ahead', 5 * MINUTE, 15],
  ])('is held for as long as is safe where our clock is minutes %s', async (_, skewMs, seconds) => {
    gasp.world.nowMs = TOLD + skewMs;
    await gasp.send(ourHook());
    expect(completedAfter()).toEqual([skewMs / SECOND + seconds]);
  });

  it.each([
    ['its agent has ended', async () => gasp.world.ports.registry.end(INSTANCE, gasp.world.nowMs)],
    ['the policy asks nothing', async () => void Object.assign(gasp.world, { policy: silent })],
  ])('is completed at once where %s', async (_, arrange) => {
    await arrange();
    await gasp.at(ourHook());
    expect(completedAfter()).toEqual([0]);
    expect(gasp.pauses).toEqual([]);
  });

  it('is completed at once for an instance that nobody knows, and still asks for it', async () => {
    await gasp.at(ourHook({ EC2InstanceId: 'i-0fedcba9876543210' }));
    expect(completedAfter()).toEqual([0]);
    expect(await gasp.asked('i-0fedcba9876543210')).toEqual(QUESTIONS);
  });

  it('is completed when its instance is gone before it answered', async () => {
    gasp.meanwhile = async () => {
      if (gasp.world.nowMs === TOLD + 3 * SECOND)
        await gasp.world.take({ ...fixture(19, { state: 'shutting-down' }), time: '2026-11-20T10:40:06Z' });
    };
    await gasp.at(ourHook());
    expect(completedAfter()).toEqual([3]);
  });

  it('waits for an earlier notice of the same end, whose questions it need not ask again', async () => {
    await gasp.at({ ...fixture(20), time: '2026-11-20T10:40:00Z' });
    anAgentPolls(5);
    await gasp.at(ourHook());
    expect(completedAfter()).toEqual([11]);
    expect(gasp.world.sink.stored).toHaveLength(QUESTIONS.length);
  });

  it('is completed at once by a second copy of its event, which asks nothing', async () => {
    anAgentPolls(5);
    await gasp.at(ourHook());
    const heldMs = gasp.world.nowMs;
    await gasp.send(ourHook());
    expect(gasp.world.nowMs).toBe(heldMs);
    expect(gasp.hooks.completed).toHaveLength(2);
    expect(await gasp.asked()).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['asked', 'noted']);
  });
});

describe('when something fails', () => {
  const away = () => {
    throw new Error('DynamoDB is away');
  };

  it.each([
    ['queueing', async () => void Object.assign(gasp.world.ports.queue, { enqueue: away })],
    ['looking into the queue', async () => void Object.assign(gasp.world.ports.queue, { open: away })],
    ['the ledger', async () => void Object.assign(gasp.world.ports.ledger, { advance: away })],
    ['the alias', async () => void Object.assign(gasp.world.ports.aliases, { hostOf: away })],
    ['the node', async () => void Object.assign(gasp.world.ports.registry, { find: away })],
    ['the policy', async () => void Object.assign(gasp.world, { policy: away })],
  ])('the hook is completed at once, and the event comes back: %s', async (_, fail) => {
    await fail();
    expect(await gasp.at(ourHook())).toEqual(['m0']);
    expect(completedAfter()).toEqual([0]);
  });

  it('the least heartbeat is assumed where Auto Scaling does not answer', async () => {
    gasp.hooks.failures.heartbeat = new Error('Throttling');
    expect(await gasp.at(ourHook())).toEqual([]);
    expect(completedAfter()).toEqual([20]);
    expect(gasp.world.reports.map(({ event }) => event)).toContain('heartbeat_unknown');
  });

  it('the event comes back when the hook could not be completed, and then completes it without waiting', async () => {
    anAgentPolls(5);
    gasp.hooks.failures.complete = new Error('Throttling');
    expect(await gasp.at(ourHook())).toEqual(['m0']);
    delete gasp.hooks.failures.complete;
    const againMs = gasp.world.nowMs;
    expect(await gasp.send(ourHook())).toEqual([]);
    expect(gasp.hooks.completed).toEqual([{ action: ACTION, atMs: againMs }]);
  });
});

describe('a hook that is not ours to complete', () => {
  it("is asked about and left alone: somebody else's", async () => {
    await gasp.at(fixture(24));
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(gasp.hooks.completed).toEqual([]);
    expect(gasp.pauses).toEqual([]);
  });

  it('is not even asked about: of a move into a warm pool', async () => {
    expect(await gasp.at(ourHook({ Destination: 'WarmPool' }))).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['ignored']);
    expect(gasp.hooks.completed).toEqual([]);
    expect(await gasp.waiting()).toEqual([]);
  });

  it('is that of a launch', async () => {
    const launch = fixture(23, { LifecycleHookName: 'mayfly-launch' });
    expect(await gasp.at(launch)).toEqual([]);
    expect(gasp.hooks.completed).toEqual([]);
    expect(await gasp.waiting()).toEqual([]);
  });

  it('is every one to a function that may not complete hooks: it asks, and does not wait', async () => {
    gasp.world.nowMs = TOLD;
    expect(await gasp.world.take(ourHook())).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['asked']);
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

  it('holds several hooks at a time, and no warning of Spot waits for them', async () => {
    const { world, hooks } = gasp;
    await Promise.all([1, 2].map((n) => world.aNode(`i-0000000000000000${n}`, { uuid: `uuid-${n}` })));
    world.nowMs = TOLD;
    const holding: (() => void)[] = [];
    const pause = () => new Promise<void>((resolve) => holding.push(resolve));
    const handler = eventHandler({ ...world.taskDeps(), hold: { hooks, pause } });
    const asked = () => world.outcomes().length === 1;
    const batch = handler(sqsBatch([other(1), other(2), fixture(20)].map((event) => JSON.stringify(event))), context);
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

/** Lets everything that can go on do so until something is true; jest's timeout is the only limit. */
async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setImmediate(resolve));
}

const silent = async () => {
  const policy = await (await LastGasp.begin()).world.policy();
  return { ...policy, lastGaspRules: () => [] };
};
