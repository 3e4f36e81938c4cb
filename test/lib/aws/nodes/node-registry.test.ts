import { beforeEach, describe, expect, it } from '@jest/globals';
import { NODE_TTL_MS } from '../../../../lib/core/nodes/node.ts';
import { everything } from '../../../support/scan.ts';
import { TableWorld } from '../../../support/table-world.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

let world: TableWorld;
beforeEach(async () => {
  world = await TableWorld.begin();
});

describe('nodes in DynamoDB', () => {
  it('are replaced only if they did not change since the decision', async () => {
    const { node } = await world.enroll('h1');
    const next = { ...node, epoch: node.epoch + 1 };
    expect(await world.ports.registry.enroll(next, undefined)).toBe(false);
    expect(await world.ports.registry.enroll(next, { ...node, rev: 1 })).toBe(false);
    expect(await world.ports.registry.enroll(next, { ...node, epoch: 1 })).toBe(false);
    expect(await world.ports.registry.enroll(next, node)).toBe(true);
    expect((await world.ports.registry.find('h1', true))?.epoch).toBe(node.epoch + 1);
  });

  it('are kept for a week after they were last seen', async () => {
    await world.enroll('h1');
    await world.ports.registry.recordPoll('h1', T0 + MINUTE);
    expect(await world.ports.registry.find('h1')).toMatchObject({
      lastSeenMs: T0 + MINUTE,
      expiresAtMs: T0 + MINUTE + NODE_TTL_MS,
    });
  });

  it('extend their acceleration, and never shorten it', async () => {
    await world.enroll('h1');
    await world.ports.registry.accelerate('h1', T0 + 2 * MINUTE);
    await world.ports.registry.accelerate('h1', T0 + MINUTE);
    expect((await world.ports.registry.find('h1'))?.hotUntilMs).toBe(T0 + 2 * MINUTE);
  });

  it('end once, at the first recorded time, and keep their data', async () => {
    const { node } = await world.enroll('h1');
    await world.ports.registry.recordInstance('h1', 'i-1');
    await world.ports.registry.end('h1', T0 + MINUTE);
    await world.ports.registry.end('h1', T0 + 2 * MINUTE);
    const ended = await world.ports.registry.find('h1', true);
    expect(ended).toMatchObject({ endedAtMs: T0 + MINUTE, instanceId: 'i-1', identity: node.identity });
    expect(await world.ports.registry.enroll({ ...node, epoch: node.epoch + 1 }, node)).toBe(false);
  });

  it('are not created by updates of their last contact, heat, names or end', async () => {
    await world.ports.registry.recordPoll('h1', T0);
    await world.ports.registry.accelerate('h1', T0);
    await world.ports.registry.recordInstance('h1', 'i-1');
    await world.ports.registry.end('h1', T0);
    expect(await everything(world.table)).toEqual([]);
  });
});

describe('aliases in DynamoDB', () => {
  it('name the host that was learned last, and none before', async () => {
    const { aliases } = world.ports;
    expect(await aliases.hostOf('i-1')).toBeUndefined();
    await aliases.learn('i-1', 'h1', T0);
    await aliases.learn('i-1', 'h2', T0);
    expect(await aliases.hostOf('i-1')).toBe('h2');
  });
});
