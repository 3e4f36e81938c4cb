import { beforeAll, describe, expect, it, jest } from '@jest/globals';
import { DynamoFleetIssues } from '../../../lib/aws/fleet-issues.ts';
import { DynamoNodeDirectory } from '../../../lib/aws/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy-store.ts';
import { visible } from '../../../lib/cli/layout.ts';
import { entryOf } from '../../../lib/core/nodes/directory.ts';
import { versionAfter } from '../../../lib/core/policy/policy-version.ts';
import builtIn from '../../../policy/built-in.json' with { type: 'json' };
import { aSighting, recordSighting } from '../../support/a-record.ts';
import { dockerId, taskArn } from '../../support/builders.ts';
import { onTerminal } from '../../support/terminal.ts';
import { MINUTE, SECOND, T0 } from '../../support/times.ts';
import { atNow, aWatched, enter, NOW } from './ledger/harness.ts';

const LONG = 'ip-10-0-123-234.a-region-with-a-long-name.compute.internal';

/** A Mayfly with long names, in which every table has rows. */
async function aFullMayfly() {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
  const { world, ask } = await aWatched();
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const host of ['i-0a1b2c3d4e5f60718', LONG]) {
    const node = await world.aNode(host, { hostname: LONG });
    await directory.record(entryOf(node, 'a-profile-with-a-long-name'), NOW + 60 * MINUTE);
  }
  const policy = {
    policy: builtIn.policy,
    sources: {},
    pushedBy: 'a-colleague@a-long-host-name',
    pushedAtMs: T0,
  };
  const message =
    'Ask for the sockets of the containers too, as our incident of last week has shown that they are missing';
  await new DynamoPolicyStore(world.table).push(versionAfter(0, { ...policy, message }), 0);
  const issues = new DynamoFleetIssues(world.table);
  await issues.record('identifier-shared', LONG, LONG, NOW);
  const handling = { host: LONG, enrolled: false, queryKeys: [], settleByMs: T0 + MINUTE };
  await enter(world, 1, { identity: { cluster: 'a-cluster-with-a-long-name', group: 'service:api' }, handling });
  await enter(world, 2, { identity: { cluster: 'prod' } });
  await enter(world, 3, { identity: { cluster: 'prod' } });
  await recordSighting(world.ports.ledger, taskArn(3), aSighting([dockerId(3)], [], T0 + 5 * SECOND));
  return ask;
}

describe('on a terminal of 80 columns', () => {
  atNow();
  let ask: Awaited<ReturnType<typeof aFullMayfly>>;
  beforeAll(async () => {
    ask = await aFullMayfly();
  });

  it.each([
    ['coverage', '--since', '7d'],
    ['missed', '--since', '7d'],
    ['task', taskArn(1)],
    ['nodes'],
    ['mtta', '--since', '7d'],
    ['node', 'show', LONG],
    ['policy', 'show'],
    ['policy', 'history'],
    ['policy', 'drift', '--all'],
  ])('%s %s fits', async (...args) => {
    const { stdout } = await onTerminal(process.stdout, true, () => ask(...args), 80);
    expect(stdout.trim()).not.toBe('');
    // A full id in a line of its own, and a command at the end of a line, can be copied although they wrap.
    const wide = stdout
      .split('\n')
      .filter((line) => visible(line) > 79 && / \S/.test(line.trim()) && !/npx mayfly/.test(line));
    expect(wide).toEqual([]);
  });

  it('elsewhere, such as in a pipe, nothing is cut or hidden', async () => {
    const { stdout } = await ask('nodes');
    expect(stdout).toMatch(new RegExp(`${LONG}  ${LONG}  ubuntu +a-profile-with-a-long-name`));
  });
});
