import { beforeEach, describe, expect, it } from '@jest/globals';
import { learnInstance } from '../../../../lib/core/hosts/learn-instance.ts';
import { NODE_TTL_MS } from '../../../../lib/core/nodes/node.ts';
import { anAnswer } from '../../../support/an-agent.ts';
import { aHostQuery } from '../../../support/builders.ts';
import { fixture } from '../../../support/fixtures.ts';
import { Mortal, untilDeath } from '../../../support/mortal.ts';
import { type Ports, World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
let world: World;
beforeEach(async () => {
  world = await World.begin();
});
const learn = (host: string, ports: Ports = world.ports) => learnInstance(host, INSTANCE, { ...ports, now: world.now });
const names = async (host: string): Promise<string[]> => (await world.waiting(host)).map(({ query }) => query);

describe('a host that reports its instance id', () => {
  it('gets the pending queries of the instance id, and all later ones', async () => {
    await world.take(fixture(19));
    await world.aNode('web-7');
    expect(await learn('web-7')).toBe('learned');
    expect(await names(INSTANCE)).toEqual([]);
    expect(await names('web-7')).toEqual(['instance', 'system']);
    await world.take(fixture(15), fixture(5));
    expect(await names('web-7')).toEqual(['container', 'instance', 'processes', 'system']);
  });

  it('reports it in the answer to the enrollment query', async () => {
    await world.take(fixture(19));
    await world.enroll('web-7');
    const ec2 = (await world.poll('web-7')).find(({ query }) => query === 'ec2');
    await world.answer('web-7', [anAnswer(ec2?.wireId ?? '', [{ instance_id: INSTANCE }])]);
    expect(await world.ports.aliases.hostOf(INSTANCE)).toBe('web-7');
    expect(await names('web-7')).toEqual(['instance', 'system']);
  });

  it.each(['', 'web-8', 'i-', "i-0a1b2c3d' OR 1", '../../etc'])(
    'is not trusted if it reports %j',
    async (instance_id) => {
      await world.enroll('web-7');
      const ec2 = (await world.poll('web-7')).find(({ query }) => query === 'ec2');
      expect(await world.answer('web-7', [anAnswer(ec2?.wireId ?? '', [{ instance_id }])])).toBe(true);
      expect(await world.ports.aliases.hostOf(instance_id || 'none')).toBeUndefined();
    },
  );

  it('is not trusted about an instance that has its own agent', async () => {
    await world.aNode(INSTANCE);
    await world.ports.queue.enqueue(aHostQuery(1, { host: INSTANCE }));
    await world.aNode('liar');
    expect(await learn('liar')).toBe('taken');
    expect(await names(INSTANCE)).toEqual(['host-1']);
    expect(await names('liar')).toEqual([]);
  });

  it('is not trusted about an instance of another living host', async () => {
    await world.aNode('web-7');
    await world.aNode('liar');
    await learn('web-7');
    expect(await learn('liar')).toBe('taken');
    expect(await world.ports.aliases.hostOf(INSTANCE)).toBe('web-7');
  });

  it('takes over the instance of a host that is gone', async () => {
    await world.aNode('web-7');
    await learn('web-7');
    world.nowMs += NODE_TTL_MS;
    await world.aNode('web-8');
    expect(await learn('web-8')).toBe('learned');
    expect(await world.ports.aliases.hostOf(INSTANCE)).toBe('web-8');
  });

  it('does not take the queue of an instance whose own agent enrolled later, by reporting again', async () => {
    await world.aNode('web-7');
    await learn('web-7');
    await world.aNode(INSTANCE, { uuid: 'another' });
    await world.ports.queue.enqueue(aHostQuery(1, { host: INSTANCE }));
    await learn('web-7');
    expect(await names(INSTANCE)).toEqual(['host-1']);
  });

  it('gets everything by reporting again, if the function crashed during the first report', async () => {
    for (const at of [1, 2, 3, 4]) {
      for (const when of ['before', 'after'] as const) {
        world = await World.begin();
        await world.take(fixture(19));
        await world.aNode('web-7');
        const mortal = new Mortal(at, when);
        await untilDeath(() => learn('web-7', mortal.ports(world.ports)));
        expect(mortal.died).toBe(true);
        expect(await learn('web-7')).toBe('learned');
        expect(await names('web-7')).toEqual(['instance', 'system']);
        expect(await names(INSTANCE)).toEqual([]);
      }
    }
  });
});
