import { beforeEach, describe, expect, it } from '@jest/globals';
import { aWorldUnder } from '../../../support/a-request.ts';
import { fixture } from '../../../support/fixtures.ts';
import { defaultPolicyWith } from '../../../support/policy-folder.ts';
import type { World } from '../../../support/world.ts';

const policy = defaultPolicyWith('rules/guardduty.yaml', 'rules/spot.yaml');
const ON_ECS = 'i-0a1b2c3d4e5f60718';
const ON_EKS = 'i-0b9c8d7e6f5a41230';

let world: World;
beforeEach(async () => {
  world = await aWorldUnder(policy);
});

const arrives = async (number: number, detail = {}) => {
  const event = fixture(number, detail);
  world.nowMs = Date.parse(event.time);
  expect(await world.launch(event)).toEqual([]);
};
const names = async (host: string) => (await world.waiting(host)).map(({ rule, query }) => `${rule} ${query}`).sort();

const SPOT = ['spot-last-gasp containers', 'spot-last-gasp people', 'spot-last-gasp processes'];
const INSTANCE = ['connections', 'persistence', 'unusual-processes'].map((query) => `guardduty-instance ${query}`);
const PROCESS = ['binary', 'open-files', 'process'].map((query) => `guardduty-runtime-process ${query}`);

describe('the examples, on recorded events', () => {
  it.each([
    ['a Spot interruption warning', 20, ON_ECS, SPOT],
    ['a GuardDuty finding about an instance', 25, ON_ECS, INSTANCE],
    ['a GuardDuty finding about a process of a pod', 26, ON_EKS, [...INSTANCE, ...PROCESS]],
  ])('%s (%i) asks the instance it names', async (_, number, host, expected) => {
    await arrives(number);
    expect(await names(host)).toEqual(expected);
  });

  it('a rebalance recommendation (21) asks the instance it names', async () => {
    await arrives(21);
    expect(await names(String(fixture(21).detail['instance-id']))).toEqual(SPOT);
  });

  it('ask an instance under the name its agent enrolled with', async () => {
    await world.aNode('web-01');
    await world.ports.aliases.learn(ON_ECS, 'web-01', world.nowMs);
    await arrives(25);
    expect(await names('web-01')).toEqual(INSTANCE);
    expect(await names(ON_ECS)).toEqual([]);
    expect((await world.ports.registry.find('web-01', true))?.hotUntilMs).toBe(world.nowMs + 15 * 60_000);
  });

  it('ask for the process that the finding names', async () => {
    await arrives(26);
    const asked = await world.waiting(ON_EKS);
    expect(asked.find(({ query }) => query === 'process')?.sql).toMatch(/WHERE pid = 41277$/);
  });

  it('ask nothing about a finding of low severity', async () => {
    await arrives(25, { severity: 2 });
    expect(await names(ON_ECS)).toEqual([]);
  });

  it('ask once about a finding that comes twice', async () => {
    await arrives(25);
    await world.ports.queue.remove((await world.ports.queue.open(ON_ECS, true)).pending);
    await arrives(25);
    expect(await names(ON_ECS)).toEqual([]);
  });

  it('ask what is urgent before what waited already', async () => {
    await world.aNode(ON_ECS);
    await arrives(19);
    await arrives(25);
    const delivered = await world.poll(ON_ECS);
    expect(delivered.map(({ rule }) => rule)).toEqual(Array(3).fill('guardduty-instance'));
  });
});
