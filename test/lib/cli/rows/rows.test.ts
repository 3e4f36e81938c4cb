import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { printable } from '../../../../lib/cli/terminal/print.ts';
import { grouped } from '../../../../lib/core/grouped.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { packed, type ResultLine } from '../../../../lib/core/results/lines.ts';
import { aLine } from '../../../support/a-line.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter, NOW } from '../ledger/harness.ts';

atNow();

const HOST = 'i-0a1b2c3d4e5f60718';
const OTHER = 'i-0ffffffffffffffff';
const DAY = 24 * 60 * MINUTE;

/** A local Mayfly with these stored lines, in the files of their days, as the local Firehose writes them. */
async function aMayflyWith(...lines: ResultLine[]) {
  const watched = await aWatched();
  const folder = join(watched.data, 'results', 'results');
  await mkdir(folder, { recursive: true });
  const days = grouped(lines, ({ time }) => time.slice(0, 10));
  for (const [day, some] of days) await writeFile(join(folder, `${day}.ndjson`), packed(some).join(''));
  const found = async (...args: string[]) => jsonLines((await watched.ask('rows', '--json', ...args)).stdout);
  const ids = async (...args: string[]) => (await found(...args)).map(({ id }) => id);
  return { ...watched, found, ids };
}

const PROCESS = { pid: '4321', name: 'envoy', cmdline: 'envoy -c /etc/envoy.yaml' };
const LINES = [
  aLine({ id: 'old', storedAtMs: T0 - 2 * DAY }),
  aLine({ id: 'container' }),
  aLine({ id: 'one', storedAtMs: T0 + SECOND, query: 'processes', columns: PROCESS }),
  aLine({ id: 'two', storedAtMs: T0 + SECOND, query: 'processes', columns: { ...PROCESS, pid: '4322' } }),
  aLine({ id: 'other', storedAtMs: T0 + 2 * SECOND, host: OTHER, workload: taskArn(2) }),
  aLine({ id: 'sweep', storedAtMs: T0 + MINUTE, rule: 'campaign', query: 'k3x9q2m7ab', workload: null }),
];

describe('mayfly rows', () => {
  it('shows the rows of a task by the beginning of its id, those of an answer together', async () => {
    const { world, ask, ids } = await aMayflyWith(...LINES);
    await enter(world, 1);
    for (const name of [taskArn(1), taskArn(1).slice(-32), taskArn(1).slice(-32, -1)])
      expect(await ids(name)).toEqual(['one', 'two', 'container']);
    const { stdout } = await ask('rows', taskArn(1));
    expect(stdout).toBe(
      [
        `2026-11-20 10:15:01Z  ${HOST}  ecs-task-running/processes`,
        '  about api: envoy, ephemeral-prod/00000000000000000000000000000001',
        '  pid   name   cmdline',
        '  4321  envoy  envoy -c /etc/envoy.yaml',
        '  4322  envoy  envoy -c /etc/envoy.yaml',
        '',
        `2026-11-20 10:15:00Z  ${HOST}  ecs-task-running/container`,
        '  about api: envoy, ephemeral-prod/00000000000000000000000000000001',
        '  id            name   state',
        `  ${dockerId(1).slice(0, 12)}  envoy  running`,
        '',
      ].join('\n'),
    );
  });

  it('shows those of a host, a rule, a query, a campaign or a span of time', async () => {
    const { world, ids } = await aMayflyWith(...LINES);
    const directory = new DynamoNodeDirectory(world.table, world.now);
    await directory.record(directoryEntryOf(await world.aNode(OTHER, { hostname: 'web-8' }), 'default'), NOW + MINUTE);
    expect(await ids()).toEqual(['sweep', 'other', 'one', 'two', 'container']);
    expect(await ids('--host', 'web-8')).toEqual(['other']);
    expect(await ids('--host', 'i-0ff')).toEqual(['other']);
    expect(await ids('--host', HOST, '--query', 'processes')).toEqual(['one', 'two']);
    expect(await ids('--rule', 'campaign')).toEqual(['sweep']);
    expect(await ids('k3x9')).toEqual(['sweep']);
    expect(await ids('--since', '1w', '--until', '2026-11-20 10:15:00Z')).toEqual(['container', 'old']);
    expect(await ids('--since', '2026-11-20T10:15:01Z', '--until', '2026-11-20T10:15:02Z')).toEqual([
      ...['other', 'one', 'two'],
    ]);
  });

  it('has answers about a workload that the ledger no longer keeps', async () => {
    const { ids } = await aMayflyWith(...LINES);
    expect(await ids(taskArn(1), '--since', '1w')).toEqual(['one', 'two', 'container', 'old']);
  });

  it('prints a page at a time, with a command for the next one, also within one answer', async () => {
    const lines = Array.from({ length: 7 }, (_, n) => aLine({ id: `${n}`, columns: { n: String(n) } }));
    const { ask } = await aMayflyWith(...lines, aLine({ id: 'last', storedAtMs: T0 + SECOND }));
    const seen: unknown[] = [];
    let args: string[] | undefined = ['--limit', '3'];
    while (args) {
      const { stdout, stderr } = await ask('rows', ...args, '--json');
      seen.push(...jsonLines(stdout).map(({ id }) => id));
      args = /There are more: npx mayfly rows (.*) --data /.exec(stderr)?.[1]?.split(' ');
    }
    expect(seen.toSorted()).toEqual(['0', '1', '2', '3', '4', '5', '6', 'last']);
    expect(seen[0]).toBe('last');
  });

  it('has ISO 8601 times in JSON', async () => {
    const { found } = await aMayflyWith(aLine({ queuedAtMs: T0 - SECOND }));
    const [row] = await found();
    expect(row).toMatchObject({ storedAt: '2026-11-20T10:15:00.000Z', queuedAt: '2026-11-20T10:14:59.000Z' });
    expect(Object.keys(row ?? {}).filter((name) => name.endsWith('AtMs'))).toEqual([]);
  });

  it('counts a line that was stored twice once', async () => {
    const { ids } = await aMayflyWith(aLine({ id: 'same' }), aLine({ id: 'same' }));
    expect(await ids()).toEqual(['same']);
  });

  it('keeps every line of the terminal below 79 columns, and drops the last columns first', async () => {
    const wide = Object.fromEntries(Array.from({ length: 14 }, (_, n) => [`column${n}`, `${n} ${'x'.repeat(90)}`]));
    const lines = ['a', 'b', 'c'].map((id) => aLine({ id, columns: wide }));
    const { ask } = await aMayflyWith(...lines, aLine({ id: 'alone', query: 'alone', columns: wide }));
    const { stdout } = await ask('rows');
    for (const line of stdout.split('\n')) expect(line.length).toBeLessThanOrEqual(78);
    expect(stdout).toMatch(/^ {2}column0 +column1 +column2/m);
    expect(stdout).toMatch(/\(\d+ more columns: --json, --csv\)/);
    expect(stdout).toMatch(/^ {2}column13 {2}13 x+…$/m);
  });

  it('shows failures and answers without rows', async () => {
    const { ask } = await aMayflyWith(
      aLine({ id: 'failed', status: 1, message: 'no such table: x\u001b[31m', columns: null }),
      aLine({ id: 'none', columns: null, query: 'sockets' }),
    );
    const { stdout } = await ask('rows');
    expect(stdout).toContain('  failed: no such table: x [31m\n');
    expect(stdout).toContain('ecs-task-running/sockets\n  about api: envoy');
    expect(stdout).toContain('\n  no rows\n');
  });

  it('prints hostile rows escaped: in the terminal, as CSV and as JSON', async () => {
    const columns = { name: '=1+1', cmdline: 'a\u001b]0;x\u0007\u202eb\u009bc', '@x': '-2', '-y': 'a,"b"' };
    const { ask, found } = await aMayflyWith(aLine({ hostname: '\u001b[2J', columns }));
    const { stdout: text } = await ask('rows');
    const { stdout: csv } = await ask('rows', '--csv');
    const { stdout: json } = await ask('rows', '--json');
    for (const out of [text, csv, json])
      for (const line of out.trimEnd().split('\n')) expect(printable(`.${line}.`)).toBe(`.${line}.`);
    const [head, row] = csv.split('\n');
    expect(head).toBe(`time,host,hostname,rule,query,workload,status,message,name,cmdline,'@x,'-y`);
    expect(row).toContain(`,0,,'=1+1,a\\u001b]0;x\\u0007\\u202eb\\u009bc,-2,"a,""b"""`);
    expect((await found())[0]?.columns).toEqual(columns);
  });

  it('leaves out what it cannot read, and reads lines of earlier versions', async () => {
    const watched = await aMayflyWith(aLine({ id: 'good' }));
    const earlier = { id: 'earlier', kind: 'result', time: '', storedAtMs: T0, host: HOST, columns: { a: '1' } };
    const text = `{"half":\nnull\n${JSON.stringify(earlier)}\n{"id":"no`;
    await writeFile(join(watched.data, 'results', 'results', '2026-11-20.ndjson'), text);
    expect(await watched.ids()).toEqual(['earlier']);
  });

  it('says what to try if there are none', async () => {
    const { ask } = await aWatched();
    const { code, stdout } = await ask('rows', 'ecs-task-running');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^No rows of a workload, rule, query or campaign ecs-task-running since 2026-11-19 11:15:00Z\. Try --since 1w, or see what ran: npx mayfly tasks --data /,
      ),
    ]);
    expect((await ask('rows', '--json')).stdout).toBe('');
  });

  it.each(['-1', 'x'])('rejects --skip %s', async (skip) => {
    const { ask } = await aWatched();
    const { code, stderr } = await ask('rows', '--skip', skip);
    expect([code, stderr]).toEqual([2, expect.stringContaining('A whole number')]);
  });
});

describe('mayfly task', () => {
  it('shows the newest rows about the task, and the command for the others', async () => {
    const lines = Array.from({ length: 25 }, (_, n) =>
      aLine({ id: `${n}`, storedAtMs: T0 + n * SECOND, columns: { pid: String(1000 + n) } }),
    );
    const { world, ask } = await aMayflyWith(...lines, aLine({ id: 'other', workload: taskArn(2) }));
    await enter(world, 1);
    const { stdout } = await ask('task', taskArn(1));
    const [, rows = ''] = stdout.split('\nWhat it returned\n');
    expect(rows).toMatch(
      /^2026-11-20 10:15:24Z {2}i-0a1b2c3d4e5f60718 {2}ecs-task-running\/container\n {2}about api: envoy/,
    );
    expect(rows.match(/^ {2}1\d{3}$/gm)).toHaveLength(20);
    expect(rows).toContain(`\nThere are more: npx mayfly rows ${taskArn(1)} --data `);
    const [json] = jsonLines((await ask('task', taskArn(1), '--json')).stdout);
    expect(json?.rows).toHaveLength(20);
  });

  it('shows none on request, or if there are none', async () => {
    const { world, ask } = await aMayflyWith(aLine());
    await enter(world, 1);
    await enter(world, 2);
    expect((await ask('task', taskArn(2))).stdout).not.toContain('What it returned');
    const { stdout } = await ask('task', taskArn(1), '--no-rows');
    expect(stdout).not.toContain('What it returned');
    expect(stdout).toContain(`\nThe rows about it: npx mayfly rows ${taskArn(1)} --data `);
  });
});
