import { beforeEach, describe, expect, it } from '@jest/globals';
import { NODE_TTL_MS } from '../../../lib/core/nodes/node.ts';
import { anAnswer } from '../../support/an-agent.ts';
import { fixture, fixtureNumbers } from '../../support/fixtures.ts';
import { FunctionWorld } from '../../support/function-world.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE } from '../../support/times.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const METADATA =
  'SELECT instance_id, instance_type, architecture, region, availability_zone, local_hostname, local_ipv4, ' +
  'mac, iam_arn, ami_id, account_id FROM ec2_instance_metadata';
const SYSTEM =
  'SELECT s.hostname, s.uuid, s.hardware_vendor, s.hardware_model, s.cpu_brand, s.physical_memory, ' +
  'o.name AS os_name, o.version AS os_version, o.platform, o.arch FROM system_info s, os_version o';
const LAUNCH = [
  { query: 'instance', rule: 'ec2-launched', sql: METADATA },
  { query: 'system', rule: 'ec2-launched', sql: SYSTEM },
];

const STARTED = Date.parse('2026-11-20T10:10:35Z');

let world: FunctionWorld | TableWorld;
beforeEach(() => {
  world = new FunctionWorld();
  world.nowMs = STARTED;
});

/** For events of one batch, which the function handles at the same time: in memory their calls would end in another order. */
async function onTable(): Promise<void> {
  world = await TableWorld.begin();
  world.nowMs = STARTED;
}

describe('an instance that starts', () => {
  it.each([
    ['EC2', [19]],
    ['its Auto Scaling group', [22]],
    ['EC2, then its group', [19, 22]],
    ['its group, then EC2', [22, 19]],
    ['both, and both again', [19, 22, 19, 22]],
  ])('is queried once for events from %s', async (_, numbers) => {
    for (const number of numbers) expect(await world.send(fixture(number))).toEqual([]);
    expect(await world.waiting(INSTANCE)).toEqual(LAUNCH);
    expect(world.outcomes().filter((outcome) => outcome === 'queued')).toHaveLength(1);
    expect(await world.record(INSTANCE)).toMatchObject({ kind: 'ec2-instance', subjects: [INSTANCE] });
  });

  it('is queried at its next start, even after an event with a time in the far future', async () => {
    await world.send({ ...fixture(19), time: '+050000-01-01T00:00:00Z' });
    const { pending } = await world.ports.queue.read(INSTANCE, true);
    await world.ports.queue.remove(pending);
    world.nowMs += 30 * MINUTE;
    await world.send({ ...fixture(19), time: new Date(world.nowMs).toISOString() });
    expect(await world.waiting(INSTANCE)).toEqual(LAUNCH);
  });

  it('is queried once if both events arrive in one batch', async () => {
    await onTable();
    expect(await world.send(fixture(22), fixture(19))).toEqual([]);
    expect(await world.waiting(INSTANCE)).toEqual(LAUNCH);
  });

  it('is queried again when it starts after a stop', async () => {
    await world.send(fixture(19));
    await world.aNode(INSTANCE);
    const taken = await world.poll(INSTANCE);
    await world.answer(
      INSTANCE,
      taken.map(({ wireId }) => anAnswer(wireId)),
    );
    world.nowMs += 20 * MINUTE;
    await world.send({ ...fixture(19), time: '2026-11-20T10:30:35Z' });
    expect(await world.waiting(INSTANCE)).toEqual(LAUNCH);
  });

  it('keeps its queries for the first poll of an agent that enrolls after the start, and is then seen', async () => {
    await onTable();
    await world.send(fixture(19), fixture(22));
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'pending' });
    world.nowMs += MINUTE;
    await world.aNode(INSTANCE);
    const taken = await world.poll(INSTANCE);
    expect(taken.map(({ rule, query }) => `${rule} ${query}`).sort()).toEqual([
      'ec2-launched instance',
      'ec2-launched system',
    ]);

    const instance = taken.find(({ query }) => query === 'instance')?.wireId ?? '';
    await world.answer(INSTANCE, [anAnswer(instance, [{ instance_id: INSTANCE, ami_id: 'ami-1' }])]);
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'seen' });
    expect(world.sink.stored).toMatchObject([{ workload: INSTANCE, set: 'launch', columns: { ami_id: 'ami-1' } }]);
  });

  it('is queried under the host its agent enrolled as, if that is known', async () => {
    await world.ports.aliases.learn(INSTANCE, 'web-7', world.nowMs);
    await world.send(fixture(19));
    expect(await world.waiting('web-7')).toEqual(LAUNCH);
    expect(await world.waiting(INSTANCE)).toEqual([]);
  });

  it('is missed as no-agent without an enrollment, after an hour and the grace for answers', async () => {
    await world.send(fixture(19));
    world.nowMs += 63 * MINUTE - 1;
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'pending' });
    world.nowMs += 1;
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'no-agent' });
  });

  it('is missed as no-agent if its node has expired', async () => {
    await world.aNode(INSTANCE);
    world.nowMs += NODE_TTL_MS;
    await world.send(fixture(19));
    world.nowMs += 63 * MINUTE;
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'no-agent' });
  });

  it('is not seen by a row that names another instance', async () => {
    await world.send(fixture(19));
    await world.aNode(INSTANCE);
    const taken = await world.poll(INSTANCE);
    const instance = taken.find(({ query }) => query === 'instance')?.wireId ?? '';
    await world.answer(INSTANCE, [anAnswer(instance, [{ instance_id: 'i-0fffffffffffffff0' }])]);
    world.nowMs += 63 * MINUTE;
    expect(await world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'no-row' });
  });
});

describe('an event that is not a launch', () => {
  it.each([
    ['a state other than running', fixture(19, { state: 'stopping' })],
    ['an unknown state', fixture(19, { state: 'hibernating-sideways' })],
    ['a launch into a warm pool', fixture(22, { Destination: 'WarmPool' })],
    ['a launch that names no instance', { ...fixture(22, { EC2InstanceId: '' }), resources: [] }],
  ])('queues nothing: %s', async (_, event) => {
    expect(await world.send(event)).toEqual([]);
    expect(world.outcomes()).toEqual(['ignored']);
    expect(await world.waiting(INSTANCE)).toEqual([]);
  });

  const others = fixtureNumbers.filter((number) => number >= 17 && number !== 19 && number !== 22);
  it.each(others)('queues nothing on fixture %i, which matches no rule', async (number) => {
    expect(await world.send(fixture(number))).toEqual([]);
    expect(world.outcomes()).toEqual(['noted']);
  });

  it.each([
    ['no instance id anywhere', { ...fixture(19), resources: [], detail: { state: 'running' } }],
    ['an instance id that is not a text', { ...fixture(19, { 'instance-id': { $gt: '' } }), resources: [] }],
    ['no state', fixture(19, { state: null })],
    ['no detail and resources', { ...fixture(19), detail: null, resources: [] }],
  ])('is not retried: an event with %s', async (_, event) => {
    expect(await world.send(JSON.stringify(event), fixture(22))).toEqual([]);
    expect(world.reports).toContainEqual({ event: 'event_malformed', fields: { why: expect.any(String) } });
    expect(await world.waiting(INSTANCE)).toEqual(LAUNCH);
  });
});
