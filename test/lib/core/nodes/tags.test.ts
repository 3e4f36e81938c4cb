import { expect, it } from '@jest/globals';
import { enroll } from '../../../../lib/core/enrollment/enroll.ts';
import { directoryEntryOf, factsOf } from '../../../../lib/core/nodes/directory.ts';
import { areSameTags, tagsIn } from '../../../../lib/core/nodes/tags.ts';
import { profileFor } from '../../../../lib/core/policy/agent-config.ts';
import { matchNode } from '../../../../lib/core/policy/match-node.ts';
import { anInstance, Sweeper } from '../../../support/a-sweeper.ts';
import { anIdentity } from '../../../support/an-agent.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import { World } from '../../../support/world.ts';

const ID = 'i-0a1b2c3d4e5f60718';
const PROFILES = [
  { name: 'db', match: { tags: { team: ['db'] } }, config: {} },
  { name: 'web', match: { secret: ['web'] }, config: {} },
  { name: 'default', config: {} },
];

it('are the tags of the identity by name, within 2 KB', () => {
  expect(tagsIn({ ip: '10.0.0.1', 'tag:team': 'db', 'tag:a': '1' })).toEqual({ a: '1', team: 'db' });
  const many = Object.fromEntries(Array.from({ length: 50 }, (_, n) => [`tag:${n + 10}`, 'x'.repeat(200)]));
  expect(Object.keys(tagsIn(many))).toEqual(['10', '11', '12', '13', '14', '15', '16', '17', '18', '19']);
});

it('are equal in any order, and different if one is changed or missing', () => {
  expect(areSameTags({ a: '1', b: '2' }, { b: '2', a: '1' })).toBe(true);
  expect(areSameTags({ a: '1' }, { a: '2' })).toBe(false);
  expect(areSameTags({ a: '1' }, { b: '1' })).toBe(false);
  expect(areSameTags({}, { a: '1' })).toBe(false);
});

it('are known for an agent that enrolls, with the name of its secret', async () => {
  const sweeper = new Sweeper();
  sweeper.account.putInstance(anInstance(ID, { launchedAtMs: T0, tags: { team: 'db' } }));
  await sweeper.sweep();
  const profileOf = async (secret: string) => {
    const enrollment = { hostIdentifier: ID, identity: anIdentity({ agentInstance: secret }), secret };
    const outcome = await enroll(enrollment, await sweeper.deps.policy(), sweeper.deps);
    if (outcome.kind !== 'enrolled') return outcome.kind;
    const { name } = profileFor(PROFILES, factsOf(outcome.node, T0));
    const other = profileFor(PROFILES.slice(1), factsOf(outcome.node, T0)).name;
    return `${name}, else ${other}`;
  };
  expect(await profileOf('web')).toBe('db, else web');
  sweeper.nowMs += 24 * 60 * MINUTE;
  expect(await profileOf('default')).toBe('db, else default');
});

it('follow those of the instance within a sweep: the next configuration and selectors use them', async () => {
  const sweeper = new Sweeper();
  const world = await World.begin();
  const node = await world.aNode(ID);
  await sweeper.hosts.enroll(node, undefined);
  await sweeper.directory.record(directoryEntryOf(node), T0 + 60 * MINUTE);
  const profileNow = async () => {
    const found = await sweeper.hosts.find(ID);
    return found && profileFor(PROFILES, factsOf(found, sweeper.nowMs)).name;
  };
  expect(await profileNow()).toBe('default');
  for (const [team, profile] of [
    ['db', 'db'],
    ['other', 'default'],
    ['db', 'db'],
  ] as const) {
    sweeper.account.putInstance(anInstance(ID, { launchedAtMs: T0, tags: { team } }));
    sweeper.nowMs += MINUTE;
    expect(await sweeper.sweep()).toBe(0);
    expect(await profileNow()).toBe(profile);
    const { entries } = await sweeper.directory.page();
    expect(entries.map((entry) => matchNode({ tags: { team: [team] } }, entry))).toEqual([true]);
    expect(sweeper.ledger.record(ID)?.identity['tag:team']).toBe(team);
  }
});
