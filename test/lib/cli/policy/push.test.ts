import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { SHIPPED_BY } from '../../../../lib/core/policy/policy-version.ts';
import { aVersion } from '../../../support/a-policy.ts';
import {
  aMayfly,
  CONFIG,
  folderOf,
  jsonLines,
  mayfly,
  mayflyAtOnce,
  policySelecting,
  ruleSelecting,
} from '../../../support/command.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const ISO = /^\d{4}-\d\d-\d\dT[\d:]{8}\.\d{3}Z$/;

describe('mayfly policy push', () => {
  it('makes a folder the first version in an empty table', async () => {
    const { data, store } = await aMayfly();
    const dir = await policySelecting('id, name');
    const { code, stdout } = await mayfly('policy', 'push', dir, '--data', data, '-m', 'first');
    expect([code, stdout]).toEqual([0, expect.stringContaining('Version 1 is live')]);
    const live = await store.current();
    expect(live).toMatchObject({ version: 1, message: 'first', pushedBy: expect.stringMatching(/.@./) });
    expect(Object.keys(live?.sources ?? {}).sort()).toEqual(['config/default.yaml', 'rules/task.yaml']);
    expect(live?.policy.rules[0]?.queries[0]?.sql).toContain('SELECT id, name FROM');
  });

  it('shows the changes and makes them live', async () => {
    const { data, store } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id, name'), '--data', data, '-m', 'first');
    const { stdout } = await mayfly(
      'policy',
      'push',
      await policySelecting('id, image'),
      '--data',
      data,
      '-m',
      'second',
    );
    expect(stdout).toMatch(/~ query container\n.*\n +- +name\n +\+ +image\n/);
    expect(stdout).toContain('Version 2 is live');
    expect((await store.current())?.message).toBe('second');
  });

  it('pushes nothing without a change', async () => {
    const { data, store } = await aMayfly();
    const dir = await policySelecting('id, name');
    await mayfly('policy', 'push', dir, '--data', data, '-m', 'first');
    const again = await mayfly('policy', 'push', dir, '--data', data, '-m', 'again');
    expect([again.code, again.stdout]).toEqual([0, expect.stringContaining('Nothing to push')]);
    expect(await store.liveNumber()).toBe(1);
  });

  it('pushes a changed comment too: the live version can be shown as it was written', async () => {
    const { data, store } = await aMayfly();
    const before = { 'rules/none.yaml': '[]\n', 'config/default.yaml': CONFIG };
    await mayfly('policy', 'push', await folderOf(before), '--data', data, '-m', 'first');
    const commented = { ...before, 'config/default.yaml': `# everybody\n${CONFIG}` };
    const { code } = await mayfly('policy', 'push', await folderOf(commented), '--data', data, '-m', 'comment');
    expect(code).toBe(0);
    expect((await store.current())?.sources['config/default.yaml']).toMatch(/^# everybody/);
  });

  it('refuses a folder with errors and leaves the live version unchanged', async () => {
    const { data, store } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id, name'), '--data', data, '-m', 'first');
    const bad = await mayfly('policy', 'push', await policySelecting('id, no_such'), '--data', data, '-m', 'bad');
    expect(bad.code).toBe(1);
    expect(bad.stderr).toMatch(/rules\/task\.yaml:\d+:\d+: error: .*no_such/);
    expect(bad.stderr).toContain('the live version is unchanged');
    expect(await store.liveNumber()).toBe(1);
  });

  it('warns about a policy that would send no query', async () => {
    const { data } = await aMayfly();
    const dir = await folderOf({ 'config/default.yaml': CONFIG });
    const { code, stderr } = await mayfly('policy', 'push', dir, '--data', data, '-m', 'silence');
    expect([code, stderr]).toEqual([0, expect.stringContaining('warning')]);
  });

  it('requires a message', async () => {
    const { code, stderr } = await mayfly('policy', 'push');
    expect([code, stderr]).toEqual([2, expect.stringContaining("'-m, --message <text>' not specified")]);
  });

  it('with --expect lists the versions pushed in between, and their authors', async () => {
    const { data, store } = await aMayfly();
    for (const n of [1, 2, 3]) await store.push(aVersion(n), n - 1);
    const dir = await policySelecting('id, name');
    const late = await mayfly('policy', 'push', dir, '--data', data, '-m', 'late', '--expect', '1');
    expect(late.code).toBe(1);
    expect(late.stderr).toContain('nothing is pushed');
    expect(late.stderr).toMatch(/3 .*user3@laptop: change 3\n.*2 .*user2@laptop: change 2/);
    expect(late.stderr).not.toContain('change 1');
    expect(late.stderr).toContain('rule-3');
    expect(await store.liveNumber()).toBe(3);

    const json = await mayfly('policy', 'push', dir, '--data', data, '-m', 'late', '--expect', '2', '--json');
    expect([json.code, jsonLines(json.stdout)]).toEqual([
      1,
      [
        {
          pushed: null,
          expected: 2,
          live: 3,
          between: [expect.objectContaining({ version: 3, pushedAt: new Date(T0 + 3 * MINUTE).toISOString() })],
        },
      ],
    ]);
    expect((await mayfly('policy', 'push', dir, '--data', data, '-m', 'now', '--expect', '3')).code).toBe(0);
  });

  it('lets one of four concurrent pushes win, and the others report the conflict', async () => {
    const { data, store } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id'), '--data', data, '-m', 'first');
    const messages = ['name', 'image', 'state', 'pid'];
    const dirs = await Promise.all(messages.map((column) => policySelecting(`id, ${column}`)));
    const { codes, stderr } = await mayflyAtOnce(
      ...dirs.map((dir, n) => ['policy', 'push', dir, '--data', data, '-m', messages[n] ?? '', '--expect', '1']),
    );
    expect([...codes].sort()).toEqual([0, 1, 1, 1]);
    const winner = messages[codes.indexOf(0)];
    expect((await store.history(10)).map(({ message }) => message)).toEqual([winner, 'first']);
    expect(stderr.match(new RegExp(`  2  .*: ${winner}$`, 'gm'))).toHaveLength(3);
  });

  it('does not overwrite a version that a colleague pushed since the diff', async () => {
    const { data, store } = await aMayfly();
    const mine = await policySelecting('id, name');
    await mayfly('policy', 'push', mine, '--data', data, '-m', 'first');
    await writeFile(join(mine, 'rules/task.yaml'), ruleSelecting('id, state'));
    expect((await mayfly('policy', 'diff', mine, '--data', data)).code).toBe(3);
    await mayfly('policy', 'push', await policySelecting('id, image'), '--data', data, '-m', 'of a colleague');
    const { code, stderr } = await mayfly('policy', 'push', mine, '--data', data, '-m', 'mine');
    expect([code, stderr]).toEqual([1, expect.stringContaining('not version 1 but 2 is live')]);
    expect(stderr).toContain('of a colleague');
    expect(await store.liveNumber()).toBe(2);
    await mayfly('policy', 'diff', mine, '--data', data);
    expect((await mayfly('policy', 'push', mine, '--data', data, '-m', 'mine')).code).toBe(0);
    await writeFile(join(mine, 'rules/task.yaml'), ruleSelecting('id, status'));
    expect((await mayfly('policy', 'push', mine, '--data', data, '-m', 'my next')).code).toBe(0);
  });

  it("asks for confirmation before it replaces a colleague's version that the folder was never compared with", async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1, { pushedBy: 'somebody@else' }), 0);
    const dir = await policySelecting('id, name');
    const { code, stderr } = await mayfly('policy', 'push', dir, '--data', data, '-m', 'mine');
    expect([code, stderr]).toEqual([1, expect.stringContaining('it replaces version 1 of somebody@else')]);
    expect((await mayfly('policy', 'push', dir, '--data', data, '-m', 'mine', '--expect', '1')).code).toBe(0);
  });

  it('does not ask about the default policy, which no colleague pushed', async () => {
    const { data, store } = await aMayfly();
    const policy = { ...aVersion(1).policy, rules: [] };
    await store.push(aVersion(1, { policy, pushedBy: SHIPPED_BY }), 0);
    const push = ['policy', 'push', await policySelecting('id, name'), '--data', data, '-m', 'mine'];
    expect(await mayfly(...push)).toMatchObject({ code: 0 });
  });

  it('deletes rules and profiles only with --yes when there is no terminal', async () => {
    const { data, store } = await aMayfly();
    const dir = await policySelecting('id, name');
    await mayfly('policy', 'push', dir, '--data', data, '-m', 'first');
    await writeFile(join(dir, 'rules/task.yaml'), ruleSelecting('id, name').replace('rule: task', 'rule: other'));
    const { code, stderr } = await mayfly('policy', 'push', dir, '--data', data, '-m', 'second');
    expect([code, stderr]).toEqual([1, expect.stringContaining('nothing is pushed: it deletes the rule task')]);
    const json = await mayfly('policy', 'push', dir, '--data', data, '-m', 'second', '--json');
    expect(jsonLines(json.stdout)).toEqual([{ pushed: null, live: 1, unconfirmed: ['it deletes the rule task'] }]);
    expect(await store.liveNumber()).toBe(1);
    expect((await mayfly('policy', 'push', dir, '--data', data, '-m', 'second', '--yes')).code).toBe(0);
  });

  it('prints the pushed version with --json', async () => {
    const { data } = await aMayfly();
    const dir = await policySelecting('id, name');
    const { stdout } = await mayfly('policy', 'push', dir, '--data', data, '-m', 'first', '--json');
    const [answer, ...more] = jsonLines(stdout);
    expect(more).toEqual([]);
    expect(answer).toMatchObject({
      pushed: {
        version: 1,
        message: 'first',
        pushedAt: expect.stringMatching(ISO),
        digest: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    });
  });
});

describe('--json of mayfly policy', () => {
  it.each(['history', 'show'])('%s has the time of the push in ISO 8601', async (command) => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const [version] = jsonLines((await mayfly('policy', command, '--data', data, '--json')).stdout).flat();
    expect(version).toMatchObject({ version: 1, pushedAt: new Date(T0 + MINUTE).toISOString() });
    expect(version).not.toHaveProperty('pushedAtMs');
  });
});

describe('mayfly policy rollback', () => {
  it('makes the previous version live again, as a new one', async () => {
    const { data, store } = await aMayfly();
    for (const n of [1, 2, 3]) await store.push(aVersion(n), n - 1);
    const { code, stdout } = await mayfly('policy', 'rollback', '--data', data);
    expect([code, stdout]).toEqual([0, expect.stringContaining('Version 4 is live')]);
    const { policy, sources, digest } = aVersion(2);
    expect(await store.current()).toMatchObject({
      version: 4,
      policy,
      sources,
      digest,
      message: 'Roll back to version 2: change 2',
    });
  });

  it('goes to any version, and records the reason', async () => {
    const { data, store } = await aMayfly();
    for (const n of [1, 2, 3]) await store.push(aVersion(n), n - 1);
    await mayfly('policy', 'rollback', '1', '--data', data, '-m', 'too slow');
    expect(await store.current()).toMatchObject({ version: 4, policy: aVersion(1).policy, message: 'too slow' });
  });

  it.each([
    [['9'], 'has no version 9'],
    [['0'], 'whole number from 1'],
    [['--expect', '2'], 'nothing is pushed'],
  ])('%j changes nothing', async (args, message) => {
    const { data, store } = await aMayfly();
    for (const n of [1, 2, 3]) await store.push(aVersion(n), n - 1);
    const { code, stderr } = await mayfly('policy', 'rollback', ...args, '--data', data);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(message);
    expect(await store.liveNumber()).toBe(3);
  });

  it('fails on the first version, or without one', async () => {
    const { data, store } = await aMayfly();
    expect((await mayfly('policy', 'rollback', '--data', data)).stderr).toContain('no version before');
    await store.push(aVersion(1), 0);
    expect((await mayfly('policy', 'rollback', '--data', data)).stderr).toContain('no version before');
    expect(await store.liveNumber()).toBe(1);
  });
});

describe('mayfly policy diff', () => {
  it('exits with 0 without a difference and with 3 with one', async () => {
    const { data } = await aMayfly();
    const dir = await policySelecting('id, name');
    await mayfly('policy', 'push', dir, '--data', data, '-m', 'first');
    expect(await mayfly('policy', 'diff', dir, '--data', data)).toMatchObject({ code: 0 });
    const other = await mayfly('policy', 'diff', await policySelecting('id, image'), '--data', data);
    expect(other).toMatchObject({
      code: 3,
      stdout: expect.stringMatching(/- +name\n +\+ +image\n/),
    });
  });

  it('shows the whole policy against an empty table', async () => {
    const { data } = await aMayfly();
    const { code, stdout } = await mayfly('policy', 'diff', await policySelecting('id'), '--data', data);
    expect([code, stdout]).toEqual([3, expect.stringContaining('task')]);
  });

  it('names the compared version with --json', async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1), 0);
    const { stdout } = await mayfly('policy', 'diff', await policySelecting('id'), '--data', data, '--json');
    expect(jsonLines(stdout)[0]).toMatchObject({ live: 1, same: false, changes: { isEmpty: false } });
  });

  it('reports a missing folder', async () => {
    const { data } = await aMayfly();
    const dir = await policySelecting('id');
    await rm(dir, { recursive: true });
    const { code, stderr } = await mayfly('policy', 'diff', join(dir, 'x'), '--data', data);
    expect([code, stderr]).toEqual([1, expect.stringContaining('mayfly policy init')]);
  });
});
