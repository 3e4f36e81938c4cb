import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy/policy-store.ts';
import { directoryEntryOf, everyEntry } from '../../../lib/core/nodes/directory.ts';
import { aPolicy, aVersion } from '../../support/a-policy.ts';
import { jsonLines, mayfly } from '../../support/command.ts';
import { MINUTE } from '../../support/times.ts';
import { atNow, aWatched, NOW } from './ledger/harness.ts';

atNow();

async function aMayflyWith(host: string) {
  const watched = await aWatched();
  const { world } = watched;
  const node = await world.aNode(host, { hostname: 'one\u001b[2J' });
  const directory = new DynamoNodeDirectory(world.table, world.now);
  await directory.record(directoryEntryOf(node, 'default'), NOW + MINUTE);
  return { ...watched, directory };
}

describe('mayfly node', () => {
  it('show prints the facts about a node and its fleet issues', async () => {
    const { world, ask } = await aMayflyWith('web-7');
    await world.ports.fleetIssues.record('identifier-shared', 'web-7', 'another agent lives', NOW);
    const [shown] = jsonLines((await ask('node', 'show', 'web-7', '--json')).stdout);
    expect(shown).toMatchObject({
      host: 'web-7',
      uuid: 'uuid-1',
      attested: false,
      profile: null,
      enrolledAt: '2026-11-20T10:15:00.000Z',
      revokedAt: null,
      fleetIssues: [{ kind: 'identifier-shared', advice: expect.any(String) }],
    });
    const { stdout } = await ask('node', 'show', 'web-7');
    expect(stdout).toMatch(/state +enrolled/);
    expect(stdout).not.toContain('\u001b');
  });

  it('show names the profile that the live policy gives a node', async () => {
    const { world, ask } = await aMayflyWith('web-7');
    const web = { name: 'web', match: { hostname: ['one*'] }, config: {} };
    const policy = aPolicy(1);
    const version = aVersion(1, { policy: { ...policy, profiles: [web, ...policy.profiles] } });
    await new DynamoPolicyStore(world.table).push(version, 0);
    expect(jsonLines((await ask('node', 'show', 'web-7', '--json')).stdout)).toMatchObject([{ profile: 'web' }]);
    expect((await ask('node', 'show', 'web-7')).stdout).toMatch(/profile +web/);
  });

  it('revoke ends a node after confirmation, and keeps its host out until --undo', async () => {
    const { world, ask, directory } = await aMayflyWith('web-7');
    const unconfirmed = await ask('node', 'revoke', 'web-7');
    expect([unconfirmed.code, unconfirmed.stderr]).toEqual([1, expect.stringContaining('--yes')]);
    expect((await world.ports.registry.find('web-7', true))?.revokedAtMs).toBeUndefined();

    const { code, stdout } = await ask('node', 'revoke', 'web-7', '--yes', '--json');
    expect([code, jsonLines(stdout)]).toEqual([0, [{ host: 'web-7', revoked: true, otherAgents: [] }]]);
    expect(await world.ports.registry.find('web-7', true)).toMatchObject({ revokedAtMs: NOW, endedAtMs: NOW });
    expect(await everyEntry(directory)).toEqual([]);
    await expect(world.enroll('web-7')).rejects.toThrow('revoked');
    await expect(world.enroll('web-7', { agentInstance: 'wiped' })).rejects.toThrow('revoked');
    expect((await ask('node', 'show', 'web-7')).stdout).toMatch(/state +revoked 2026/);

    expect((await ask('node', 'revoke', 'web-7', '--undo')).code).toBe(0);
    expect((await world.enroll('web-7')).node.host).toBe('web-7');
    expect((await ask('node', 'revoke', 'web-7', '--undo')).stderr).toContain('is not revoked');
  });

  it.each([
    [['node', 'revoke', '', '--yes']],
    [['node', 'show', ' ']],
    [['tasks', '--host', '']],
    [['rows', '--host', '']],
  ])('is not chosen by an empty name, as that of an unset variable: %j', async (words) => {
    const { world, ask } = await aMayflyWith('web-7');
    const { code, stderr } = await ask(...words);
    expect([code, stderr]).toEqual([2, expect.stringContaining('the name of the host is empty')]);
    expect((await world.ports.registry.find('web-7', true))?.revokedAtMs).toBeUndefined();
  });

  it('names the command that lists nodes for an unknown host', async () => {
    const { ask } = await aWatched();
    for (const command of [['show'], ['revoke', '--yes']]) {
      const { code, stderr } = await ask('node', ...command, 'web-9');
      expect([code, stderr]).toEqual([1, expect.stringContaining('npx mayfly nodes')]);
    }
  });

  it('has examples in its help, and accepts them', async () => {
    for (const command of ['show', 'revoke']) {
      const { stdout } = await mayfly('node', command, '--help');
      const examples = [...stdout.matchAll(/^ {2}\$ npx mayfly ([^|\n]*)/gm)].map(([, example]) => String(example));
      expect(examples.length).toBeGreaterThan(1);
      for (const example of examples)
        expect(await mayfly(...example.trim().split(/\s+/), '--help')).toMatchObject({ code: 0 });
    }
  });
});
