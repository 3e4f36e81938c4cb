import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { printable } from '../../../../lib/cli/terminal/print.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter, NOW } from './harness.ts';

atNow();

const HANDLING = { enrolled: true, queryKeys: [], settleByMs: T0 + MINUTE };
const INSTANCE = 'i-0a1b2c3d4e5f60718';
const OTHER = 'i-0ffffffffffffffff';

/** Tasks 1 to 4, one a minute, and the instance that the first two ran on; the second was missed. */
async function aFleet() {
  const { world, ask } = await aWatched();
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const [host, hostname] of [
    [INSTANCE, 'web-7'],
    [OTHER, 'web-8'],
  ] as const)
    await directory.record(directoryEntryOf(await world.aNode(host, { hostname }), 'default'), NOW + MINUTE);
  const identity = { cluster: 'prod', task_family: 'api' };
  const on = (host: string) => ({ handling: { ...HANDLING, host } });
  const api = { name: 'api', lastStatus: 'RUNNING', runtimeId: 'a' };
  for (const [n, record] of [
    [1, { identity, ...on(INSTANCE), subjects: ['a'], seenLive: ['a'], containers: [api] }],
    [2, { identity: { ...identity, task_family: 'job' }, ...on(INSTANCE), troubles: ['no-row' as const] }],
    [3, { identity, ...on(OTHER), containers: [api, { ...api, name: 'init' }] }],
    [4, { identity: { ...identity, cluster: 'test' }, ...on(OTHER) }],
  ] as const)
    await enter(world, n, { ...record, firstEventAtMs: T0 + n * MINUTE, occurredAtMs: T0 + n * MINUTE });
  await enter(world, 5, {
    workload: INSTANCE,
    kind: 'ec2-instance',
    identity: { instance_type: 'm6g.large' },
    firstEventAtMs: T0,
    occurredAtMs: T0,
    subjects: [INSTANCE],
    ...on(INSTANCE),
  });
  const listed = async (...args: string[]) =>
    jsonLines((await ask('tasks', '--json', ...args)).stdout).map(({ workload }) => workload);
  return { world, ask, listed };
}
const tasks = (...numbers: number[]) => numbers.map(taskArn);

describe('mayfly tasks', () => {
  it('lists workloads, newest first, with host, verdict and containers', async () => {
    const { ask, listed } = await aFleet();
    expect(await listed()).toEqual([...tasks(4, 3, 2, 1), INSTANCE]);
    const { stdout } = await ask('tasks');
    const lines = stdout.split('\n');
    expect(lines[0]).toMatch(/^first event +id +verdict +what +host$/);
    expect(lines[2]).toMatch(/^2026-11-20 10:18:00Z .* +api: api init +i-/);
    expect(lines[3]).toMatch(/^2026-11-20 10:17:00Z {2}\w{8} {4}missed: no-row +job +i-0a1b2c3d4?/);
    expect(lines[4]).toMatch(/^2026-11-20 10:16:00Z {2}\w{8} {4}seen +api +i-0a1b2c3d4?/);
    expect(lines[5]).toMatch(/^2026-11-20 10:15:00Z {2}i-0a1b2c3d /);
    expect(stdout).toContain('\nWhat one of them returned: npx mayfly rows 00000000 --data ');
  });

  it('selects by host, also by its host name or the beginning of either', async () => {
    const { listed } = await aFleet();
    for (const host of [INSTANCE, 'web-7', 'i-0a1', INSTANCE.slice(0, 9)])
      expect(await listed('--host', host)).toEqual([...tasks(2, 1), INSTANCE]);
    expect(await listed('--host', 'gone')).toEqual([]);
  });

  it('lists the candidates if several hosts begin with the same text', async () => {
    const { ask } = await aFleet();
    const { code, stderr } = await ask('tasks', '--host', 'web-');
    expect([code, stderr]).toEqual([1, expect.stringContaining('web- is the beginning of 2 hosts:\n')]);
    for (const host of [INSTANCE, OTHER]) expect(stderr).toContain(`\n  ${host}`);
  });

  it('selects by cluster, family, verdict, kind and time', async () => {
    const { listed } = await aFleet();
    expect(await listed('--cluster', 'test')).toEqual(tasks(4));
    expect(await listed('--family', 'job')).toEqual(tasks(2));
    expect(await listed('--verdict', 'seen')).toEqual(tasks(1));
    expect(await listed('--kind', 'instance')).toEqual([INSTANCE]);
    expect(await listed('--kind', 'task', '--host', 'web-7')).toEqual(tasks(2, 1));
    expect(await listed('--since', '2026-11-20 10:16:00Z', '--until', '2026-11-20 10:17:00Z')).toEqual(tasks(2, 1));
    expect(await listed('--until', 'now', '--since', '57m')).toEqual(tasks(4, 3));
  });

  it('prints a page at a time, with a command for the next one that can be pasted', async () => {
    const { ask } = await aFleet();
    const seen: unknown[] = [];
    let args = ['--kind', 'task', '--limit', '2'];
    for (let page = 0; page < 2; page += 1) {
      const { stdout, stderr } = await ask('tasks', ...args, '--json');
      seen.push(...jsonLines(stdout).map(({ workload }) => workload));
      const [, next] = /There are more: npx mayfly tasks (.*) --data /.exec(stderr) ?? [];
      expect(next === undefined).toBe(page === 1);
      args = next?.split(' ') ?? [];
    }
    expect(seen).toEqual(tasks(4, 3, 2, 1));
  });

  it('prints CSV, in which no cell is a formula or holds control characters', async () => {
    const { world, ask } = await aWatched();
    const containers = [{ name: '=cmd|"/c calc"!A1\u001b[2J\u202e', lastStatus: 'RUNNING' }];
    await enter(world, 1, { containers, identity: { task_family: '@SUM(1)', cluster: 'prod' } });
    const { stdout } = await ask('tasks', '--csv');
    const [head, row] = stdout.split('\n');
    expect(head).toMatch(/^workload,kind,verdict,reason,cluster,family,host,/);
    expect(row).toContain(`,'@SUM(1),`);
    expect(row).toContain(`,"'=cmd|""/c calc""!A1\\u001b[2J\\u202e"`);
    expect(printable(stdout.replaceAll('\n', ' '))).toBe(stdout.replaceAll('\n', ' ').trim());
  });

  it('says what there is, if nothing is selected', async () => {
    const { ask } = await aFleet();
    expect((await ask('tasks', '--family', 'typo')).stdout).toContain('No such workload since 2026-11-19 11:15:00Z');
    expect((await ask('tasks', '--cluster', 'typo')).stdout).toContain('There are some of: EC2 instances, prod, test.');
  });

  it.each([
    [['--limit', '0'], 'A whole number from 1 to 100000'],
    [['--verdict', 'lost'], 'Allowed choices are pending, seen'],
    [['--until', 'tomorrow'], 'Write 2026-11-01T10:00Z'],
    [['--since', '1h', '--until', '2h'], '--until (2026-11-20 09:15:00Z) is before --since (2026-11-20 10:15:00Z)'],
    [['--until', '2d'], 'choose an earlier --since'],
  ])('rejects %j', async (args, message) => {
    const { ask } = await aWatched();
    const { code, stderr } = await ask('tasks', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
