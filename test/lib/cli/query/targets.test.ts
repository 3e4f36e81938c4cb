import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { targetsOf } from '../../../../lib/cli/query/targets.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import { memoryStores } from '../../../../lib/memory/composition.ts';
import { deploymentOf } from '../../../../scripts/pictured-hours.ts';
import { aNode } from '../../../support/a-node.ts';
import { aSnapshot } from '../../../support/a-record.ts';
import { MINUTE, T0 } from '../../../support/times.ts';

const DAY = 24 * 60 * MINUTE;
const printed: string[] = [];
beforeEach(() => {
  printed.length = 0;
  jest.spyOn(Date, 'now').mockReturnValue(T0);
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
});
afterEach(() => {
  jest.restoreAllMocks();
});

/** Nodes i-1, i-2, web-3 (the instance i-3) and other-4; a task of prod started on i-1 at this time. */
async function aFleet(startedAtMs: number) {
  const stores = memoryStores(() => T0);
  for (const host of ['i-1', 'i-2', 'web-3', 'other-4']) {
    await stores.hosts.enroll(aNode(host), undefined);
    await stores.directory.record(directoryEntryOf(aNode(host)), T0 + DAY);
  }
  await stores.aliases.learn('i-3', 'web-3', T0, 'aws');
  const task = aSnapshot(0, { identity: { cluster: 'prod' }, receivedAtMs: startedAtMs, occurredAtMs: startedAtMs });
  await stores.ledger.advance(task);
  const handling = { host: 'i-1', enrolled: true, queryKeys: [], settleByMs: 0 };
  await stores.ledger.markHandled(task.workload, task.version, handling);
  return deploymentOf(stores);
}

const hostsOf = async (...asked: Parameters<typeof targetsOf>) =>
  (await targetsOf(...asked)).nodes.map(({ hostIdentifier }) => hostIdentifier).sort();

describe('the hosts of a cluster', () => {
  it('are its container instances, by every name, and the hosts of its latest tasks', async () => {
    const membersOf = async (cluster: string) => (cluster === 'prod' ? ['i-2', 'i-3', 'i-without-agent'] : []);
    const fleet = await aFleet(T0 - 60 * MINUTE);
    expect(await hostsOf({ cluster: 'prod' }, { ...fleet, membersOf })).toEqual(['i-1', 'i-2', 'web-3']);
    await expect(hostsOf({ cluster: 'dev' }, { ...fleet, membersOf })).rejects.toThrow(
      'no host to ask: no enrolled node matches cluster dev',
    );
  });

  it('are those of the ledger, if ECS does not know the cluster or these credentials', async () => {
    const fleet = await aFleet(T0 - 60 * MINUTE);
    const membersOf = async () => {
      throw Object.assign(new Error('not authorized\u001b[2J'), { name: 'AccessDeniedException' });
    };
    expect(await hostsOf({ cluster: 'prod' }, { ...fleet, membersOf })).toEqual(['i-1']);
    expect(printed.join('')).toContain('ECS does not list the instances of prod (not authorized [2J)');
    const broken = async () => Promise.reject(new Error('ECS is down'));
    await expect(hostsOf({ cluster: 'prod' }, { ...fleet, membersOf: broken })).rejects.toThrow('ECS is down');
  });

  it('are those of a week in the ledger of a local Mayfly, and of a day where ECS knows the others', async () => {
    const fleet = await aFleet(T0 - 6 * DAY);
    expect(await hostsOf({ cluster: 'prod' }, fleet)).toEqual(['i-1']);
    expect(await hostsOf({ cluster: 'prod' }, { ...fleet, membersOf: async () => ['i-2'] })).toEqual(['i-2']);
  });
});
