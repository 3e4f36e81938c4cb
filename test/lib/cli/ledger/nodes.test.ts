import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoSweepProgress } from '../../../../lib/aws/reconcile/progress.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { jsonLines } from '../../../support/command.ts';
import { MINUTE } from '../../../support/times.ts';
import { atNow, aWatched, NOW } from './harness.ts';

atNow();

describe('mayfly nodes', () => {
  it('shows where agents are expected, if not everywhere', async () => {
    const { world, ask } = await aWatched();
    expect((await ask('nodes')).stdout).not.toContain('expected');
    const expectAgents = '{"vpcs":["vpc-0a1b2c3d"]}';
    const sweeps = new DynamoSweepProgress(world.table, { expectAgents });
    await sweeps.begin(NOW, NOW + MINUTE);
    await sweeps.end(NOW + MINUTE, {});
    expect((await ask('nodes')).stdout).toContain(`Agents are expected only on instances that match ${expectAgents}`);
  });

  it('lists enrolled nodes by host, with any hostname', async () => {
    const { world, ask } = await aWatched();
    const directory = new DynamoNodeDirectory(world.table, world.now);
    for (const [host, hostname, life] of [
      ['i-2', 'two\u001b[2J', 1],
      ['i-1', 'one', 1],
      ['i-3', 'gone', -1],
    ] as const) {
      const node = await world.aNode(host, { hostname });
      await directory.record(directoryEntryOf(node, 'default'), NOW + life * MINUTE);
    }
    const { code, stdout } = await ask('nodes', '--json');
    const node = {
      platform: 'ubuntu',
      profile: 'default',
      osqueryVersion: '5.17.0',
      lastSeenAt: '2026-11-20T10:15:00.000Z',
      fleetIssues: [],
    };
    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [
        [
          { host: 'i-1', hostname: 'one', ...node },
          { host: 'i-2', hostname: 'two\u001b[2J', ...node },
        ],
      ],
    ]);
    expect((await ask('nodes')).stdout.split('\n').map((line) => line.split(/ {2,}/))).toEqual([
      ['host', 'hostname', 'platform', 'profile', 'last seen', 'osquery'],
      ['i-1', 'one', 'ubuntu', 'default', '2026-11-20 10:15:00Z', '5.17.0'],
      ['i-2', 'two [2J', 'ubuntu', 'default', '2026-11-20 10:15:00Z', '5.17.0'],
      [''],
      ['Last seen is updated every 5 minutes: it may be that old although the node polls.'],
      [''],
    ]);
  });

  it('reports when there is none', async () => {
    const { ask } = await aWatched();
    const { code, stdout } = await ask('nodes');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(
        /^No node is enrolled at .*\nStart one: osqueryd --flagfile .*osquery\.flags --specified_identifier=\$\(hostname\)\n$/,
      ),
    ]);
  });

  it('shows fleet issues with advice, also for hosts without a node', async () => {
    const { world, ask } = await aWatched();
    const directory = new DynamoNodeDirectory(world.table, world.now);
    await directory.record(directoryEntryOf(await world.aNode('i-1'), 'default'), NOW + MINUTE);
    const { fleetIssues } = world.ports;
    await fleetIssues.record('agent-silent', 'i-1', 'i-1 runs, its agent came last at noon', NOW - 9 * MINUTE);
    await fleetIssues.record('agent-silent', 'i-1', 'i-1 runs, its agent came last at noon', NOW);
    await fleetIssues.record('no-agent', 'i-9', 'it runs\u001b[2J', NOW - MINUTE);
    await fleetIssues.record('no-agent', 'i-8', 'long closed', NOW - 10 * MINUTE);

    const [hosts] = jsonLines((await ask('nodes', '--json')).stdout);
    const since = new Date(NOW - 9 * MINUTE).toISOString();
    expect(hosts).toMatchObject([
      { host: 'i-1', hostname: expect.any(String), fleetIssues: [{ kind: 'agent-silent', since }] },
      {
        ...{ host: 'i-9', hostname: null, platform: null, profile: null, osqueryVersion: null, lastSeenAt: null },
        fleetIssues: [
          { kind: 'no-agent', detail: 'it runs\u001b[2J', advice: expect.stringContaining('mayfly:ignore') },
        ],
      },
    ]);
    const { stdout } = await ask('nodes');
    expect(stdout.split('\n').slice(4)).toEqual([
      '',
      'agent-silent: 1 host',
      expect.stringMatching(/^ {2}check osqueryd/),
      '  i-1  since 2026-11-20 11:06:00Z  i-1 runs, its agent came last at noon',
      '',
      'no-agent: 1 host',
      expect.stringContaining('mayfly:ignore'),
      '  i-9  since 2026-11-20 11:14:00Z  it runs [2J',
      '',
    ]);
  });

  it('shows fleet issues when no node is enrolled', async () => {
    const { world, ask } = await aWatched();
    await world.ports.fleetIssues.record('no-agent', 'i-9', 'it runs', NOW);
    expect((await ask('nodes')).stdout).toMatch(/^No node is enrolled at .*\nStart one: .*\n\nno-agent: 1 host\n/);
  });
});
