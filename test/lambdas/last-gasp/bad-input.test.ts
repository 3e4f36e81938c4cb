import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { type AnyEvent, fixture } from '../../support/fixtures.ts';
import { INSTANCE, LastGasp, QUESTIONS } from '../../support/last-gasp.ts';
import { ourHook } from '../../support/our-hook.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE } from '../../support/times.ts';

const CASES = join(import.meta.dirname, '../../fixtures/cases');

let gasp: LastGasp<TableWorld>;
beforeEach(async () => {
  gasp = new LastGasp(await TableWorld.under(builtIn.policy)); // whose keys and values must accept what is left of the input
});

const without = (event: AnyEvent, field: string): AnyEvent => {
  const { [field]: _, ...detail } = event.detail;
  return { ...event, detail };
};
const actions = () => gasp.hooks.completed.map(({ action }) => action);

describe('a hook is completed for any event', () => {
  it.each([
    ['no token', without(ourHook(), 'LifecycleActionToken')],
    ['an empty token', ourHook({ LifecycleActionToken: '' })],
    ['a token that is not a text', ourHook({ LifecycleActionToken: { $gt: '' } })],
    ['a token that Auto Scaling did not make', ourHook({ LifecycleActionToken: 'not-a-token' })],
  ])('by its instance: %s', async (_, event) => {
    expect(await gasp.at(event)).toEqual([]);
    expect(actions()).toEqual([{ group: 'ephemeral-spot-arm64', hook: 'mayfly-last-gasp', instanceId: INSTANCE }]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it.each([
    ['neither', without(without(ourHook(), 'LifecycleActionToken'), 'EC2InstanceId')],
    ['an invalid token, and an empty instance', ourHook({ LifecycleActionToken: 'x', EC2InstanceId: '' })],
  ])('unless it names neither action nor instance, which is reported: %s', async (_, event) => {
    expect(await gasp.at(event)).toEqual([]);
    expect(actions()).toEqual([]);
    expect(gasp.world.outcomes()).toEqual(['noted']);
    expect(gasp.world.reports).toContainEqual({
      event: 'hook_nameless',
      fields: { group: 'ephemeral-spot-arm64', hook: 'mayfly-last-gasp' },
    });
  });

  it.each([
    ['no instance', without(ourHook(), 'EC2InstanceId')],
    ['an empty instance', ourHook({ EC2InstanceId: '' })],
    ['an instance that is not a text', ourHook({ EC2InstanceId: 17 })],
    ['an instance id that is too long', ourHook({ EC2InstanceId: 'i-'.padEnd(256, '0') })],
  ])('by its token, without queries: %s', async (_, event) => {
    expect(await gasp.at(event)).toEqual([]);
    expect(actions()).toEqual([
      {
        group: 'ephemeral-spot-arm64',
        hook: 'mayfly-last-gasp',
        token: String(fixture(24).detail.LifecycleActionToken),
      },
    ]);
    expect(gasp.world.outcomes()).toEqual(['noted']);
  });

  it.each([
    ['an unknown transition', { LifecycleTransition: 'autoscaling:EC2_INSTANCE_FADING' }],
    ['no transition', { LifecycleTransition: undefined }],
    ['an unknown origin', { Origin: 'ColdPool', Destination: null }],
    ['unknown fields', { NotificationMetadata: '🪰'.repeat(500), Retained: { deep: [true] } }],
  ])('like any other: %s', async (_, detail) => {
    expect(await gasp.at(ourHook(detail))).toEqual([]);
    expect(actions()).toHaveLength(1);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it.each(['Grüße aus Köln', '監視グループ', 'group with\ttab and "quotes"', '🦟'.repeat(60)])(
    'under the name its group has: %s',
    async (group) => {
      expect(await gasp.at(ourHook({ AutoScalingGroupName: group }))).toEqual([]);
      expect(actions()).toMatchObject([{ group }]);
    },
  );

  it('in each partition', async () => {
    for (const partition of ['aws', 'aws-cn', 'aws-us-gov', 'aws-iso-b']) {
      const arn = `arn:${partition}:autoscaling:x-1:111122223333:autoScalingGroup:a:autoScalingGroupName/g`;
      const token = `${partition.padEnd(8, '0').slice(0, 8)}-68d3-fbe1-029c-20c9a0d4dee7`;
      expect(await gasp.at({ ...ourHook({ LifecycleActionToken: token }), resources: [arn], account: '9' })).toEqual(
        [],
      );
    }
    expect(actions()).toHaveLength(4);
  });
});

describe('a terminate hook without documented fields', () => {
  const written = JSON.parse(readFileSync(join(CASES, 'event-terminate-hook-without-origin.json'), 'utf8')) as AnyEvent;

  it('queues last gasps if it names neither origin nor destination', async () => {
    gasp.world.nowMs = Date.parse(written.time);
    await gasp.world.aNode('i-0123456789abcdef0');
    expect(await gasp.send(written)).toEqual([]);
    expect(await gasp.asked('i-0123456789abcdef0')).toEqual(QUESTIONS);
  });

  it('is completed without them', async () => {
    expect(await gasp.at(without(without(ourHook(), 'Origin'), 'Destination'))).toEqual([]);
    expect(actions()).toHaveLength(1);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it.each([
    ['no group, which its resources name', without(ourHook(), 'AutoScalingGroupName'), 1],
    ['no group at all', { ...without(ourHook(), 'AutoScalingGroupName'), resources: [] }, 0],
    ['no name', ourHook({ LifecycleHookName: '' }), 0],
  ])('queues last gasps, and is completed if possible: %s', async (_, event, completed) => {
    expect(await gasp.at(event)).toEqual([]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(actions()).toHaveLength(completed);
  });
});

describe('an event that names no instance', () => {
  it.each([
    [
      'a hook without a group and an instance',
      { ...without(without(ourHook(), 'AutoScalingGroupName'), 'EC2InstanceId'), resources: [] },
    ],
    ['a warning without an instance', { ...without(fixture(20), 'instance-id'), resources: [] }],
    ['a recommendation whose instance is a list', { ...fixture(21, { 'instance-id': [INSTANCE] }), resources: [] }],
    ['a warning without detail', { ...fixture(20), resources: [], detail: null as unknown as AnyEvent['detail'] }],
  ])('is not retried: %s', async (_, event) => {
    gasp.world.nowMs = Date.parse(fixture(20).time);
    const { 'instance-id': __, ...detail } = fixture(21).detail;
    const good = { ...fixture(21), detail: { ...detail, 'instance-id': 'i-0000000000000000f' } };
    expect(await gasp.send(JSON.stringify(event), good)).toEqual([]);
    expect(gasp.world.reports.filter(({ event: reported }) => reported === 'event_malformed')).toHaveLength(1);
    expect(await gasp.asked('i-0000000000000000f')).toEqual(QUESTIONS);
    expect(gasp.hooks.completed).toEqual([]);
  });
});

it.each([
  ['as Spot writes it', `arn:aws:ec2:us-east-1a:instance/${INSTANCE}`],
  ['as other sources write it', `arn:aws-cn:ec2:cn-north-1:111122223333:instance/${INSTANCE}`],
  ['as a bare id', INSTANCE],
])('a warning without an instance in its detail is about the instance in its resources: %s', async (_, resource) => {
  gasp.world.nowMs = Date.parse(fixture(20).time);
  expect(await gasp.send({ ...without(fixture(20), 'instance-id'), resources: ['else', resource] })).toEqual([]);
  expect(await gasp.asked(INSTANCE)).toEqual(QUESTIONS);
});

describe('a warning is about its detail', () => {
  it.each([
    ['the malformed ARN that Spot sends', fixture(20).resources],
    ['a bare id of another instance', ['i-0fedcba9876543210']],
    ['nothing', []],
    ['no ARN at all', ['arn', ':::::', '🪰']],
  ])('and not about its resources: %s', async (_, resources) => {
    expect(await gasp.at({ ...fixture(20), resources })).toEqual([]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
    expect(await gasp.asked('i-0fedcba9876543210')).toEqual([]);
  });

  it.each(['hibernate', 'stop', 'terminate', 'evaporate'])('for any instance action: %s', async (action) => {
    expect(await gasp.at(fixture(20, { 'instance-action': action }))).toEqual([]);
    expect(await gasp.asked()).toEqual(QUESTIONS);
  });

  it('with an old id of eight digits, or an unsafe one', async () => {
    for (const id of ['i-1234abcd', "i-1'; DROP TABLE"]) {
      expect(await gasp.at(fixture(20, { 'instance-id': id }))).toEqual([]);
      expect(await gasp.asked(id)).toEqual(QUESTIONS);
    }
  });
});

describe('clocks that differ by minutes', () => {
  it.each([-11 * MINUTE, -MINUTE, 0, MINUTE, 11 * MINUTE])('make one record of an instance: %i ms', async (skewMs) => {
    gasp.world.nowMs = Date.parse(fixture(20).time) + skewMs;
    expect(await gasp.send(fixture(19), fixture(21), fixture(20), ourHook(), fixture(20))).toEqual([]);
    gasp.world.nowMs += 2 * 60 * MINUTE;
    expect(await gasp.world.verdict(INSTANCE)).toEqual({ verdict: 'missed', reason: 'no-agent' });
    expect(actions()).toHaveLength(1);
  });
});
