import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { DynamoSweepProgress } from '../../../../lib/aws/reconcile/progress.ts';
import type { Poller, WorkloadRecord } from '../../../../lib/core/ledger/workload.ts';
import type { Profile } from '../../../../lib/core/policy/policy.ts';
import { versionAfter } from '../../../../lib/core/policy/policy-version.ts';
import { aPoller, aSighting, aSnapshot, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { plainPolicy } from '../../../support/plain-policy.ts';
import type { TableWorld } from '../../../support/table-world.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { atNow, aWatched, NOW } from './harness.ts';

atNow();

const database: Profile = {
  name: 'database',
  match: { hostname: ['db-*'] },
  config: { options: { distributed_interval: 60 } },
};

/** A Mayfly with the hosts h1 and h2 of the default profile and db1 of another profile. */
async function aFleet() {
  const { world, ask } = await aWatched();
  const policy = { ...plainPolicy, profiles: [database, ...plainPolicy.profiles] };
  const said = { policy, sources: {}, message: '', pushedBy: 'test', pushedAtMs: T0 };
  await new DynamoPolicyStore(world.table).push(versionAfter(0, said), 0);
  const directory = new DynamoNodeDirectory(world.table, () => NOW);
  for (const [hostIdentifier, profile] of [
    ['h1', 'default'],
    ['h2', 'default'],
    ['db1', 'database'],
  ] as const)
    await directory.record({ hostIdentifier, profile, tags: {}, lastSeenMs: NOW }, NOW + SECOND);
  return { world, ask };
}

interface Life {
  readonly host?: string;
  readonly detectedBy?: WorkloadRecord['detectedBy'];
  readonly answeredAfterMs?: number;
  readonly cluster?: string;
  readonly poller?: Poller;
}

/** Task n: the event about its start arrives after 1 s, its query is queued 0.1 s later and delivered a second before the answer. */
async function live(
  world: TableWorld,
  n: number,
  { host = 'h1', detectedBy = 'event', answeredAfterMs, cluster = 'prod', ...given }: Life,
) {
  const { ledger } = world.ports;
  const receivedAtMs = T0 + (detectedBy === 'event' ? SECOND : 60 * SECOND);
  const queuedAtMs = receivedAtMs + 100;
  await ledger.advance(aSnapshot(n, { receivedAtMs, detectedBy, identity: { cluster } }));
  const own = host === 'db1' ? aPoller({ profile: 'database', intervalSeconds: 60 }) : aPoller();
  const { poller = own } = given;
  const firstQuery = { eventAtMs: T0, receivedAtMs, queuedAtMs, detectedBy, poller };
  await ledger.markHandled(taskArn(n), 1, { host, enrolled: true, queryKeys: [], settleByMs: NOW, firstQuery });
  if (answeredAfterMs === undefined) return;
  const answeredAtMs = T0 + answeredAfterMs;
  const from = { deliveredAtMs: answeredAtMs - SECOND, poller };
  await recordSighting(
    ledger,
    taskArn(n),
    aSighting([dockerId(n)], [], answeredAtMs, { from, storedAtMs: answeredAtMs + 50 }),
  );
}

/** Answers after 4 and 20 s from hosts that poll every 10 s, after 20 s from one that polls every 60 s; one task found by a sweep, one unanswered. */
async function fiveLives() {
  const { world, ask } = await aFleet();
  await live(world, 1, { answeredAfterMs: 4 * SECOND });
  await live(world, 2, { host: 'h2', answeredAfterMs: 20 * SECOND });
  await live(world, 3, { host: 'db1', answeredAfterMs: 20 * SECOND, cluster: 'data' });
  await live(world, 4, { detectedBy: 'sweep', answeredAfterMs: 70 * SECOND });
  await live(world, 5, {});
  return ask;
}

describe('mayfly mtta', () => {
  it('compares the bound of each class with the measurements, and lists the answers beyond it', async () => {
    const ask = await fiveLives();
    const { code, stdout } = await ask('mtta', '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({
      since: '2026-11-19T11:15:00.000Z',
      assumed: { eventLatencyMs: 5000, roundTripMs: 80, queryRunMs: 150, hotIntervalSeconds: 5, sweepEveryMs: 60_000 },
      classes: [
        {
          name: 'database',
          nodes: 1,
          intervalSeconds: 60,
          boundsMs: { idleMs: 65_540, hotMs: 10_540, unheardMs: 122_540 },
          answers: 1,
          late: 0,
        },
        {
          name: 'default',
          nodes: 2,
          intervalSeconds: 10,
          boundsMs: { idleMs: 15_540, hotMs: 10_540, unheardMs: 72_540 },
          answers: 2,
          timeToAnswerMs: { p50: 4000, p95: 20_000, p99: 20_000, max: 20_000 },
          late: 1,
        },
      ],
      all: { answers: 3 },
      swept: { answers: 1, timeToAnswerMs: { max: 70_000 } },
      stages: {
        eventToReceivedMs: { p50: 1000, max: 60_000 },
        receivedToQueuedMs: { max: 100 },
        queuedToDeliveredMs: { max: 17_900 },
        deliveredToAnsweredMs: { max: 1000 },
        answeredToStoredMs: { max: 50 },
      },
      late: [
        {
          workload: taskArn(2),
          cluster: 'prod',
          host: 'h2',
          class: 'default',
          eventAt: '2026-11-20T10:15:00.000Z',
          timeToAnswerMs: 20_000,
          lateByMs: 3460,
          stage: 'queuedToDeliveredMs',
        },
      ],
    });
  });

  it('uses the interval of this reconciler for workloads without an event', async () => {
    const { world, ask } = await aFleet();
    const sweeps = new DynamoSweepProgress(world.table, { everyMs: 5 * MINUTE });
    await sweeps.begin(T0, T0 + MINUTE);
    await sweeps.end(T0 + MINUTE, { tasksSinceMs: T0 });
    await live(world, 1, { detectedBy: 'sweep', answeredAfterMs: 312_540 });
    await live(world, 2, { detectedBy: 'sweep', answeredAfterMs: 312_541 });
    const { stdout } = await ask('mtta', '--json');
    expect(jsonLines(stdout)[0]).toMatchObject({
      assumed: { sweepEveryMs: 300_000 },
      classes: [{ boundsMs: { unheardMs: 362_540 } }, { boundsMs: { unheardMs: 312_540 } }],
      late: [{ workload: taskArn(2), lateByMs: 1 }],
    });
  });

  it('prints a readable table: the bound, the longest answers first, then advice about late ones', async () => {
    const ask = await fiveLives();
    const { stdout } = await ask('mtta');
    const cells = stdout.split('\n').map((line) => line.trim().split(/ {2,}/));
    expect(cells).toEqual(
      expect.arrayContaining([
        'class,nodes,every,bound,hot,no event,answers,max,p99,p95,p50,late'.split(','),
        'database,1,60 s,65.5 s,10.5 s,123 s,1,20.0 s,20.0 s,20.0 s,20.0 s,0'.split(','),
        'default,2,10 s,15.5 s,10.5 s,72.5 s,2,20.0 s,20.0 s,20.0 s,4.0 s,1'.split(','),
        'found by a sweep,-,-,-,-,-,1,70.0 s,70.0 s,70.0 s,70.0 s,-'.split(','),
        ['queued → delivered', '17.9 s', '17.9 s', '17.9 s', '8.9 s'],
        ['2026-11-20 10:15:00Z', 'took 20.0 s, 3.5 s too late', taskArn(2), 'on h2'],
      ]),
    );
    expect(stdout).toMatch(/^queued → delivered: the agent polled late.*queries_per_delivery$/m);
  });

  it('is limited to one cluster by an option, and prints the bounds without any answer', async () => {
    const ask = await fiveLives();
    expect(jsonLines((await ask('mtta', '--json', '--cluster', 'data')).stdout)[0]).toMatchObject({
      all: { answers: 1 },
      late: [],
    });
    const { stdout } = await ask('mtta', '--since', '10m');
    expect(stdout).toMatch(/^default +2 +10 s +15\.5 s +10\.5 s +72\.5 s +0 +- +- +- +- +0$/m);
    expect(stdout).not.toContain('where the time goes');
  });

  it('keeps the bound of ended hosts, and lists launches separately', async () => {
    const { world, ask } = await aFleet();
    await live(world, 1, { host: 'gone', answeredAfterMs: 100 * SECOND });
    const instance = 'i-0a1b2c3d4e5f60718';
    await world.ports.ledger.advance(aSnapshot(2, { workload: instance, kind: 'ec2-instance', subjects: [instance] }));
    await recordSighting(world.ports.ledger, instance, aSighting([instance], [], T0 + 90 * SECOND));
    expect(jsonLines((await ask('mtta', '--json')).stdout)[0]).toMatchObject({
      classes: [{ name: 'database' }, { name: 'default', nodes: 2, answers: 1, late: 1 }],
      launches: { answers: 1, timeToAnswerMs: { max: 90_000 } },
      late: [{ host: 'gone', class: 'default', timeToAnswerMs: 100_000 }],
    });
  });

  it('compares queries of an earlier policy with the bound of that policy, in a separate line', async () => {
    const { world, ask } = await aFleet();
    await live(world, 1, { host: 'db1', answeredAfterMs: 50 * SECOND });
    const policy = { ...plainPolicy, profiles: [{ ...database, config: {} }, ...plainPolicy.profiles] };
    const said = { policy, sources: {}, message: '', pushedBy: 'test', pushedAtMs: T0 };
    await new DynamoPolicyStore(world.table).push(versionAfter(1, said), 1);
    const { stdout } = await ask('mtta');
    expect(stdout).toMatch(/^database +1 +10 s .* 0 +- +- +- +- +0$/m);
    expect(stdout).toMatch(/^database, before +- +60 s +65\.5 s .* 1 +50\.0 s +50\.0 s +50\.0 s +50\.0 s +0$/m);
  });

  it.each([
    [{ heldEverySeconds: 1 }, undefined, true],
    [{}, 1, false],
  ])(
    'takes the front of a local Mayfly from its last start, before a sweep records it: %j',
    async (front, recorded, isHeld) => {
      const { world, data, ask } = await aWatched();
      const sweeps = new DynamoSweepProgress(world.table, { everyMs: MINUTE, heldEverySeconds: recorded });
      await sweeps.begin(NOW, NOW + MINUTE);
      await sweeps.end(NOW + MINUTE, {});
      const file = join(data, 'ready.json');
      writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), front }));
      const [{ classes }] = jsonLines((await ask('mtta', '--json')).stdout) as [{ classes: unknown }];
      expect(classes).toEqual([expect.objectContaining({ name: 'default', isHeld })]);
    },
  );

  it('gives every profile the bound of held reads behind the long-poll front', async () => {
    const { world, ask } = await aFleet();
    const sweeps = new DynamoSweepProgress(world.table, { everyMs: MINUTE, heldEverySeconds: 1 });
    await sweeps.begin(T0, T0 + MINUTE);
    await sweeps.end(T0 + MINUTE, {});
    await live(world, 1, { answeredAfterMs: 9 * SECOND, poller: aPoller({ intervalSeconds: 1, isHeld: true }) });
    await live(world, 2, { answeredAfterMs: 9 * SECOND }); // queued behind the other front
    const held = {
      intervalSeconds: 1,
      isHeld: true,
      boundsMs: { idleMs: 6790, unheardMs: 63_790, lateHintMs: 18_790 },
    };
    expect(jsonLines((await ask('mtta', '--json')).stdout)[0]).toMatchObject({
      assumed: { wakeMs: 250, holdMs: 12_000 },
      classes: [
        { name: 'database', ...held, answers: 0 },
        { name: 'default', ...held, answers: 1, late: 1 },
        { name: 'default', inForce: false, intervalSeconds: 10, isHeld: false, answers: 1, late: 0 },
      ],
      late: [{ workload: taskArn(1), lateByMs: 1210 }],
    });
    const { stdout } = await ask('mtta');
    expect(stdout).toMatch(/^default +2 +held +6\.8 s +- +63\.8 s +1 .* 1$/m);
    expect(stdout).toMatch(/^held: .* 0\.3 s .* 12\.0 s: 18\.8 s\.$/m);
  });

  it('prints the bounds of the built-in policy if the table has none yet', async () => {
    const { world, ask } = await aWatched();
    await live(world, 1, {}); // otherwise the command searches 90 days for one
    expect((await ask('mtta')).stdout).toMatch(/^default +0 +10 s +15\.5 s/m);
  });
});
