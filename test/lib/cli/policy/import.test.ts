import { mkdir, readdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { aFolder, CONFIG, folderOf, mayfly } from '../../../support/command.ts';

const OSQUERY =
  '{"options":{"utc":true,"tls_hostname":"x"},"schedule":{"u":{"query":"SELECT uid FROM users","interval":60}}}';
const PACK = '{"queries":{"u":{"query":"SELECT uid FROM users","interval":60}}}';

describe('mayfly policy import', () => {
  it('writes a policy without a problem, with the default rules, and says what it left out', async () => {
    const from = await folderOf({ 'osquery.conf': OSQUERY, 'README.md': '# not read' });
    const to = join(await aFolder(), 'policy');
    const { code, stdout } = await mayfly('policy', 'import', from, '--to', to);
    expect(code).toBe(0);
    expect(stdout).toContain('1 profile, 0 packs, 1 scheduled query, 0 rules on request. The default rules');
    expect(stdout).toContain(
      '  osquery.conf:1  "tls_hostname" of "options"\n      tls_hostname works only in the flag file',
    );
    expect(stdout.trimEnd()).toMatch(new RegExp(`then run: npx mayfly policy check ${to}$`));
    expect(await mayfly('policy', 'check', to)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('no problems'),
    });
  });

  it('prints the same as JSON', async () => {
    const from = await folderOf({ 'osquery.conf': OSQUERY });
    const to = join(await aFolder(), 'policy');
    const { stdout } = await mayfly('policy', 'import', join(from, 'osquery.conf'), '--to', to, '--json');
    expect(JSON.parse(stdout)).toMatchObject({
      to,
      written: expect.arrayContaining(['config/default.yaml', 'rules/ecs-task.yaml']),
      profiles: 1,
      scheduledQueries: 1,
      leftOut: [{ file: 'osquery.conf', line: 1, what: '"tls_hostname" of "options"', why: expect.any(String) }],
      warnings: 0,
    });
  });

  it('adds packs to a policy that exists, and never overwrites a file of it', async () => {
    const from = await folderOf({ 'web.conf': PACK });
    const to = await folderOf({
      'config/default.yaml': CONFIG,
      'rules/a.yaml': '[]',
      'packs/web.yaml': 'queries: {}\n',
    });
    expect((await mayfly('policy', 'import', from, '--to', to)).stdout).toContain(
      'name them in "packs" of a profile: web-2',
    );
    expect(await readFile(join(to, 'packs/web.yaml'), 'utf8')).toBe('queries: {}\n');
    expect((await readdir(join(to, 'packs'))).sort()).toEqual(['web-2.yaml', 'web.yaml']);
    const again = await mayfly('policy', 'import', await folderOf({ 'osquery.conf': OSQUERY }), '--to', to);
    expect(again).toMatchObject({ code: 1, stderr: expect.stringContaining('import into a new folder') });
    expect(await readdir(join(to, 'config'))).toEqual(['default.yaml']);
  });

  it('refuses a policy with errors of its own, and writes nothing', async () => {
    const to = await folderOf({ 'config/default.yaml': `${CONFIG}unknown: 1\n`, 'rules/a.yaml': '[]' });
    const { code, stderr } = await mayfly('policy', 'import', await folderOf({ 'web.conf': PACK }), '--to', to);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/config\/default\.yaml:5: unknown key "unknown"/)]);
    expect((await readdir(to)).sort()).toEqual(['config', 'rules']);
  });

  it('says what it can import when there is nothing', async () => {
    const from = await folderOf({ 'notes.yml': 'a: 1\n' });
    const { code, stderr } = await mayfly('policy', 'import', from, '--to', await aFolder());
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /notes\.yml:1 {2}the document: it is in no known format\n.*nothing to import: no osquery configuration, no pack/,
    );
    expect(await mayfly('policy', 'import', '/no/such')).toMatchObject({
      code: 1,
      stderr: 'mayfly: there is no file or folder /no/such\n',
    });
  });

  it('skips hidden files and symbolic links of a folder', async () => {
    const from = await folderOf({ 'web.conf': PACK, '.git/x.conf': OSQUERY });
    const outside = await folderOf({ 'secret.conf': OSQUERY });
    await symlink(join(outside, 'secret.conf'), join(from, 'link.conf'));
    await symlink(outside, join(from, 'folder'));
    const { stdout } = await mayfly('policy', 'import', from, '--to', join(await aFolder(), 'p'), '--json');
    expect(JSON.parse(stdout)).toMatchObject({ profiles: 1, packs: 1, scheduledQueries: 1 });
  });

  it('refuses what is no file, and folders that are too large', async () => {
    expect((await mayfly('policy', 'import', '/dev/zero')).stderr).toContain('neither a file nor a folder');
    const from = await aFolder();
    await mkdir(join(from, 'many'));
    await Promise.all(Array.from({ length: 2001 }, (_, index) => writeFile(join(from, 'many', `${index}.yml`), '')));
    expect((await mayfly('policy', 'import', from)).stderr).toContain('more than 2000 files');
  });

  it('prints hostile names without control characters', async () => {
    const from = await folderOf({ 'a.conf': JSON.stringify({ schedule: { '\u001b[31mred\n': { query: 'x' } } }) });
    const { stdout } = await mayfly('policy', 'import', from, '--to', join(await aFolder(), 'p'));
    expect(stdout).not.toContain('\u001b');
    expect(stdout).toContain('query " [31mred "');
  });
});
