import { beforeEach, describe, expect, it } from '@jest/globals';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { anAnswer } from '../../support/an-agent.ts';
import { fixture } from '../../support/fixtures.ts';
import { INSTANCE, LastGasp, QUESTIONS } from '../../support/last-gasp.ts';
import { ourHook } from '../../support/our-hook.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

const WARNED = Date.parse('2026-11-20T10:39:58Z');

let gasp: LastGasp;
beforeEach(() => {
  gasp = LastGasp.begin();
});

describe('an instance that will be interrupted', () => {
  it.each([
    ['Spot interrupts', fixture(20)],
    ['Spot may interrupt soon', fixture(21)],
    ['its group terminates, held by a hook of ours', ourHook()],
    ["its group terminates, held by another owner's hook", fixture(24)],
  ])('is queried first when %s', async (_, event) => {
    expect(await gasp.at(event)).toEqual([]);
    const pending = await gasp.waiting();
    expect(pending.map(({ query }) => query).sort()).toEqual(QUESTIONS);
    for (const query of pending)
      expect(query).toMatchObject({
        ...{ priority: 0, set: 'last-gasp', rule: 'ec2-last-gasp', workload: INSTANCE, subjects: [INSTANCE] },
        triggeredAtMs: Date.parse(event.time),
      });
    expect(gasp.world.outcomes()).toEqual(['queued']);
  });

  it('is queried under the name its agent enrolled with', async () => {
    await gasp.world.aNode('web-7');
    await gasp.world.ports.aliases.learn(INSTANCE, 'web-7', gasp.world.nowMs);
    await gasp.at(fixture(20));
    expect(await gasp.asked('web-7')).toEqual(QUESTIONS);
    expect(await gasp.asked()).toEqual([]);
  });

  it.each([
    ['until its deadline, however short the time in the rule', 1, 2 * MINUTE],
    ['not at all, by a rule without acceleration', 0, -WARNED],
  ])('is accelerated %s', async (_, accelerateSeconds, ms) => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, accelerateSeconds }));
    gasp = LastGasp.begin({ ...builtIn.policy, rules });
    gasp.world.nowMs = WARNED - MINUTE;
    await gasp.world.ports.registry.enroll(
      { ...(await gasp.world.aNode('other')), host: INSTANCE, hotUntilMs: 0 },
      undefined,
    );
    await gasp.at(fixture(20));
    expect(await gasp.world.ports.registry.find(INSTANCE, true)).toMatchObject({ hotUntilMs: WARNED + ms });
  });

  it('is seen by an answer about itself, even without an event about its launch', async () => {
    await gasp.world.aNode(INSTANCE);
    await gasp.at(fixture(20));
    expect(await gasp.world.verdict(INSTANCE)).toEqual({ verdict: 'pending' });
    const taken = [...(await gasp.world.poll(INSTANCE)), ...(await gasp.world.poll(INSTANCE))];
    const instance = taken.find(({ query }) => query === 'instance')?.wireId ?? '';
    await gasp.world.answer(INSTANCE, [anAnswer(instance, [{ instance_id: INSTANCE, uptime: '1700' }])]);
    expect(await gasp.world.verdict(INSTANCE)).toEqual({ verdict: 'seen' });
    expect(gasp.world.sink.stored).toMatchObject([{ workload: INSTANCE, set: 'last-gasp' }]);
  });

  it('still has launch queries if the event about its launch arrives after the warning', async () => {
    await gasp.at(fixture(20));
    await gasp.at(fixture(19));
    expect((await gasp.waiting()).map(({ rule }) => rule)).toContain('ec2-launched');
    expect(await gasp.world.record(INSTANCE)).toMatchObject({ version: Date.parse(fixture(19).time) });
  });

  it('has one record in the ledger, to which a notice adds only its queries', async () => {
    await gasp.at(fixture(22));
    const before = await gasp.world.record(INSTANCE);
    await gasp.at(fixture(20));
    expect({ ...(await gasp.world.record(INSTANCE)), lastGasps: [] }).toEqual(before);
  });

  it('has each of its notices in its record, if it is known', async () => {
    gasp.world.nowMs = Date.parse(fixture(19).time);
    await gasp.send(fixture(19));
    for (const number of [21, 20]) await gasp.at(fixture(number));
    const { lastGasps, handling } = await gasp.world.record(INSTANCE);
    expect(handling?.queryCounts).toMatchObject([{ set: 'launch' }]);
    expect(lastGasps).toMatchObject(Array(2).fill({ set: 'last-gasp', queries: QUESTIONS.length }));
  });

  it('is queried by other rules that match the notice too', async () => {
    const [last] = builtIn.policy.rules.filter(({ name }) => name === 'ec2-last-gasp');
    if (!last) throw new Error('the default policy has no ec2-last-gasp');
    const plain = { ...last, name: 'plain', lastGasp: false, priority: 4 };
    gasp = LastGasp.begin({ ...builtIn.policy, rules: [...builtIn.policy.rules, plain] });
    await gasp.at(fixture(20));
    const sets = (await gasp.waiting()).map(({ rule, set }) => `${rule} ${set}`);
    expect([...new Set(sets)]).toEqual(['ec2-last-gasp last-gasp', 'plain request']);
  });
});

describe('the expiry of the queries', () => {
  const expiries = async () => [...new Set((await gasp.waiting()).map(({ expiresAtMs }) => expiresAtMs))];

  it('is two minutes after a Spot warning', async () => {
    gasp.world.nowMs = WARNED + 7 * SECOND;
    await gasp.send(fixture(20));
    expect(await expiries()).toEqual([WARNED + 120 * SECOND]);
  });

  it("is the rule's own after a recommendation, which sets no end", async () => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, expiresSeconds: 900 }));
    gasp = LastGasp.begin({ ...builtIn.policy, rules });
    await gasp.at(fixture(21));
    expect(await expiries()).toEqual([Date.parse(fixture(21).time) + 900 * SECOND]);
  });

  it("is the rule's own if that is shorter", async () => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, expiresSeconds: 20 }));
    gasp = LastGasp.begin({ ...builtIn.policy, rules });
    await gasp.at(fixture(20));
    expect(await expiries()).toEqual([WARNED + 20 * SECOND]);
  });

  it.each([
    ['minutes behind', -7 * MINUTE, 120],
    ['minutes ahead', 7 * MINUTE, 15],
  ])('leaves an agent some time if our clock is %s', async (_, skewMs, seconds) => {
    gasp.world.nowMs = WARNED + skewMs;
    await gasp.send(fixture(20));
    expect(await expiries()).toEqual([gasp.world.nowMs + seconds * SECOND]);
  });
});

describe('a repeated notice', () => {
  const answerAll = async () => {
    for (let poll = 0; poll < 2; poll++) {
      const taken = await gasp.world.poll(INSTANCE);
      const answers = taken.map(({ wireId }) => anAnswer(wireId));
      await gasp.world.answer(INSTANCE, answers);
    }
    expect(await gasp.waiting()).toEqual([]);
  };
  beforeEach(async () => {
    await gasp.world.aNode(INSTANCE);
  });

  it('queues nothing twice, even after the answers and with another event id', async () => {
    await gasp.at(fixture(20));
    await gasp.send(fixture(20));
    expect(await gasp.asked()).toEqual(QUESTIONS);
    await answerAll();
    await gasp.send(fixture(20), { ...fixture(20), id: 'another' });
    expect(await gasp.waiting()).toEqual([]);
  });

  it.each([
    ['a warning after a recommendation', fixture(21), fixture(20)],
    ['a hook after a warning', fixture(20), ourHook()],
    ['the interruption of its next run', fixture(20), { ...fixture(20), time: '2026-11-20T15:39:58Z' }],
    ['another action of the same hook', fixture(24), fixture(24, { LifecycleActionToken: 'b-token' })],
  ])('queues again if it is a different notice: %s', async (_, first, second) => {
    await gasp.at(first);
    await answerAll();
    gasp.world.nowMs = Math.max(Date.parse(second.time), gasp.world.nowMs + 11 * SECOND);
    await gasp.send(second);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it('queues everything if the function died before it saved its progress', async () => {
    const { queue } = gasp.world.ports;
    const enqueueSpaced = queue.enqueueSpaced.bind(queue);
    let dies = true;
    queue.enqueueSpaced = async (...args) => {
      const leftOut = await enqueueSpaced(...args);
      if (dies) {
        dies = false;
        throw new Error('DynamoDB is away');
      }
      return leftOut;
    };
    expect(await gasp.at(fixture(20))).toEqual(['m0']);
    expect(await gasp.send(fixture(20))).toEqual([]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });
});

describe('the two minutes of Spot', () => {
  it('suffice for an agent that polls every ten seconds, and then every five', async () => {
    await gasp.world.aNode(INSTANCE);
    await gasp.at(fixture(20));
    const answered: string[] = [];
    for (const seconds of [10, 5]) {
      gasp.world.nowMs += seconds * SECOND;
      const taken = await gasp.world.poll(INSTANCE);
      answered.push(...taken.map(({ query }) => query));
      await gasp.world.answer(
        INSTANCE,
        taken.map(({ wireId }) => anAnswer(wireId)),
      );
    }
    expect(answered.sort()).toEqual(QUESTIONS);
  });

  it('end for a query that was not delivered', async () => {
    await gasp.world.aNode(INSTANCE);
    await gasp.at(fixture(20));
    gasp.world.nowMs += 120 * SECOND;
    expect(await gasp.world.poll(INSTANCE)).toEqual([]);
    expect(await gasp.waiting()).toEqual([]);
  });
});
