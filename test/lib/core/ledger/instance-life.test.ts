import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { isEnrolled } from '../../../../lib/core/nodes/node.ts';
import { compiledPolicy } from '../../../../lib/core/policy/compiled-policy.ts';
import { handleEvent } from '../../../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { anAnswer } from '../../../support/an-agent.ts';
import { FakeHooks } from '../../../support/fake-hooks.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { ourHook } from '../../../support/our-hook.ts';
import { MINUTE, SECOND } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const shared = await World.begin();
let instances = 0;
const START = Date.parse(fixture(19).time);
const LATE = 24 * 60 * MINUTE; // after the last possible answer

/** The steps of an instance: an event about it, the enrollment of its agent, or a poll with answers. */
const EVENTS = {
  running: () => fixture(19),
  launched: () => fixture(22),
  recommendation: () => fixture(21),
  warning: () => fixture(20),
  hook: () => ourHook(),
  otherHook: () => fixture(24),
  'shutting-down': () => ({ ...fixture(19, { state: 'shutting-down' }), time: '2026-11-20T10:41:40Z' }),
  terminated: () => ({ ...fixture(19, { state: 'terminated' }), time: '2026-11-20T10:42:30Z' }),
} satisfies Record<string, () => AnyEvent>;
type Step = keyof typeof EVENTS | 'enrolls' | 'answers';
const names = Object.keys(EVENTS) as (keyof typeof EVENTS)[];
const ENDS: readonly Step[] = ['shutting-down', 'terminated'];

/** Any of its events in any order, each any number of times, with an agent that enrolls and answers at any time. */
const aLife: fc.Arbitrary<Step[]> = fc.array(fc.constantFrom<Step>(...names, 'enrolls', 'answers', 'answers'), {
  minLength: 1,
  maxLength: 12,
});

/** A new instance in the shared ledger. */
function anInstance() {
  const n = ++instances;
  const id = `i-${n.toString(16).padStart(17, '0')}`;
  const world = new World(shared);
  world.nowMs = START;
  const compiled = compiledPolicy(builtIn.policy);
  world.policy = async () => compiled;
  const hooks = new FakeHooks(world.now);
  const pause = async (ms: number): Promise<void> => {
    world.nowMs += ms;
  };
  const within = <T>(_: number, work: Promise<T>): Promise<T> => work;
  const eventOf = (name: keyof typeof EVENTS) => {
    const event = EVENTS[name]();
    const { 'instance-id': old, EC2InstanceId } = event.detail;
    const detail = { ...event.detail, 'instance-id': old && id, EC2InstanceId: EC2InstanceId && id };
    return parseEvent({ ...event, detail });
  };
  const takes = (name: keyof typeof EVENTS, ports = world.ports) =>
    handleEvent(eventOf(name), {
      ...world.taskDeps(ports),
      hold: { hooks, pause, within, endsAtMs: world.nowMs + 150 * SECOND },
    });
  const answers = async (): Promise<void> => {
    const node = await world.ports.registry.find(id, true);
    if (!isEnrolled(node, world.nowMs)) return;
    const taken = await world.poll(id);
    await world.answer(
      id,
      taken.map(({ wireId }) => anAnswer(wireId, [{ instance_id: id }])),
    );
  };
  const step = async (name: Step): Promise<void> => {
    world.nowMs += 10 * SECOND;
    if (name === 'enrolls') await world.enroll(id, { uuid: id }).catch(() => {});
    else if (name === 'answers') await answers();
    else await takes(name);
  };
  const verdict = async (afterMs: number) => {
    const nowMs = world.nowMs;
    world.nowMs += afterMs;
    const found = await world.verdict(id);
    world.nowMs = nowMs;
    return found;
  };
  return { id, world, hooks, step, takes, verdict };
}

const hasEvent = (steps: readonly Step[]) => steps.some((step) => step in EVENTS);
const records = () => shared.records.map(({ workload }) => workload);

describe('the ledger about an instance', () => {
  it('has one record and one verdict for any lost, repeated or reordered events', async () => {
    const reported: string[] = [];
    const before = records();
    await fc.assert(
      fc.asyncProperty(aLife, async (steps) => {
        const { id, step, verdict } = anInstance();
        for (const one of steps) await step(one);
        if (!hasEvent(steps)) return;
        reported.push(id);
        expect((await verdict(LATE)).verdict).toMatch(/^(seen|missed)$/);
      }),
      { numRuns: 40 },
    );
    expect(records().sort()).toEqual([...before, ...reported].sort());
  });

  it('is final at the first event about its end, and allows no enrollment or query afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(aLife, fc.constantFrom(...ENDS), aLife, async (before, end, after) => {
        const { id, world, step, verdict } = anInstance();
        for (const one of before) await step(one);
        await step(end);
        const final = await verdict(0);
        expect(final.verdict).toMatch(/^(seen|missed)$/);
        for (const one of after) await step(one);
        expect(await verdict(0)).toEqual(final);
        expect(isEnrolled(await world.ports.registry.find(id, true), world.nowMs)).toBe(false);
        expect(await world.ports.queue.read(id, true)).toMatchObject({ pending: [], deliveries: [] });
      }),
      { numRuns: 40 },
    );
  });

  it('never gets a worse verdict later', async () => {
    const RANK: Readonly<Record<string, number>> = { pending: 0, missed: 1, seen: 2 };
    await fc.assert(
      fc.asyncProperty(aLife, async (steps) => {
        const { step, verdict } = anInstance();
        let best = 0;
        for (const [index, one] of steps.entries()) {
          await step(one);
          if (!hasEvent(steps.slice(0, index + 1))) continue;
          const rank = RANK[(await verdict(LATE)).verdict] ?? -1;
          expect(rank).toBeGreaterThanOrEqual(best);
          best = rank;
        }
      }),
      { numRuns: 25 },
    );
  });

  it('ends in the same state when functions die before or after any write and their events are retried', async () => {
    const deaths = fc.array(
      fc.record({ at: fc.integer({ min: 1, max: 9 }), when: fc.constantFrom('before' as const, 'after' as const) }),
      { maxLength: 5 },
    );
    let died = 0;
    await fc.assert(
      fc.asyncProperty(aLife, fc.constantFrom(...ENDS), deaths, async (steps, end, fates) => {
        const { id, world, step, takes, verdict } = anInstance();
        const left = [...fates];
        for (const one of [...steps, end]) {
          if (!(one in EVENTS)) {
            await step(one);
            continue;
          }
          const name = one as keyof typeof EVENTS;
          const mortal = new Mortal(left[0]?.at ?? 0, left.shift()?.when ?? 'before');
          await untilDeath(() => takes(name, mortal.ports(world.ports)));
          if (!mortal.died) continue;
          died += 1;
          await takes(name);
        }
        expect((await verdict(0)).verdict).toMatch(/^(seen|missed)$/);
        expect(await world.record(id)).toMatchObject({ stopped: true, handledVersion: Number.MAX_SAFE_INTEGER });
        expect(isEnrolled(await world.ports.registry.find(id, true), world.nowMs)).toBe(false);
        expect(await world.ports.queue.read(id, true)).toMatchObject({ pending: [], deliveries: [] });
      }),
      { numRuns: 40 },
    );
    expect(died).toBeGreaterThan(0);
  });
});

describe('one of our hooks', () => {
  it('is completed by every event about it, or by the next one if the function dies', async () => {
    await fc.assert(
      fc.asyncProperty(aLife, async (steps) => {
        const { hooks, step } = anInstance();
        for (const one of steps) await step(one);
        expect(hooks.completed).toHaveLength(steps.filter((one) => one === 'hook').length);
      }),
      { numRuns: 15 },
    );
  });
});
