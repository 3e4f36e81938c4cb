import { expect, it } from '@jest/globals';
import { directoryEntryOf, everyEntry } from '../../lib/core/nodes/directory.ts';
import { NODE_TTL_MS } from '../../lib/core/nodes/node.ts';
import { aNode } from '../support/a-node.ts';
import { MINUTE, SECOND, T0 } from '../support/times.ts';
import { contract } from './editions.ts';

contract('the registry of nodes', (begin) => {
  it('finds the enrolled node, also in its host’s partition', async () => {
    const { queue, registry } = await begin();
    expect(await registry.find('h1', true)).toBeUndefined();
    expect(await registry.enroll(aNode('h1'), undefined)).toBe(true);
    expect(await registry.find('h1', true)).toEqual(aNode('h1'));
    expect((await queue.read('h1', true)).node).toEqual(aNode('h1'));
    expect((await queue.read('h2', true)).node).toBeUndefined();
  });

  it('replaces a node only if it did not change since the decision', async () => {
    const { registry } = await begin();
    const node = aNode('h1', { rev: 2 });
    const next = aNode('h1', { epoch: node.epoch + 1 });
    expect(await registry.enroll(next, node)).toBe(false);
    await registry.enroll(node, undefined);
    expect(await registry.enroll(next, undefined)).toBe(false);
    expect(await registry.enroll(next, { ...node, rev: 1 })).toBe(false);
    expect(await registry.enroll(next, { ...node, epoch: node.epoch - 1 })).toBe(false);
    expect(await registry.enroll(next, node)).toBe(true);
    expect(await registry.find('h1', true)).toEqual(next);
  });

  it('renews a node that polls', async () => {
    const { registry } = await begin();
    await registry.enroll(aNode('h1'), undefined);
    await registry.recordPoll('h1', T0 + MINUTE);
    const seen = { lastSeenMs: T0 + MINUTE, expiresAtMs: T0 + MINUTE + NODE_TTL_MS };
    expect(await registry.find('h1', true)).toEqual(aNode('h1', seen));
  });

  it('extends the acceleration of a node, and never shortens it', async () => {
    const { registry } = await begin();
    await registry.enroll(aNode('h1'), undefined);
    await registry.accelerate('h1', T0 + 2 * MINUTE);
    await registry.accelerate('h1', T0 + MINUTE);
    expect((await registry.find('h1', true))?.hotUntilMs).toBe(T0 + 2 * MINUTE);
  });

  it('keeps the last recorded tags', async () => {
    const { registry } = await begin();
    await registry.enroll(aNode('h1'), undefined);
    await registry.setTags('h1', { team: 'web', stage: 'test' });
    await registry.setTags('h1', { team: 'db' });
    expect((await registry.find('h1', true))?.tags).toEqual({ team: 'db' });
  });

  it('ends a node once, at the first recorded time, so that concurrent claims and enrollments fail', async () => {
    const { queue, registry } = await begin();
    const node = aNode('h1');
    await registry.enroll(node, undefined);
    await registry.recordInstance('h1', 'i-1');
    await registry.end('h1', T0 + MINUTE);
    await registry.end('h1', T0 + 2 * MINUTE);
    expect(await registry.find('h1', true)).toMatchObject({ endedAtMs: T0 + MINUTE, instanceId: 'i-1' });
    expect(await registry.enroll({ ...node, epoch: node.epoch + 1 }, node)).toBe(false);
    expect(await queue.claim('h1', node.rev, {})).toBe(false);
  });

  it('records other agents under the identifier, each once, until the node polls', async () => {
    const { registry } = await begin();
    await registry.enroll(aNode('h1', { contests: 'h0' }), undefined);
    for (const name of ['h1~a', 'h1~b', 'h1~a']) await registry.recordSecondAgent('h1', name, T0 + SECOND);
    expect(await registry.find('h1', true)).toMatchObject({
      secondAgents: ['h1~a', 'h1~b'],
      contestedAtMs: T0 + SECOND,
    });
    for (let n = 0; n < 20; n++) await registry.recordSecondAgent('h1', `h1~${n}`, T0);
    expect((await registry.find('h1', true))?.secondAgents).toHaveLength(8);
    await registry.endContest('h1');
    expect((await registry.find('h1', true))?.contests).toBeUndefined();
    await registry.recordDockerAccess('h1', T0 + SECOND);
    await registry.recordDockerAccess('h1', T0 + MINUTE);
    expect((await registry.find('h1', true))?.seesContainersAtMs).toBe(T0 + SECOND);
  });

  it('revokes a node, and re-admits only a revoked one', async () => {
    const { registry } = await begin();
    expect(await registry.revoke('h1', T0)).toBe(false);
    await registry.enroll(aNode('h1'), undefined);
    expect(await registry.readmit('h1')).toBe(false);
    expect(await registry.revoke('h1', T0 + MINUTE)).toBe(true);
    expect(await registry.find('h1', true)).toMatchObject({ endedAtMs: T0 + MINUTE, revokedAtMs: T0 + MINUTE });
    expect(await registry.readmit('h1')).toBe(true);
    expect(await registry.find('h1', true)).toBeUndefined();
  });

  it('has no node without an enrollment', async () => {
    const { registry } = await begin();
    await registry.recordPoll('h1', T0);
    await registry.accelerate('h1', T0);
    await registry.recordInstance('h1', 'i-1');
    await registry.setTags('h1', { team: 'db' });
    await registry.end('h1', T0);
    expect(await registry.find('h1', true)).toBeUndefined();
  });
});

contract('aliases', (begin) => {
  it('name the host that was learned last, and none before', async () => {
    const { aliases } = await begin();
    expect(await aliases.hostOf('i-1', true)).toBeUndefined();
    await aliases.learn('i-1', 'h1', T0);
    await aliases.learn('i-1', 'h2', T0);
    expect(await aliases.hostOf('i-1', true)).toBe('h2');
  });

  it('record their source and time, and are deleted only if unchanged', async () => {
    const { aliases } = await begin();
    await aliases.learn('i-1', 'h1', T0);
    expect(await aliases.find('i-1', true)).toEqual({ host: 'h1', source: 'agent', sinceMs: T0 });
    await aliases.learn('i-1', 'h2', T0 + SECOND, 'attestation');
    expect(await aliases.find('i-1', true)).toEqual({ host: 'h2', source: 'attestation', sinceMs: T0 + SECOND });
    await aliases.forget('i-1', 'h1');
    expect(await aliases.hostOf('i-1', true)).toBe('h2');
    await aliases.forget('i-1', 'h2');
    expect(await aliases.find('i-1', true)).toBeUndefined();
  });
});

contract('the directory', (begin) => {
  it('keeps the last recorded tags of listed nodes only', async () => {
    const { directory } = await begin();
    await directory.record(directoryEntryOf(aNode('h1', { tags: { team: 'web' } })), T0 + MINUTE);
    await directory.setTags('h1', { team: 'db' });
    await directory.setTags('h2', { team: 'db' });
    expect((await everyEntry(directory)).map(({ hostIdentifier, tags }) => [hostIdentifier, tags])).toEqual([
      ['h1', { team: 'db' }],
    ]);
  });

  it('lists every node once, as last recorded, with the configuration it runs', async () => {
    const { directory } = await begin();
    await directory.record(directoryEntryOf(aNode('h1'), 'default'), T0 + MINUTE);
    await directory.record(directoryEntryOf(aNode('h2'), 'default'), T0 + MINUTE);
    await directory.recordConfigHash('h1', 'hash');
    await directory.record(directoryEntryOf(aNode('h1', { lastSeenMs: T0 + SECOND })), T0 + MINUTE);
    const entries = await everyEntry(directory);
    const byName = entries.toSorted((a, b) => (a.hostIdentifier < b.hostIdentifier ? -1 : 1));
    expect(byName).toEqual([
      { ...directoryEntryOf(aNode('h1', { lastSeenMs: T0 + SECOND })), configHash: 'hash' },
      directoryEntryOf(aNode('h2'), 'default'),
    ]);
  });

  it('skips expired and removed nodes', async () => {
    const { clock, directory } = await begin();
    await directory.record(directoryEntryOf(aNode('h1')), T0 + MINUTE);
    await directory.record(directoryEntryOf(aNode('h2')), T0 + 2 * MINUTE);
    await directory.record(directoryEntryOf(aNode('h3')), T0 + 2 * MINUTE);
    await directory.remove('h3');
    await directory.remove('h4');
    clock.nowMs = T0 + MINUTE;
    expect((await everyEntry(directory)).map(({ hostIdentifier }) => hostIdentifier)).toEqual(['h2']);
  });

  it('does not list a node from its configuration alone, and deletes that with the node', async () => {
    const { directory } = await begin();
    await directory.recordConfigHash('h1', 'hash');
    expect(await everyEntry(directory)).toEqual([]);
    await directory.record(directoryEntryOf(aNode('h1')), T0 + MINUTE);
    await directory.recordConfigHash('h1', 'hash');
    await directory.remove('h1');
    await directory.record(directoryEntryOf(aNode('h1')), T0 + MINUTE);
    expect((await everyEntry(directory))[0]?.configHash).toBeUndefined();
  });
});
