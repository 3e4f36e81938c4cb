import { describe, expect, it } from '@jest/globals';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import { fixture } from '../../../support/fixtures.ts';
import { inForce, plainPolicy } from '../../../support/plain-policy.ts';
import { SECOND } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
/** A rule that queries running tasks and accelerates no host itself. */
const cool = plainPolicy.rules.map((rule) => ({ ...rule, accelerateSeconds: 0 }));

/** For how long the host of the fixtures' task is hot after this event, in seconds. */
async function heatAfter(event: number, policy: Partial<Policy>): Promise<number> {
  const world = await World.begin();
  world.policy = inForce({ ...plainPolicy, rules: cool, ...policy });
  await world.aNode(INSTANCE);
  await world.take(fixture(15), fixture(event));
  const node = await world.ports.registry.find(INSTANCE, true);
  return Math.max(0, ((node?.hotUntilMs ?? 0) - world.nowMs) / SECOND);
}

describe('the acceleration of the policy', () => {
  it('begins with PENDING, before there is a container to query', async () => {
    expect(await heatAfter(2, { heatSeconds: 300 })).toBe(300);
  });

  it('lasts as long as the policy says; 0 disables it', async () => {
    expect(await heatAfter(5, { heatSeconds: 45 })).toBe(45);
    expect(await heatAfter(5, { heatSeconds: 0 })).toBe(0);
  });

  it("is as long as a rule's if that is longer", async () => {
    const rules = cool.map((rule) => ({ ...rule, accelerateSeconds: 120 }));
    expect(await heatAfter(5, { heatSeconds: 45, rules })).toBe(120);
  });

  it('does not apply to a task that stops or has stopped', async () => {
    expect(await heatAfter(6, { heatSeconds: 300 })).toBe(0);
    expect(await heatAfter(7, { heatSeconds: 300 })).toBe(0);
  });

  it('is renewed when a tenth of it has passed, so that the events of one start cost one write', async () => {
    const world = await World.begin();
    world.policy = inForce({ ...plainPolicy, rules: cool, heatSeconds: 300 });
    await world.aNode(INSTANCE);
    await world.take(fixture(15), fixture(1));
    const hotUntilMs = async () => (await world.ports.registry.find(INSTANCE, true))?.hotUntilMs;
    const first = world.nowMs + 300 * SECOND;
    world.nowMs += 30 * SECOND;
    await world.take(fixture(2));
    expect(await hotUntilMs()).toBe(first);
    world.nowMs += SECOND;
    await world.take(fixture(4));
    expect(await hotUntilMs()).toBe(first + 31 * SECOND);
  });
});
