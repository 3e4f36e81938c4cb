import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { planEnroll } from '../../../../lib/core/enrollment/plan-enroll.ts';
import { isEnrolled, type NodeIdentity } from '../../../../lib/core/nodes/node.ts';
import { handleEvent } from '../../../../lib/core/triggers/handle-event.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { aWorldUnder } from '../../../support/a-request.ts';
import { aNewcomer } from '../../../support/an-agent.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { scaled } from '../../../support/effort.ts';
import { interleave } from '../../../support/interleave.ts';
import { inForce } from '../../../support/plain-policy.ts';
import { portsOn, TableWorld } from '../../../support/table-world.ts';
import { MINUTE } from '../../../support/times.ts';
import type { World } from '../../../support/world.ts';
import { ENDED, end, endIn, INSTANCE } from './ended-instance.ts';

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(builtIn.policy);
});

const ends = (state?: string) => endIn(world, state);
const node = (host = INSTANCE) => world.ports.registry.find(host, true);

describe('an enrollment after the end', () => {
  it('is rejected for the same instance, whose agent enrolls again after its key was rejected', async () => {
    await world.aNode(INSTANCE);
    await ends();
    await expect(world.enroll(INSTANCE)).rejects.toThrow(`${INSTANCE} has ended`);
    await expect(world.enroll(INSTANCE, { agentInstance: 'agent-2' })).rejects.toThrow('has ended');
    expect(isEnrolled(await node(), world.nowMs)).toBe(false);
  });

  it('succeeds for another host under the same name', async () => {
    await world.aNode(INSTANCE);
    await ends();
    const { node: next, isSecondAgent } = await world.enroll(INSTANCE, { uuid: 'uuid-2' });
    expect(isEnrolled(next, world.nowMs)).toBe(true);
    expect(isSecondAgent).toBe(false);
  });

  it('is rejected for a first enrollment under the instance id, which is unique', async () => {
    await ends('shutting-down');
    await expect(world.enroll(INSTANCE)).rejects.toThrow('has ended');
    expect(await node()).toBeUndefined();
    expect(await world.waiting(INSTANCE)).toEqual([]);
  });

  it('is rejected without hardware identity, even if its node has expired', async () => {
    await world.aNode(INSTANCE, { uuid: '', agentInstance: '' });
    await ends();
    for (const days of [0, 8]) {
      world.nowMs += days * 24 * 60 * MINUTE;
      await expect(world.enroll(INSTANCE, { uuid: '', agentInstance: '' })).rejects.toThrow('has ended');
    }
  });

  it('of another host under the same name succeeds every time', async () => {
    await world.aNode(INSTANCE);
    await ends();
    for (let times = 0; times < 3; times++) {
      await world.enroll(INSTANCE, { uuid: 'uuid-2', agentInstance: `agent-${times}` });
      expect(isEnrolled(await node(), world.nowMs)).toBe(true);
      world.nowMs += 20 * MINUTE;
    }
  });

  it('distinguishes hosts of one name by their agents if they have no hardware identity', async () => {
    const before = { ...(await world.aNode('web-7', { uuid: '' })), endedAtMs: ENDED };
    const plan = (identity: Partial<NodeIdentity>) => planEnroll(aNewcomer('web-7', identity), before, ENDED).kind;
    expect(plan({ uuid: '' })).toBe('ended');
    expect(plan({ uuid: 'uuid-2' })).toBe('ended');
    expect(plan({ uuid: '', agentInstance: 'agent-2' })).toBe('new');
    expect(plan({ uuid: '', agentInstance: '' })).toBe('new');
  });

  it('never outlives the instance, in any interleaving with the end', async () => {
    const order = fc.array(fc.nat({ max: 1 }), { minLength: 25, maxLength: 25 });
    const { table } = await TableWorld.begin();
    let runs = 0;
    await fc.assert(
      fc.asyncProperty(order, fc.boolean(), async (turns, again) => {
        const host = `i-${String(++runs).padStart(17, '0')}`;
        const one = new TableWorld(table);
        one.nowMs = ENDED;
        if (again) await one.aNode(host);
        one.nowMs += 20 * MINUTE;
        const event = parseEvent({ ...end(), detail: { 'instance-id': host, state: 'terminated' } });
        await interleave<unknown>(table, turns, [
          (own) => one.enroll(host, {}, portsOn(own, one.now)).catch(() => {}),
          (own) => handleEvent(event, { ...one.taskDeps(portsOn(own, one.now)), policy: inForce() }),
        ]);
        expect(isEnrolled(await one.ports.registry.find(host, true), one.nowMs)).toBe(false);
      }),
      { numRuns: scaled(12) },
    );
  });

  it('fails if the end is handled while it is under way', async () => {
    const before = await world.aNode(INSTANCE);
    world.nowMs += 20 * MINUTE;
    const plan = planEnroll(aNewcomer(INSTANCE, { agentInstance: 'agent-2' }), before, world.nowMs);
    await ends();
    if (plan.kind !== 'new') throw new Error(plan.kind);
    expect(await world.ports.registry.enroll(plan.node, plan.replaces)).toBe(false);
  });

  it('like a poll that is under way, which takes no query', async () => {
    await world.aNode(INSTANCE);
    await world.ports.queue.enqueue(aHostQuery(1, { host: INSTANCE }));
    const partition = await world.ports.queue.read(INSTANCE, true);
    await ends();
    expect(await world.ports.queue.claim(INSTANCE, partition.node?.rev ?? 0, {})).toBe(false);
  });
});
