import { beforeEach, describe, expect, it } from '@jest/globals';
import { directoryEntryOf, everyEntry } from '../../../../lib/core/nodes/directory.ts';
import { isEnrolled, NODE_TTL_MS } from '../../../../lib/core/nodes/node.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aSnapshot } from '../../../support/a-record.ts';
import { aWorldUnder } from '../../../support/a-request.ts';
import { aPolicyOf, aRule } from '../../../support/a-rule.ts';
import { anAnswer, anIdentity } from '../../../support/an-agent.ts';
import { aHostQuery, aPendingQuery, dockerId, taskArn } from '../../../support/builders.ts';
import { type AnyEvent, fixture } from '../../../support/fixtures.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';
import { ENDED, end, endIn, INSTANCE } from './ended-instance.ts';

const TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(builtIn.policy);
});

const ends = (state?: string) => endIn(world, state);
const arrives = async (event: AnyEvent) => {
  world.nowMs = Date.parse(event.time);
  await world.take(event);
};
const node = (host = INSTANCE) => world.ports.registry.find(host, true);
const listed = async () => (await everyEntry(world.ports.directory)).map(({ hostIdentifier }) => hostIdentifier);

describe('an instance that is terminated', () => {
  it.each(['shutting-down', 'terminated'])('loses its node key at the first event about its end: %s', async (state) => {
    await world.aNode(INSTANCE);
    await ends(state);
    expect(isEnrolled(await node(), world.nowMs)).toBe(false);
    expect(await node()).toMatchObject({ endedAtMs: ENDED });
    expect(world.outcomes()).toEqual(['ended']);
  });

  it('is no longer matched by any selector', async () => {
    const enrolled = await world.aNode(INSTANCE);
    await world.ports.directory.record(directoryEntryOf(enrolled), world.nowMs + NODE_TTL_MS);
    expect(await listed()).toEqual([INSTANCE]);
    await ends();
    expect(await listed()).toEqual([]);
  });

  it('keeps its record: identity, times and sightings', async () => {
    await arrives(fixture(22));
    await world.aNode(INSTANCE);
    const taken = await world.poll(INSTANCE);
    await world.answer(
      INSTANCE,
      taken.map(({ wireId }) => anAnswer(wireId, [{ instance_id: INSTANCE }])),
    );
    await ends();
    expect(await world.record(INSTANCE)).toMatchObject({
      ...{ stopped: true, lastStatus: 'terminated', seenLive: [INSTANCE] },
      identity: { auto_scaling_group: 'ephemeral-spot-arm64', instance_id: INSTANCE },
      firstEventAtMs: Date.parse(fixture(22).time),
    });
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'seen' });
    expect(await node()).toMatchObject({ identity: anIdentity() });
  });

  it('is handled once, for any number of events in any state', async () => {
    await ends('shutting-down');
    await ends('terminated');
    await ends('shutting-down');
    expect(world.outcomes()).toEqual(['ended', 'stale', 'stale']);
  });

  it('stays ended when an event about its start arrives late', async () => {
    await ends();
    await arrives({ ...fixture(19), time: new Date(ENDED + 30 * MINUTE).toISOString() });
    await arrives(fixture(22));
    expect(world.outcomes()).toEqual(['ended', 'stale', 'stale']);
    expect(await world.waiting(INSTANCE)).toEqual([]);
  });

  it('is recorded in the ledger, even without an earlier event', async () => {
    await ends();
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'no-agent' });
  });

  it('is missed as not-asked if it had an agent and no event about its start', async () => {
    await world.aNode(INSTANCE);
    await ends();
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'not-asked' });
  });

  it.each(['stopping', 'stopped', 'pending', 'evaporating'])('is not one in state %s', async (state) => {
    await world.aNode(INSTANCE);
    await ends(state);
    expect(world.outcomes()).toEqual(['ignored']);
    expect(isEnrolled(await node(), world.nowMs)).toBe(true);
  });
});

describe('rules on instances with other targets', () => {
  /** Adds a rule that queries the bastion on these events. */
  function rule(event: Record<string, unknown>): void {
    const asksBastion = aRule('bastion', { event }, { target: { host: "'bastion'" } });
    world.policy = inForce(aPolicyOf([asksBastion]));
  }
  /** How often the bastion is queried; each time it answers at once. */
  async function asked(): Promise<number> {
    const { pending } = await world.ports.queue.read('bastion', true);
    await world.ports.queue.remove(pending);
    return pending.length;
  }
  const STATE = { source: ['aws.ec2'], 'detail-type': ['EC2 Instance State-change Notification'] };

  it('queue once for a launch, for any number of events from any source', async () => {
    rule({ $or: [STATE, { 'detail-type': ['EC2 Instance Launch Successful'] }] });
    const sweep = { ...fixture(19), id: 'sweep-1', time: '2026-11-20T10:10:12Z' };
    const counts: number[] = [];
    for (const event of [sweep, fixture(19), fixture(22), { ...fixture(22), id: 'another' }]) {
      await arrives(event);
      counts.push(await asked());
    }
    expect(counts).toEqual([1, 0, 0, 0]);
    await arrives({ ...fixture(19), time: new Date(ENDED).toISOString() }); // it was stopped in between
    expect(await asked()).toBe(1);
    await arrives(fixture(22));
    expect(await asked()).toBe(0);
  });

  it("apply to the group's event about a launch, even after the event of EC2", async () => {
    rule({ 'detail-type': ['EC2 Instance Launch Successful'] });
    await arrives(fixture(19));
    expect(await asked()).toBe(0);
    await arrives(fixture(22));
    expect(await asked()).toBe(1);
  });

  it('queue nothing for a launch whose event arrives after the end', async () => {
    await ends();
    rule({ source: ['aws.ec2', 'aws.autoscaling'] });
    await arrives(fixture(19));
    await arrives(fixture(22));
    expect(await asked()).toBe(0);
  });

  it('queue once for each state of the end, for any number of event ids', async () => {
    rule({ ...STATE, detail: { state: ['terminated'] } });
    await ends('shutting-down');
    expect(await asked()).toBe(0);
    await ends();
    expect(await asked()).toBe(1);
    await world.take({ ...end(), id: 'another' });
    expect(await asked()).toBe(0);
  });

  it('do not keep its node key valid when they fail, and queue when the event is retried', async () => {
    await world.aNode(INSTANCE);
    rule({ ...STATE, detail: { state: ['terminated'] } });
    const { policy } = world;
    world.policy = async () => {
      throw new Error('DynamoDB is away');
    };
    world.nowMs = ENDED;
    await expect(world.take(end())).rejects.toThrow('DynamoDB is away');
    expect(isEnrolled(await node(), world.nowMs)).toBe(false);
    world.policy = policy;
    await ends();
    expect(await asked()).toBe(1);
  });
});

describe('the pending queries of an ended instance', () => {
  async function aTask(n: number): Promise<string> {
    const workload = taskArn(n);
    await world.ports.ledger.advance(aSnapshot(n, { workload, subjects: [dockerId(n)] }));
    const handling = { host: INSTANCE, enrolled: true, queryKeys: [], settleByMs: ENDED + 60 * MINUTE };
    await world.ports.ledger.markHandled(workload, 1, handling);
    return workload;
  }
  const gone = { verdict: 'missed', reason: 'host-gone' };

  it('lead to a verdict at once, both undelivered and unanswered ones', async () => {
    world.nowMs = T0;
    await world.aNode(INSTANCE);
    const tasks = await Promise.all([1, 2, 3, 4].map(aTask));
    for (const n of [1, 2]) await world.ports.queue.enqueue(aHostQuery(n, { host: INSTANCE, workload: taskArn(n) }));
    expect(await world.poll(INSTANCE)).toHaveLength(2);
    await world.ports.queue.enqueue(aPendingQuery(3, { host: INSTANCE }));
    expect(await Promise.all(tasks.map((task) => world.verdict(task)))).toEqual(Array(4).fill({ verdict: 'pending' }));
    await ends();
    expect(await Promise.all(tasks.slice(0, 3).map((task) => world.verdict(task)))).toEqual([gone, gone, gone]);
    expect(await world.verdict(taskArn(4))).toEqual({ verdict: 'pending' }); // it had no query here
    expect(await world.ports.queue.read(INSTANCE, true)).toMatchObject({ pending: [], deliveries: [] });
    expect(world.reports).toContainEqual({
      event: 'instance_ended',
      fields: { instance: INSTANCE, host: INSTANCE, withdrawn: 3 },
    });
  });

  it('lead to a verdict only if they were not answered', async () => {
    world.nowMs = T0;
    await world.aNode(INSTANCE);
    const tasks = await Promise.all([1, 2].map(aTask));
    for (const n of [1, 2]) await world.ports.queue.enqueue(aHostQuery(n, { host: INSTANCE, workload: taskArn(n) }));
    const [first] = await world.poll(INSTANCE);
    const answered = first?.askers[0]?.workload;
    await world.answer(INSTANCE, [anAnswer(first?.wireId ?? '')]);
    await ends();
    for (const task of tasks)
      expect((await world.record(task)).troubles).toEqual(task === answered ? [] : ['host-gone']);
  });

  it('include those about the instance itself, which is missed', async () => {
    await arrives(fixture(19));
    await world.aNode(INSTANCE);
    await ends();
    expect(await world.verdict(INSTANCE)).toEqual(gone);
    expect(await world.waiting(INSTANCE)).toEqual([]);
  });

  it('are not queued again: a task that ends later is missed with its host', async () => {
    world.nowMs = Date.parse(fixture(5).time);
    await world.aNode(INSTANCE);
    await world.take(fixture(15));
    await world.take(fixture(5));
    await ends();
    expect(await world.verdict(TASK)).toEqual(gone);
    await world.take(fixture(7));
    expect(await world.waiting(INSTANCE)).toEqual([]);
    expect(await world.verdict(TASK)).toEqual(gone);
  });

  it('are never queued for a task whose events all arrive after its host ended', async () => {
    await world.aNode(INSTANCE);
    await ends();
    await world.take(fixture(15));
    await world.take(fixture(5));
    expect(await world.waiting(INSTANCE)).toEqual([]);
    expect(await world.verdict(TASK)).toEqual(gone);
  });

  it('do not change the verdict of a workload seen before', async () => {
    world.nowMs = Date.parse(fixture(5).time);
    await world.aNode(INSTANCE);
    await world.take(fixture(15));
    await world.take(fixture(5));
    const { subjects } = await world.record(TASK);
    const taken = await world.poll(INSTANCE);
    await world.answer(
      INSTANCE,
      taken.map(({ wireId }) =>
        anAnswer(
          wireId,
          subjects.map((id) => ({ id, state: 'running' })),
        ),
      ),
    );
    await ends();
    await world.take(fixture(7));
    expect(await world.verdict(TASK)).toEqual({ verdict: 'seen' });
    expect((await world.record(TASK)).troubles).toEqual([]);
  });
});

describe('an instance whose agent has another name', () => {
  /** An agent named `host` answers that it is this instance. */
  async function named(host: string, instanceId = INSTANCE): Promise<void> {
    await world.enroll(host);
    for (let polls = 0; polls < 3; polls++) {
      const taken = await world.poll(host);
      await world.answer(
        host,
        taken.map(({ wireId }) => anAnswer(wireId, [{ instance_id: instanceId }])),
      );
      world.nowMs += 10 * SECOND;
    }
  }

  it('ends the node and the queue of that name', async () => {
    await named('web-7');
    await world.ports.queue.enqueue(aHostQuery(1, { host: 'web-7' }));
    await ends();
    expect(await node('web-7')).toMatchObject({ endedAtMs: ENDED });
    expect(await world.waiting('web-7')).toEqual([]);
  });

  it('does so even if its agent has enrolled again since', async () => {
    await named('web-7');
    world.nowMs += 20 * MINUTE;
    await world.enroll('web-7', { agentInstance: 'agent-2' });
    await ends();
    expect(isEnrolled(await node('web-7'), world.nowMs)).toBe(false);
  });

  it('does not affect another instance that has the name by now', async () => {
    await named('web-7');
    world.nowMs += 20 * MINUTE;
    await world.enroll('web-7', { uuid: 'uuid-2', agentInstance: 'agent-2' });
    await world.ports.queue.enqueue(aHostQuery(1, { host: 'web-7' }));
    await ends();
    expect(isEnrolled(await node('web-7'), world.nowMs)).toBe(true);
    expect(await world.waiting('web-7')).not.toEqual([]);
  });
});
