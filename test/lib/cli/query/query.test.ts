import { describe, expect, it, jest } from '@jest/globals';
import { DynamoCampaigns } from '../../../../lib/aws/campaigns/campaigns.ts';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import type { Policy } from '../../../../lib/core/policy/policy.ts';
import { aCampaign, aHostAnswer, CAMPAIGN, UPTIME } from '../../../support/a-campaign.ts';
import { aPolicy, aVersion } from '../../../support/a-policy.ts';
import { jsonLines } from '../../../support/command.ts';
import { MINUTE } from '../../../support/times.ts';
import { atNow, aWatched, NOW } from '../ledger/harness.ts';

atNow();

const HOSTILE = { host: 'h\u001b[2J1', hostname: '=cmd|calc\u202e', value: '=HYPERLINK("x")\n\u001b]0;pwned\u0007' };

/** A local Mayfly with nodes under a policy. */
async function aFleet(hosts: Readonly<Record<string, string>>, policy: Partial<Policy> = {}) {
  const { world, ask } = await aWatched();
  await new DynamoPolicyStore(world.table).push(aVersion(1, { policy: aPolicy(1, policy) }), 0);
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const [host, platform] of Object.entries(hosts)) {
    const node = await world.aNode(host, { hostname: `${host}.example`, platform, uuid: host });
    await directory.record(directoryEntryOf(node, 'default'), NOW + 60 * MINUTE);
  }
  return { ask, world };
}

/** A campaign that one host has answered with a hostile row, and one with an error. */
async function anAnswered(change: Parameters<typeof aCampaign>[0] = {}) {
  const { world, ask } = await aFleet({});
  const campaigns = new DynamoCampaigns(world.table);
  await campaigns.begin(aCampaign({ askedAtMs: NOW - MINUTE, expiresAtMs: NOW + 60 * MINUTE, ...change }));
  await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
  const at = { answeredAtMs: NOW };
  const hostile = { ...aHostAnswer(HOSTILE.host, [{ total_seconds: HOSTILE.value }], at), hostname: HOSTILE.hostname };
  await campaigns.keepAnswer(CAMPAIGN, hostile);
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2', [], { ...at, status: 1, message: 'no such table\u001b[31m' }));
  return { ask, campaigns };
}

describe('mayfly query', () => {
  it('shows rows and failures of hosts without their control characters', async () => {
    const { ask } = await anAnswered();
    const { code, stdout, stderr } = await ask('query', '--resume', CAMPAIGN);
    expect(code).toBe(5);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['host', 'hostname', 'total_seconds'],
      ['h [2J1', '=cmd|calc', '=HYPERLINK("x") ]0;pwned'],
      [''],
    ]);
    expect(stderr).toContain('h2.example: no such table [31m\n');
    expect(stderr).toContain(`${CAMPAIGN}: 2 asked, 1 answered, 1 with error, 0 silent, 0 expired; 1 row.\n`);
    expect(`${stdout}${stderr}`.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('writes CSV that no spreadsheet runs', async () => {
    const { ask } = await anAnswered();
    const { stdout } = await ask('query', CAMPAIGN, '--csv');
    expect(stdout).toBe(
      'host,hostname,total_seconds\n' +
        'h\\u001b[2J1,\'=cmd|calc\\u202e,"\'=HYPERLINK(""x"")\\u000a\\u001b]0;pwned\\u0007"\n',
    );
  });

  it('writes one JSON object for each row and each failure, with all characters escaped', async () => {
    const { ask } = await anAnswered();
    const { stdout } = await ask('query', CAMPAIGN, '--json');
    expect(stdout.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    const common = { campaign: CAMPAIGN, answeredAt: new Date(NOW).toISOString() };
    expect(jsonLines(stdout)).toEqual([
      { ...common, host: HOSTILE.host, hostname: HOSTILE.hostname, columns: { total_seconds: HOSTILE.value } },
      { ...common, host: 'h2', hostname: 'h2.example', error: 'no such table\u001b[31m' },
    ]);
  });

  it('takes a unique beginning of an id, and lists the candidates of another', async () => {
    const { ask, campaigns } = await anAnswered();
    expect((await ask('query', 'c00', '--json')).code).toBe(5);
    await campaigns.begin(aCampaign({ id: 'c000000002' }));
    const { code, stderr } = await ask('query', '--resume', 'c00');
    expect([code, stderr]).toEqual([1, expect.stringContaining('c000000002')]);
  });

  it('says where rows are missing', async () => {
    const { ask, campaigns } = await anAnswered();
    const keep = { pages: [[{ total_seconds: '1' }]], kept: 1, isShortened: false };
    await campaigns.keepAnswer(CAMPAIGN, { ...aHostAnswer('h3', [], { answeredAtMs: NOW, rows: 9_000 }), keep });
    const old = NOW - 61 * MINUTE;
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h4', [{ total_seconds: '1' }], { answeredAtMs: old }));
    const { stderr } = await ask('query', CAMPAIGN);
    expect(stderr).toContain(
      'h3.example: sent 9000 rows, more than a query keeps here: 1 are shown; all are in the results',
    );
    expect(stderr).toContain('h4.example: sent 1 row more than an hour ago: they are in the results only');
  });

  it('goes on after Ctrl-C, and prints how to resume it', async () => {
    const { ask, campaigns } = await anAnswered();
    await campaigns.recordHost(CAMPAIGN, { host: 'h3', hostname: 'h3.example', askedAtMs: NOW, lastSeenMs: NOW });
    const asked = ask('query', CAMPAIGN);
    const find = jest.spyOn(DynamoCampaigns.prototype, 'find');
    while (find.mock.calls.length < 3) await new Promise(setImmediate);
    process.emit('SIGINT');
    const { code, stderr } = await asked;
    expect(code).toBe(130);
    expect(stderr).toMatch(/The query goes on until .*Z\. Resume: npx mayfly query --resume c000000001 --data \S+\n$/);
  });

  it('does not wait for hosts that are away, and prints who they are and how to wait for them', async () => {
    const { ask, campaigns } = await anAnswered();
    const away = { host: HOSTILE.host.replace('1', '3'), hostname: 'h3.example', lastSeenMs: NOW - 15 * MINUTE };
    await campaigns.recordHost(CAMPAIGN, { ...away, askedAtMs: NOW });
    const { code, stderr } = await ask('query', CAMPAIGN);
    expect(code).toBe(5); // for the host with an error
    expect(stderr).toContain('3 asked, 1 answered, 1 with error, 0 silent, 1 away, 0 expired; 1 row.\n');
    expect(stderr).toContain('No answer, and no poll for 15 minutes, from 1 host:\n  h [2J3 (h3.example, last seen ');
    expect(stderr).toMatch(/and hosts that come back by then answer it\. Resume: npx .* --exit-when 100%\n$/);
  });

  it('waits for hosts that are away if all are to answer', async () => {
    const { ask, campaigns } = await anAnswered();
    const away = { host: 'h3', hostname: 'h3.example', lastSeenMs: NOW - 15 * MINUTE };
    await campaigns.recordHost(CAMPAIGN, { ...away, askedAtMs: NOW });
    const asked = ask('query', CAMPAIGN, '--exit-when', '100%');
    const find = jest.spyOn(DynamoCampaigns.prototype, 'find');
    while (find.mock.calls.length < 3) await new Promise(setImmediate);
    await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h3', [{ total_seconds: '7' }], { answeredAtMs: NOW }));
    const { stdout, stderr } = await asked;
    expect(stdout).toContain('h3.example');
    expect(stderr).toContain('3 asked, 2 answered, 1 with error, 0 silent, 0 expired; 2 rows.\n');
  });

  it('ends with 4 if all hosts are away', async () => {
    const { world, ask } = await aFleet({});
    const campaigns = new DynamoCampaigns(world.table);
    await campaigns.begin(aCampaign({ askedAtMs: NOW, expiresAtMs: NOW + 60 * MINUTE }));
    await campaigns.recordHost(CAMPAIGN, { host: 'h3', hostname: '', askedAtMs: NOW, lastSeenMs: NOW - 15 * MINUTE });
    await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
    expect((await ask('query', CAMPAIGN)).code).toBe(4);
  });

  it('tries a lost connection again, and names expired credentials', async () => {
    const { ask } = await anAnswered();
    const refused = Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
    jest.spyOn(DynamoCampaigns.prototype, 'hosts').mockRejectedValueOnce(refused);
    const { code, stderr } = await ask('query', CAMPAIGN);
    expect([code, stderr]).toEqual([5, expect.stringContaining('is lost. Trying again …')]);
    const expired = Object.assign(new Error('the token has expired'), { name: 'ExpiredTokenException' });
    jest.spyOn(DynamoCampaigns.prototype, 'hosts').mockRejectedValueOnce(expired);
    const last = await ask('query', CAMPAIGN);
    expect([last.code, last.stderr]).toEqual([1, expect.stringContaining('AWS no longer accepts these credentials')]);
    expect(last.stderr).toContain(`Resume: npx mayfly query --resume ${CAMPAIGN}`);
  });

  it('shows why a query was refused after it had left', async () => {
    const { ask, campaigns } = await anAnswered();
    await campaigns.recordProgress(CAMPAIGN, { refused: 'the policy forbids ad-hoc queries' });
    const { code, stderr } = await ask('query', CAMPAIGN);
    expect([code, stderr]).toEqual([1, expect.stringContaining('the policy forbids ad-hoc queries')]);
  });

  it.each([
    ['forbids ad-hoc queries', { allow: false, forbidTables: [] }, 'the policy forbids ad-hoc queries'],
    ['forbids its table', { allow: true, forbidTables: ['uptime'] }, 'the policy forbids the table uptime'],
  ])('does not send what the policy forbids: it %s', async (_, adHoc, why) => {
    const { ask } = await aFleet({ h1: 'ubuntu' }, { adHoc });
    const { code, stderr } = await ask('query', UPTIME, '--all');
    expect([code, stderr]).toEqual([1, expect.stringContaining(why)]);
  });

  it('asks for a confirmation before it asks more than twenty hosts', async () => {
    const hosts = Object.fromEntries(Array.from({ length: 21 }, (_, n) => [`h${n}`, 'ubuntu']));
    const { ask } = await aFleet(hosts);
    const { code, stderr } = await ask('query', UPTIME, '--all');
    expect([code, stderr]).toEqual([1, expect.stringMatching(/Ask 21 hosts, until .*Z\?.*add --yes/)]);
  });

  it('leaves out hosts whose platform lacks a table, and refuses SQL that no platform of theirs knows', async () => {
    const { ask } = await aFleet({ h1: 'ubuntu', w1: 'windows' });
    const { stderr } = await ask('query', 'SELECT id FROM docker_containers', '--all');
    expect(stderr).toContain('1 host will not be asked: the platform lacks a table of the query.');
    const none = await ask('query', 'SELECT id FROM docker_containers', '--host', 'w1');
    expect([none.code, none.stderr]).toEqual([1, expect.stringContaining('osquery would refuse this SQL')]);
  });

  it('knows the tables that the policy declares', async () => {
    const { ask, world } = await aFleet({ h1: 'ubuntu' });
    const sources = { 'policy.yaml': 'extension_tables: { my_table: [a] }\n' };
    await new DynamoPolicyStore(world.table).push(aVersion(2, { sources }), 1);
    const { stderr } = await ask('query', 'SELECT a FROM my_table', '--all', '--yes');
    expect(stderr).not.toContain('osquery would refuse');
  });
});

describe('mayfly queries', () => {
  it('lists queries with their state, the latest first', async () => {
    const { ask, campaigns } = await anAnswered();
    await campaigns.begin(
      aCampaign({ id: 'c000000002', sql: 'SELECT 2\u001b[2J', askedAtMs: NOW, expiresAtMs: NOW + MINUTE }),
    );
    const { code, stdout } = await ask('queries');
    expect(code).toBe(0);
    expect(stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['id', 'asked', 'state', 'answered', 'target', 'query'],
      ['c000000002', '2026-11-20 11:15:00Z', 'open', '0/0', 'all', 'SELECT 2 [2J'],
      [CAMPAIGN, '2026-11-20 11:14:00Z', 'done', '2/2', 'all', UPTIME],
      [''],
    ]);
    expect(jsonLines((await ask('queries', '--json', '--limit', '1')).stdout)).toMatchObject([
      [{ campaign: 'c000000002', askedBy: 'arn:aws:iam::111122223333:user/ann', state: 'open' }],
    ]);
  });

  it('says when there is none', async () => {
    const { ask } = await aFleet({});
    expect((await ask('queries')).stdout).toMatch(/^No query has been asked at .*\nAsk one: npx mayfly query/);
  });
});
