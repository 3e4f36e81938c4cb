import { beforeEach, describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aWorldUnder } from '../../../support/a-request.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, SECOND } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';

const HOST = 'i-0a1b2c3d4e5f60718';
const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const GASP = ['container', 'processes', 'sockets'];

let world: World;
const under = async (policy: Policy) => {
  world = await aWorldUnder(policy);
  world.nowMs = Date.parse(fixture(15).time);
  await world.aNode(HOST);
  await world.take(fixture(15));
};
beforeEach(() => under(builtIn.policy));

/** The task of fixture 5 in another state, a second later for each version. */
const inState = (version: number, lastStatus: string, desiredStatus = 'STOPPED') => ({
  ...fixture(5, { version, lastStatus, desiredStatus }),
  id: `v${version}`,
  time: new Date(Date.parse(fixture(5).time) + (version - 5) * SECOND).toISOString(),
});
const arrives = async (event: ReturnType<typeof inState>) => {
  world.nowMs = Date.parse(event.time);
  await world.take(event);
};
const runs = () => arrives(inState(5, 'RUNNING', 'RUNNING'));
const stopIsRequested = () => arrives(inState(6, 'RUNNING'));
const pending = async () => (await world.ports.queue.read(HOST, true)).pending;
const names = async (set: string) =>
  (await pending()).flatMap((query) => (query.set === set ? [query.query] : [])).sort();

/** The agent polls and answers until nothing is pending. @returns the queries it got */
async function answered(state: string): Promise<string[]> {
  const { subjects } = await world.record(TASK);
  const asked: string[] = [];
  for (;;) {
    const taken = await world.poll(HOST);
    if (taken.length === 0) return asked;
    asked.push(...taken.map(({ set, query }) => `${set} ${query}`));
    const rows = subjects.map((id) => ({ id, state }));
    await world.answer(
      HOST,
      taken.map(({ wireId }) => anAnswer(wireId, rows)),
    );
  }
}

describe('the earliest stop signal of a task', () => {
  it('queues its last gasps, even if all its containers were seen', async () => {
    await runs();
    await answered('running');
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    await stopIsRequested();
    expect(await names('last-gasp')).toEqual(GASP);
    expect(await names('live')).toEqual([]);
    expect((await pending()).map(({ rule }) => rule)).toEqual(Array(3).fill('ecs-task-last-gasp'));
  });

  it('queues them before all other pending queries', async () => {
    await runs();
    for (let n = 0; n < 5; n++) await world.ports.queue.enqueue(aHostQuery(n, { host: HOST, priority: 1 }));
    world.nowMs += SECOND;
    await stopIsRequested();
    const taken = await world.poll(HOST);
    expect(taken.map(({ set }) => set)).toEqual([...Array(3).fill('last-gasp'), 'live', 'live']);
  });

  it('also queues the queries of a lost RUNNING event', async () => {
    await stopIsRequested();
    expect(await names('last-gasp')).toEqual(GASP);
    expect(await names('live')).toEqual(['container', 'processes', 'surroundings']);
  });

  it('sets an expiry of two minutes, and accelerates the agent for as long', async () => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, accelerateSeconds: 1, expiresSeconds: 3600 }));
    await under({ ...builtIn.policy, rules, heatSeconds: 0 });
    await stopIsRequested();
    const gasps = (await pending()).filter(({ set }) => set === 'last-gasp');
    expect(gasps.map(({ expiresAtMs }) => expiresAtMs - world.nowMs)).toEqual(Array(3).fill(2 * MINUTE));
    expect(await world.ports.registry.find(HOST, true)).toMatchObject({ hotUntilMs: world.nowMs + 2 * MINUTE });
  });

  it('respects a shorter expiry of the rule', async () => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, expiresSeconds: 40 }));
    await under({ ...builtIn.policy, rules });
    await stopIsRequested();
    const gasps = (await pending()).filter(({ set }) => set === 'last-gasp');
    expect(gasps.map(({ expiresAtMs }) => expiresAtMs - world.nowMs)).toEqual(Array(3).fill(40 * SECOND));
  });

  it.each([
    ['behind', -9 * MINUTE, 120],
    ['ahead', 9 * MINUTE, 15],
  ])('leaves the agent some time if our clock is minutes %s', async (_, skewMs, seconds) => {
    const event = inState(6, 'RUNNING');
    world.nowMs = Date.parse(event.time) + skewMs;
    await world.take(event);
    const gasps = (await pending()).filter(({ set }) => set === 'last-gasp');
    expect(gasps.map(({ expiresAtMs }) => expiresAtMs - world.nowMs)).toEqual(Array(3).fill(seconds * SECOND));
  });

  it('leads to a live sighting if the answer has evidence', async () => {
    await stopIsRequested();
    expect((await answered('running')).slice(0, 3).every((asked) => asked.startsWith('last-gasp'))).toBe(true);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    expect(world.sink.stored.some(({ set }) => set === 'last-gasp')).toBe(true);
  });

  it('leads to a post-mortem sighting if the row says that the container has exited', async () => {
    await stopIsRequested();
    await answered('exited');
    expect(await world.verdict(TASK)).toEqual({ verdict: 'post-mortem' });
  });

  it('queues once, for any states that follow before the end', async () => {
    await stopIsRequested();
    await answered('running');
    for (const [version, status] of ['DEACTIVATING', 'STOPPING', 'DEPROVISIONING'].entries())
      await arrives(inState(7 + version, status));
    expect(await pending()).toEqual([]);
  });

  it.each(['DEACTIVATING', 'STOPPING'])('is replaced by the next event if it was lost: %s', async (status) => {
    await runs();
    await answered('running');
    await arrives(inState(7, status));
    expect(await names('last-gasp')).toEqual(GASP);
  });

  it('queues nothing for a task without a host', async () => {
    world.nowMs = Date.parse(fixture(12).time);
    await world.take(fixture(12));
    expect(await world.verdict(String(fixture(12).detail.taskArn))).toEqual({ verdict: 'missed', reason: 'no-host' });
  });
});

describe('the end of a task', () => {
  it('withdraws undelivered live and last-gasp queries, and queues post-mortem ones', async () => {
    await runs();
    await stopIsRequested();
    await arrives(inState(9, 'STOPPED'));
    expect(await names('last-gasp')).toEqual([]);
    expect(await names('live')).toEqual([]);
    expect(await names('post-mortem')).toEqual(['container', 'mounts']);
  });

  it('withdraws the last gasp of a task that was seen, and queues nothing else', async () => {
    await runs();
    await answered('running');
    await stopIsRequested();
    await arrives(inState(9, 'STOPPED'));
    expect(await pending()).toEqual([]);
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
  });

  it('withdraws it even if no rule matches stopped tasks', async () => {
    const rules = builtIn.policy.rules.map((rule) => ({ ...rule, postMortem: [] }));
    await under({ ...builtIn.policy, rules });
    await stopIsRequested();
    await arrives(inState(9, 'STOPPED'));
    expect(await names('last-gasp')).toEqual([]);
  });
});

describe('a last-gasp rule', () => {
  const greedy = (): Policy => {
    const [rule] = builtIn.policy.rules.filter(({ name }) => name === 'ecs-task-last-gasp');
    if (!rule) throw new Error('the default policy has no ecs-task-last-gasp');
    return { ...builtIn.policy, rules: [{ ...rule, on: { event: { source: ['aws.ecs'] } } }] };
  };

  it.each([
    ['PENDING', 'RUNNING'],
    ['PENDING', 'STOPPED'],
    ['ACTIVATING', 'RUNNING'],
    ['RUNNING', 'RUNNING'],
    ['DEPROVISIONING', 'STOPPED'],
    ['STOPPED', 'STOPPED'],
    ['FADING', 'STOPPED'],
  ])('queues nothing for a task in %s with desired status %s, for any pattern', async (last, desired) => {
    await under(greedy());
    await arrives(inState(6, last, desired));
    expect(await pending()).toEqual([]);
  });

  it('queues nothing for other events', async () => {
    await under(greedy());
    await world.take(fixture(16), fixture(17), fixture(18));
    expect(await pending()).toEqual([]);
  });
});
