import { describe, expect, it } from '@jest/globals';
import { aSnapshot } from '../../../support/a-record.ts';
import { taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { MINUTE, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter } from './harness.ts';

atNow();

const IDENTITY = { cluster: 'prod', task_family: 'api', task_revision: '87', ip: '10.0.3.7' };
const CONTAINERS = [{ name: 'api', lastStatus: 'RUNNING', image: 'api:1', imageDigest: 'sha256:1' }];

/** Tasks 1, 2 and 3 had one address after another, for ten minutes each; task 3 still has it. */
async function threeTenants() {
  const watched = await aWatched();
  for (const n of [1, 2, 3]) {
    const stopped = n < 3;
    await enter(watched.world, n, {
      identity: IDENTITY,
      containers: CONTAINERS,
      firstEventAtMs: T0 + n * 10 * MINUTE,
      occurredAtMs: T0 + (n * 10 + 9) * MINUTE,
      stopped,
      lastStatus: stopped ? 'STOPPED' : 'RUNNING',
    });
  }
  return watched;
}

describe('mayfly who', () => {
  it('has one answer, even if many tasks used the address', async () => {
    const { ask } = await threeTenants();
    const had = async (...args: string[]) => jsonLines((await ask('who', '10.0.3.7', '--json', ...args)).stdout)[0];
    expect(await had('--at', '2026-11-20T10:36Z')).toEqual({
      ip: '10.0.3.7',
      at: '2026-11-20T10:36:00.000Z',
      had: [
        {
          workload: taskArn(2),
          from: '2026-11-20T10:35:00.000Z',
          until: '2026-11-20T10:44:00.000Z',
          cluster: 'prod',
          subnet: null,
          mac: null,
          taskDefinition: 'api:87',
          host: 'h1',
          instance: null,
          images: ['api:1 sha256:1'],
        },
      ],
      before: null,
    });
    expect(await had()).toMatchObject({ had: [{ workload: taskArn(3), until: null }] });
    expect(await had('--at', '2026-11-20T10:44:30Z')).toMatchObject({ had: [], before: { workload: taskArn(2) } });
  });

  it('shows image and tags of the instance a task ran on', async () => {
    const { ask, world } = await threeTenants();
    const host = 'i-0a1b2c3d4e5f60718';
    const instance = aSnapshot(9, { workload: host, kind: 'ec2-instance', identity: { instance_id: host } });
    await world.ports.ledger.advance(instance);
    await world.ports.ledger.addIdentity(
      host,
      { image_id: 'ami-1', instance_type: 'm7g.large', 'tag:team': 'search' },
      {},
    );
    await enter(world, 4, {
      identity: { ...IDENTITY, ip: '10.0.3.9' },
      handling: { host, enrolled: true, queryKeys: [], settleByMs: T0 },
    });
    expect(jsonLines((await ask('who', '10.0.3.9', '--json')).stdout)[0]).toMatchObject({
      had: [{ host, instance: { instance_id: host, ami_id: 'ami-1', instance_tags: 'team=search' } }],
    });
    expect((await ask('who', '10.0.3.9')).stdout).toMatch(
      /host AMI +ami-1\n +host type +m7g.large\n +host tags +team=search/,
    );
    expect((await ask('task', taskArn(4))).stdout).toMatch(/host tags +team=search/);
  });

  it('prints readable text', async () => {
    const { ask } = await threeTenants();
    const one = await ask('who', '10.0.3.7', '--at', '2026-11-20T10:26Z');
    expect([one.code, one.stdout.split('\n')[0]]).toEqual([0, taskArn(1)]);
    expect(one.stdout).toMatch(/^ {2}until +2026-11-20 10:34:00Z\n.*prod\n.*api:87\n.*h1\n.*api:1 sha256:1\n$/m);
    const unheld = await ask('who', '10.0.3.7', '--at', '2026-11-20T10:44:30Z');
    expect(unheld.stdout).toContain(`had 10.0.3.7 at 2026-11-20 10:44:30Z.\nThe last one before:\n${taskArn(2)}`);
    expect((await ask('who', '2001:db8::1')).stdout).toBe(
      'No workload that the ledger knows had 2001:db8::1 at 2026-11-20 11:15:00Z.\n',
    );
  });

  it('shows the interface, and the tags of a task beside those of its host', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, { identity: { ...IDENTITY, mac: '0a:1b:2c:3d:4e:5f', task_tags: 'team=search' } });
    const { stdout } = await ask('who', '10.0.3.7');
    expect(stdout).toMatch(/^ {2}MAC +0a:1b:2c:3d:4e:5f$/m);
    expect(stdout).toMatch(/^ {2}tags +team=search$/m);
    expect(jsonLines((await ask('who', '10.0.3.7', '--json')).stdout)[0]).toMatchObject({
      had: [{ mac: '0a:1b:2c:3d:4e:5f' }],
    });
  });

  it('shows the facts of an instance', async () => {
    const { world, ask } = await aWatched();
    const host = 'i-0a1b2c3d4e5f60718';
    const identity = { ip: '10.0.3.7', instance_id: host, image_id: 'ami-1' };
    await enter(world, 1, { workload: host, kind: 'ec2-instance', subjects: [host], containers: [], identity });
    expect((await ask('who', '10.0.3.7')).stdout).toBe(
      [
        host,
        '  from      2026-11-20 10:15:00Z',
        '  until     no end is known; last event 2026-11-20 10:15:00Z, RUNNING',
        '  host      h1',
        `  instance  ${host}`,
        '  AMI       ami-1',
        '',
      ].join('\n'),
    );
  });

  it('accepts an instant or a duration before now', async () => {
    const { ask } = await threeTenants();
    for (const at of ['39m', '2026-11-20T10:36Z', '2026-11-20T11:36+01:00'])
      expect((await ask('who', '10.0.3.7', '--at', at)).stdout).toContain(taskArn(2));
  });

  it('warns if the record may have expired', async () => {
    const { ask } = await threeTenants();
    const { code, stdout } = await ask('who', '10.0.3.7', '--at', '2026-08-01');
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^No workload .*\nThe ledger keeps 90d\.\n$/)]);
  });

  it('has an answer for each network that uses the same private addresses', async () => {
    const { world, ask } = await threeTenants();
    const elsewhere = { ...IDENTITY, subnet: 'subnet-2' };
    await enter(world, 4, { identity: elsewhere, firstEventAtMs: T0 + MINUTE, occurredAtMs: T0 + 2 * MINUTE });
    const { stdout } = await ask('who', '10.0.3.7');
    expect(stdout).toMatch(/^2 workloads had 10\.0\.3\.7 at 2026-11-20 11:15:00Z, each in its own subnet:/);
    expect(stdout.indexOf(taskArn(3))).toBeLessThan(stdout.indexOf(taskArn(4)));
    expect(stdout).toContain('no end is known; last event 2026-11-20 10:17:00Z, RUNNING');
  });

  it('searches back to the last answer, because a task may have had its address for long', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, {
      identity: IDENTITY,
      firstEventAtMs: T0 - 400 * 24 * 60 * MINUTE,
      occurredAtMs: T0 - 400 * 24 * 60 * MINUTE,
      receivedAtMs: T0,
    });
    expect((await ask('who', '10.0.3.7')).stdout).toContain(taskArn(1));
  });

  it.each([
    [['10.0.3'], 'Not an IP address'],
    [['10.0.3.256'], 'Not an IP address'],
    [['10.0.3.7/32'], 'Not an IP address'],
    [['10.0.3.7', '--at', 'noon'], 'Write 2026-11-01T10:00Z'],
    [['10.0.3.7', '--at', '2 hours'], 'Write 2026-11-01T10:00Z'],
    [['10.0.3.7', '--at', '2026-11-22'], 'This time is in the future'],
  ])('%j is rejected', async (args, message) => {
    const { ask } = await aWatched();
    const { code, stderr } = await ask('who', ...args);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
