import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../../lib/aws/node-directory.ts';
import { entryOf } from '../../../../lib/core/nodes/directory.ts';
import { MINUTE } from '../../../support/world.ts';
import { jsonLines } from '../policy/harness.ts';
import { atNow, aWatched, NOW } from './harness.ts';

atNow();

describe('mayfly nodes', () => {
  it('shows who is enrolled, by host, whatever a node calls itself', async () => {
    const { world, ask } = await aWatched();
    const directory = new DynamoNodeDirectory(world.table, world.now);
    for (const [host, hostname, life] of [
      ['i-2', 'two\u001b[2J', 1],
      ['i-1', 'one', 1],
      ['i-3', 'gone', -1],
    ] as const) {
      const node = await world.aNode(host, { hostname });
      await directory.note(entryOf(node, 'default'), NOW + life * MINUTE);
    }
    const { code, stdout } = await ask('nodes', '--json');
    const node = {
      platform: 'ubuntu',
      profile: 'default',
      osqueryVersion: '5.17.0',
      lastSeenAt: '2026-11-20T10:15:00.000Z',
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
    ]);
  });

  it('says when there is none', async () => {
    const { ask } = await aWatched();
    expect(await ask('nodes')).toMatchObject({ code: 0, stdout: expect.stringContaining('No node is enrolled at') });
  });
});
