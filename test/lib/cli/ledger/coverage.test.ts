import { stripVTControlCharacters } from 'node:util';
import { beforeAll, describe, expect, it } from '@jest/globals';
import { ADVICE, ON_FARGATE } from '../../../../lib/core/ledger/advice.ts';
import { taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { onTerminal } from '../../../support/terminal.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter, keepsAWeek, NOW } from './harness.ts';

atNow();

const ASKED = { host: 'h1', enrolled: true, queryKeys: [], settleByMs: T0 + MINUTE };

/** Seven workloads of every kind, in two clusters and in none, and one from the day before yesterday. */
async function enterSevenLives() {
  const { world, ask } = await aWatched();
  await keepsAWeek(world);
  await enter(world, 1, { seenLive: ['a', 'b'], firstAnswerAtMs: T0 + 2 * SECOND });
  await enter(world, 2, { seenPostMortem: ['a', 'b'], firstAnswerAtMs: T0 + 8 * SECOND });
  await enter(world, 3, { troubles: ['expired'] });
  await enter(world, 4, { stopped: true, lastStatus: 'STOPPED', subjects: [] });
  await enter(world, 5, { handling: { ...ASKED, settleByMs: NOW + MINUTE } });
  await enter(world, 6, { identity: { cluster: 'test' }, handling: { enrolled: false, queryKeys: [], settleByMs: 0 } });
  const instance = {
    workload: 'i-0a1b2c3d4e5f60718',
    kind: 'ec2-instance' as const,
    subjects: ['i-0a1b2c3d4e5f60718'],
  };
  await enter(world, 7, { ...instance, identity: {}, handling: { ...ASKED, enrolled: false } });
  await enter(world, 8, { firstEventAtMs: NOW - 48 * 60 * MINUTE });
  return ask;
}

let askSeven: Awaited<ReturnType<typeof aWatched>>['ask'];
beforeAll(async () => {
  askSeven = await enterSevenLives();
});

describe('mayfly coverage', () => {
  it('counts every workload once, by verdict and by cluster', async () => {
    const { code, stdout } = await askSeven('coverage', '--json');
    const [answer] = jsonLines(stdout);
    expect(code).toBe(0);
    expect(answer).toEqual({
      since: '2026-11-19T11:15:00.000Z',
      at: '2026-11-20T11:15:00.000Z',
      workloads: 7,
      verdicts: { seen: 1, 'post-mortem': 1, 'never-started': 1, ignored: 0, missed: 3, pending: 1 },
      reasons: { expired: 1, 'no-host': 1, 'no-agent': 1 },
      share: 0.4,
      timeToAnswerMs: { p50: 2000, p95: 8000, p99: 8000, max: 8000 },
      clusters: [
        expect.objectContaining({ cluster: 'prod', workloads: 5, share: 2 / 3 }),
        expect.objectContaining({ cluster: 'test', workloads: 1, share: 0 }),
        expect.objectContaining({ cluster: null, workloads: 1, timeToAnswerMs: null }),
      ],
    });
  });

  it('prints a readable table', async () => {
    const { stdout } = await askSeven('coverage');
    const cells = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(cells).toEqual(
      expect.arrayContaining([
        'cluster,workloads,covered,seen,post-mortem,missed,never-started,ignored,pending,p50,p95,p99,max'.split(','),
        'prod,5,66.6 %,1,1,1,1,0,1,2.0 s,8.0 s,8.0 s,8.0 s'.split(','),
        'test,1,0.0 %,0,0,1,0,0,0,-,-,-,-'.split(','),
        'EC2 instances,1,0.0 %,0,0,1,0,0,0,-,-,-,-'.split(','),
        'all,7,40.0 %,1,1,3,1,0,1,2.0 s,8.0 s,8.0 s,8.0 s'.split(','),
        ['no-host', '1'],
      ]),
    );
  });

  it('is limited to one cluster and a start time by options', async () => {
    const workloads = async (...args: string[]) =>
      jsonLines((await askSeven('coverage', '--json', ...args)).stdout)[0]?.workloads;
    expect(await workloads('--cluster', 'prod')).toBe(5);
    expect(await workloads('--since', '7d')).toBe(8);
    expect(await workloads('--since', '59m')).toBe(0);
    expect(await workloads('--since', '2026-11-20T11:15:00+01:00')).toBe(7);
  });

  it('prints misses in red on a terminal', async () => {
    const plain = (await askSeven('coverage')).stdout;
    const { stdout } = await onTerminal(process.stdout, true, () => askSeven('coverage'));
    expect(stdout).toContain('\u001b[31m3\u001b[39m');
    expect(stripVTControlCharacters(stdout)).toBe(plain);
    const missed = await onTerminal(process.stdout, true, () => askSeven('missed'));
    expect(missed.stdout).toContain('\u001b[31mexpired\u001b[39m: 1 workload\n');
  });

  it.each([
    ['lately', 'Write 2026-11-01T10:00Z'],
    ['24', 'Write 2026-11-01T10:00Z'],
    ['0h', 'Write 2026-11-01T10:00Z'],
    ['2026-02-30', 'Write 2026-11-01T10:00Z'],
    ['2026-11-22', 'This time is in the future'],
    ['3651d', 'At most 3650 days'],
    ['', 'a date, today or yesterday for a whole day'],
  ])('rejects --since %s', async (since, message) => {
    const { ask } = await aWatched();
    const { code, stderr } = await ask('coverage', '--since', since);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});

describe('without any workload', () => {
  it.each(['coverage', 'missed', 'mtta'])('%s lists the existing clusters', async (command) => {
    const said = async (...args: string[]) => (await askSeven(command, ...args)).stdout;
    expect(await said('--cluster', 'typo')).toContain(
      'No workload of the cluster typo since 2026-11-19 11:15:00Z. There are some of: EC2 instances, prod, test.',
    );
    const latest = 'The first event of the latest one was at 2026-11-20 10:15:00Z: try --since 1d.';
    expect(await said('--since', '10m')).toContain(`No workload since 2026-11-20 11:05:00Z. ${latest}`);
    expect(await said('--since', '10m', '--cluster', 'typo')).toContain(latest);
  });

  it('ever, coverage reports that there is none', async () => {
    const { world, ask } = await aWatched();
    await keepsAWeek(world);
    expect((await ask('coverage')).stdout).toContain('and none before: no event and no sweep has reported any yet.');
  });

  it.each(['', 'arn:aws:ecs:us-east-1:111122223333:cluster/prod', 'a b'])(
    '%j is rejected as a cluster',
    async (cluster) => {
      const { ask } = await aWatched();
      const { code, stderr } = await ask('missed', '--cluster', cluster);
      expect([code, stderr]).toEqual([2, expect.stringContaining('The name of an ECS cluster')]);
    },
  );
});

describe('mayfly missed', () => {
  it('lists every miss with its reason and advice', async () => {
    const { code, stdout } = await askSeven('missed', '--json');
    expect(code).toBe(0);
    const [misses] = jsonLines(stdout) as unknown as Record<string, unknown>[][];
    const miss = { host: 'h1', cluster: 'prod', firstEventAt: '2026-11-20T10:15:00.000Z' };
    expect(misses).toHaveLength(3);
    expect(misses).toEqual(
      expect.arrayContaining([
        { ...miss, workload: taskArn(3), reason: 'expired', advice: ADVICE.expired },
        { ...miss, workload: taskArn(6), cluster: 'test', host: null, reason: 'no-host', advice: ADVICE['no-host'] },
        {
          ...miss,
          workload: 'i-0a1b2c3d4e5f60718',
          cluster: null,
          reason: 'no-agent',
          advice: ADVICE['no-agent'],
        },
      ]),
    );
  });

  it('groups them by reason, the most frequent first', async () => {
    const { world, ask } = await aWatched();
    for (const n of [1, 2, 3]) await enter(world, n, { troubles: [n === 1 ? 'no-row' : 'limited'] });
    const { stdout } = await ask('missed', '--since', '2h');
    expect(stdout).toMatch(
      /^limited: 2 workloads\n {2}\S.*\n( {2}2026-11-20 10:15:00Z {2}arn.* on h1\n){2}\nno-row: 1 /,
    );
    expect(stdout).toContain(ADVICE.limited);
  });

  it('reports when there are none', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, { seenLive: ['a', 'b'] });
    expect((await ask('missed')).stdout).toBe('Nothing was missed since 2026-11-19 11:15:00Z.\n');
  });

  it('gives no advice on Fargate that applies only elsewhere', async () => {
    const { world, ask } = await aWatched();
    const handling = { enrolled: false, queryKeys: [], settleByMs: 0 };
    await enter(world, 1, { handling, identity: { cluster: 'prod', launch_type: 'FARGATE' } });
    await enter(world, 2, { handling });
    const { stdout } = await ask('missed');
    expect(stdout).toContain('no-host: 2 workloads\n');
    expect(stdout).toMatch(new RegExp(`^  ${ON_FARGATE['no-host']}\n.*${taskArn(1)}$`, 'm'));
    expect(stdout).toMatch(new RegExp(`^  ${ADVICE['no-host']}\n.*${taskArn(2)}$`, 'm'));
    expect((await ask('task', taskArn(1))).stdout).toContain(`missed: no-host (${ON_FARGATE['no-host']})`);
  });
});
