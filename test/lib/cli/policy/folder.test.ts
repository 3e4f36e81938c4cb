import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { aVersion } from '../../../support/a-policy.ts';
import {
  aFolder,
  aMayfly,
  CONFIG,
  folderOf,
  jsonLines,
  mayfly,
  policySelecting,
  ruleSelecting,
} from '../../../support/command.ts';

const filesIn = async (dir: string): Promise<string[]> =>
  (await readdir(dir, { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort();

describe('mayfly policy init', () => {
  it('writes a policy without a problem', async () => {
    const dir = join(await aFolder(), 'new', 'policy');
    const { code, stdout } = await mayfly('policy', 'init', dir);
    expect([code, stdout]).toEqual([0, expect.stringContaining(`npx mayfly policy check ${dir}`)]);
    const ours = (await filesIn('policy')).filter((file) => !file.startsWith('built-in.'));
    expect(await filesIn(dir)).toEqual(ours);
    expect(await mayfly('policy', 'check', dir, '--json')).toMatchObject({
      code: 0,
      stdout: '{"ok":true,"problems":[]}\n',
    });
  });

  it('overwrites nothing, even behind a link, and restores missing files', async () => {
    const dir = join(await aFolder(), 'policy');
    await mayfly('policy', 'init', dir);
    const [first = '', second = '', third = ''] = await filesIn(dir);
    const elsewhere = join(await aFolder(), 'elsewhere');
    await writeFile(elsewhere, 'theirs');
    await writeFile(join(dir, first), 'mine');
    const other = join(await aFolder(), 'policy');
    await mkdir(join(other, second, '..'), { recursive: true });
    await symlink(elsewhere, join(other, second));

    const { stdout } = await mayfly('policy', 'init', dir, '--json');
    const [answer] = jsonLines(stdout);
    expect(answer).toMatchObject({ written: [], kept: expect.arrayContaining([first, second, third]) });
    expect(await readFile(join(dir, first), 'utf8')).toBe('mine');
    expect(jsonLines((await mayfly('policy', 'init', other, '--json')).stdout)[0]).toMatchObject({ kept: [second] });
    expect(await readFile(elsewhere, 'utf8')).toBe('theirs');
  });
});

describe('mayfly policy check', () => {
  it('reports no problem in a good folder', async () => {
    const dir = await policySelecting('id, name');
    const { code, stdout } = await mayfly('policy', 'check', dir);
    expect([code, stdout]).toEqual([0, `${dir}: 1 rule, 2 queries, 1 profile: no problems\n`]);
  });

  it('prints file, line and column of every error, and exits with 1', async () => {
    const dir = await folderOf({
      'rules/task.yaml': `${ruleSelecting('id, nmae')}\n- rule: broken\n  anwsers: typo\n`,
      'config/default.yaml': CONFIG,
    });
    const { code, stdout } = await mayfly('policy', 'check', dir);
    expect(code).toBe(1);
    expect(stdout).toMatch(new RegExp(`^${dir}/rules/task\\.yaml:8:\\d+: error: .*nmae`, 'm'));
    expect(stdout).toMatch(new RegExp(`^${dir}/rules/task\\.yaml:18:3: error: .*anwsers`, 'm'));
    expect(stdout).toMatch(/\d errors/);
    expect(stdout.replaceAll('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('prints each problem as an object with --json', async () => {
    const dir = await folderOf({ 'rules/task.yaml': ruleSelecting('no_such'), 'config/default.yaml': CONFIG });
    const { code, stdout } = await mayfly('policy', 'check', dir, '--json');
    expect([code, jsonLines(stdout)]).toEqual([
      1,
      [
        {
          ok: false,
          problems: expect.arrayContaining([
            expect.objectContaining({
              severity: 'error',
              file: 'rules/task.yaml',
              line: 8,
              column: expect.any(Number),
            }),
          ]),
        },
      ],
    ]);
  });

  it('accepts warnings', async () => {
    const dir = await folderOf({
      'rules/task.yaml': ruleSelecting('id'),
      'config/default.yaml': CONFIG.replace(/, logger_tls_max.* }/, ' }'),
    });
    const { code, stdout } = await mayfly('policy', 'check', dir);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/config\/default\.yaml:2:1: warning: /)]);
  });

  it('rejects a policy too large for the table', async () => {
    const noise = Array.from({ length: 40_000 }, (_, n) => `# ${Math.sin(n)} ${Math.cos(n)}\n`).join('');
    const files = { 'rules/task.yaml': ruleSelecting('id'), 'config/default.yaml': CONFIG };
    const dir = await folderOf({
      ...files,
      'rules/a.yaml': `${noise.slice(0, 900_000)}\n[]`,
      'rules/b.yaml': `# ${noise.slice(-600_000)}\n[]`,
    });
    const { code, stdout } = await mayfly('policy', 'check', dir);
    expect([code, stdout]).toEqual([1, expect.stringMatching(/KB compressed/)]);
  });
});

describe('mayfly policy show', () => {
  it('names rules, profiles and the hash that nodes will report', async () => {
    const { data, store } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id, name'), '--data', data, '-m', 'first');
    const { code, stdout } = await mayfly('policy', 'show', '--data', data);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Version 1, live: first$/m);
    expect(stdout).toMatch(/task .*ECS Task State Change.* ecs-task-host .*container; post-mortem: container/);
    expect(stdout).toMatch(/default {2}all other nodes {2}[0-9a-f]{40}/);
    const json = await mayfly('policy', 'show', '1', '--data', data, '--json');
    const { pushedAtMs, ...version } = (await store.current()) ?? fail();
    const pushedAt = new Date(pushedAtMs).toISOString();
    expect(jsonLines(json.stdout)[0]).toEqual({ ...version, pushedAt, live: true });
  });

  it('writes the files of a version, which can be pushed again', async () => {
    const { data, store } = await aMayfly();
    const dir = await policySelecting('id, name');
    await mayfly('policy', 'push', dir, '--data', data, '-m', 'first');
    const out = join(await aFolder(), 'out');
    await mayfly('policy', 'show', '--files', out, '--data', data);
    expect(await filesIn(out)).toEqual(await filesIn(dir));
    expect((await mayfly('policy', 'diff', out, '--data', data)).code).toBe(0);

    const again = await mayfly('policy', 'show', '--files', out, '--data', data);
    expect([again.code, again.stderr]).toEqual([1, expect.stringContaining('exists already')]);
    expect(await store.liveNumber()).toBe(1);
  });

  it('writes nothing outside the given folder', async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1, { sources: { 'rules/a.yaml': 'a', '../evil.yaml': 'x' } }), 0);
    const parent = await aFolder();
    const { code } = await mayfly('policy', 'show', '--files', join(parent, 'out'), '--data', data);
    expect([code, await readdir(parent)]).toEqual([1, []]);
  });

  it('removes control characters of a message before it reaches the terminal', async () => {
    const { data, store } = await aMayfly();
    await store.push(aVersion(1, { message: 'good\u001b[2J\u202ebye', pushedBy: 'eve\u0007' }), 0);
    for (const command of ['show', 'history']) {
      const { stdout } = await mayfly('policy', command, '--data', data);
      expect(stdout).toContain('good [2J bye');
      expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });
});

describe('mayfly policy history', () => {
  it('lists the newest version first and marks the live one', async () => {
    const { data, store } = await aMayfly();
    expect((await mayfly('policy', 'history', '--data', data)).stdout).toContain('no policy yet');
    for (const n of [1, 2]) await store.push(aVersion(n), n - 1);
    const { stdout } = await mayfly('policy', 'history', '--data', data);
    expect(stdout).toMatch(/^\* 2 {2}[\d-]+ [\d:]+Z {2}user2@laptop {2}change 2\n {2}1 .*change 1\n$/);
    const json = await mayfly('policy', 'history', '--data', data, '--limit', '1', '--json');
    expect(jsonLines(json.stdout)).toEqual([[expect.objectContaining({ version: 2, message: 'change 2' })]]);
  });
});

function fail(): never {
  throw new Error('no policy is in force');
}
