import { beforeAll, describe, expect, it } from '@jest/globals';
import { anAnswer } from '../../../support/an-agent.ts';
import { PARTITIONS, taskArn } from '../../../support/builders.ts';
import { jsonLines } from '../../../support/command.ts';
import { fixture } from '../../../support/fixtures.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter, keepsAWeek } from './harness.ts';

atNow();

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ID = 'a70715f36657d2e5fcdd07f4d8a04d76';
const ARN = `arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/${ID}`;
const ENVOY = '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9';

/** The task of the fixtures: it runs, is queried, has an answer about one of its two containers, and stops. */
async function aLife() {
  const { world, ask } = await aWatched();
  await keepsAWeek(world);
  await world.aNode(INSTANCE);
  world.nowMs = Date.parse('2026-11-20T10:15:28Z');
  await world.take(fixture(15), fixture(5));
  world.nowMs += 4 * SECOND;
  const delivered = await world.poll(INSTANCE);
  world.nowMs += SECOND;
  const container = delivered.find(({ query }) => query === 'container');
  const row = {
    id: ENVOY,
    state: 'running',
    command: 'envoy -c /etc/envoy.yaml',
    started_at: '2026-11-20T10:15:26.91Z',
  };
  await world.answer(INSTANCE, [anAnswer(container?.wireId ?? '', [row])]);
  world.nowMs = Date.parse('2026-11-20T10:42:30Z');
  await world.take(fixture(7));
  return ask;
}

describe('mayfly task', () => {
  let askLife: Awaited<ReturnType<typeof aLife>>;
  let askNone: typeof askLife;
  beforeAll(async () => {
    askLife = await aLife();
    const { world, ask } = await aWatched();
    await keepsAWeek(world);
    askNone = ask;
  });

  it('shows one workload as a timeline, with the containers that were seen', async () => {
    const { code, stdout } = await askLife('task', ARN, '--json');
    expect(code).toBe(0);
    expect(jsonLines(stdout)[0]).toMatchObject({
      workload: ARN,
      verdict: 'pending',
      host: INSTANCE,
      firstDetectedBy: 'event',
      identity: { task_family: 'api', task_revision: '87', ip: '10.0.12.34' },
      timeline: [
        { at: '2026-11-20T10:15:02.310Z', stage: 'created' },
        { at: '2026-11-20T10:15:09.112Z', stage: 'pulling' },
        { at: '2026-11-20T10:15:27.000Z', stage: 'event', what: 'first event' },
        { at: '2026-11-20T10:15:27.406Z', stage: 'started', what: 'its containers started' },
        { at: '2026-11-20T10:15:28.000Z', stage: 'received', what: 'received' },
        { at: '2026-11-20T10:15:28.000Z', stage: 'queued', what: 'queued: 2 live queries' },
        { at: '2026-11-20T10:15:32.000Z', stage: 'delivered', what: 'delivered to its host' },
        { at: '2026-11-20T10:15:33.000Z', stage: 'answered', what: 'answered' },
        { at: '2026-11-20T10:15:33.000Z', stage: 'stored', what: 'stored' },
        { at: '2026-11-20T10:42:11.500Z', stage: 'ended', what: 'its containers ended' },
        {
          at: '2026-11-20T10:42:29.440Z',
          stage: 'stopped',
          what: expect.stringMatching(/^stopped: ServiceSchedulerInitiated: Scaling activity initiated by /),
        },
        { at: '2026-11-20T10:42:30.000Z', stage: 'queued', what: 'queued: 1 post-mortem query' },
        { at: null, stage: 'trouble', what: 'the answer did not name it, or one of its containers' },
      ],
      subjects: [
        {
          name: 'envoy',
          seen: 'alive',
          exitCode: 0,
          command: 'envoy -c /etc/envoy.yaml',
          startedAt: '2026-11-20T10:15:26.910Z',
          imageDigest: 'sha256:ecc14c5991158a054f63f93527c9d437d7c72efe5449b22f5c7892cf68ab462c',
        },
        { name: 'api', seen: 'not seen', exitCode: 143 },
      ],
    });
  });

  it('finds a workload by its id, and prints text', async () => {
    const { code, stdout } = await askLife('task', ID);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^arn:aws:ecs:.*\npending\n/);
    expect(stdout).toMatch(/^ {2}2026-11-20 10:15:32Z +\+5\.0 s {2}delivered to its host$/m);
    expect(stdout).toMatch(/^ {2}2026-11-20 10:15:02Z +-24\.7 s {2}created$/m);
    expect(stdout).toMatch(/^ {2}time unknown +the answer did not name it/m);
    expect(stdout).toMatch(/^ {2}container +seen +exit +started +image +digest +command$/m);
    expect(stdout).toMatch(
      /^ {2}envoy +alive +0 +2026-11-20T10:15:26\.910Z +\S+ +sha256:ecc14c\w+ +envoy -c \/etc\/envoy\.yaml$/m,
    );
    expect(stdout).toMatch(/^ {2}api +not seen +143 +- +\S+ +sha256:e20259\w+ +-$/m);
    expect(stdout).toMatch(/^ {2}host +i-0a1b2c3d4e5f60718$/m);
  });

  it('marks a container without a start as never started, and shows how an instance was seen', async () => {
    const { world, ask } = await aWatched();
    const containers = [{ name: 'broken', lastStatus: 'STOPPED', reason: 'CannotPullContainerError\u001b[31m' }];
    await enter(world, 1, { stopped: true, lastStatus: 'STOPPED', subjects: [], containers });
    const { stdout } = await ask('task', taskArn(1));
    expect(stdout).toContain('never-started');
    expect(stdout).toMatch(/broken +never started .*CannotPullContainerError \[31m$/m);
    const instance = { workload: INSTANCE, kind: 'ec2-instance' as const, subjects: [INSTANCE] };
    await enter(world, 2, { ...instance, seenLive: [INSTANCE] });
    const { stdout: instances } = await ask('task', INSTANCE);
    expect(instances).toMatch(/^ {2}instance +seen\n {2}i-0a1b2c3d4e5f60718 +alive$/m);
  });

  it('shows digest, command, exit status and times of a container that ran for a second', async () => {
    const { world, ask } = await aWatched();
    await world.aNode(INSTANCE);
    const [envoy] = fixture(7).detail.containers as object[];
    world.nowMs = Date.parse('2026-11-20T10:42:30Z');
    await world.take(fixture(15), fixture(7, { containers: [envoy] }));
    const [taken] = await world.poll(INSTANCE);
    const row = {
      id: ENVOY,
      state: 'exited',
      status: 'Exited (3) 2 seconds ago',
      command: `/bin/sh\u001b[2J -c ${'x'.repeat(600)}`,
      started_at: '2026-11-20T10:42:10.25013425Z',
      finished_at: '2026-11-20T10:42:11.250Z',
    };
    await world.answer(INSTANCE, [anAnswer(taken?.wireId ?? '', [row])]);
    const { stdout } = await ask('task', ARN);
    expect(stdout).toMatch(/^post-mortem$/m);
    expect(stdout).toMatch(
      /^ {2}envoy +post-mortem +0 +2026-11-20T10:42:10\.250Z +2026-11-20T10:42:11\.250Z +\S+ +sha256:ecc14c\w+ +\/bin\/sh \[2J -c x{493,500}$/m,
    );
    const [json] = jsonLines((await ask('task', ARN, '--json')).stdout);
    expect(json).toMatchObject({ subjects: [{ startedAt: '2026-11-20T10:42:10.250Z', exitCode: 0 }] });
  });

  it('shows the event that queued queries, and each query at its time, after an earlier event', async () => {
    const { world, ask } = await aWatched();
    await world.aNode(INSTANCE);
    await world.take(fixture(15));
    for (const [number, at] of [
      [2, '10:15:08'],
      [5, '10:15:28'],
      [7, '10:42:30'],
    ] as const) {
      world.nowMs = Date.parse(`2026-11-20T${at}Z`);
      await world.take(fixture(number));
    }
    const { stdout } = await ask('task', ARN);
    const said = stdout.split('\n').map((line) => line.replace(/^ {2}2026-11-20 (\S+)Z +\S+ s? +/, '$1 '));
    expect(said.filter((line) => /first event|received|queued/.test(line))).toEqual([
      '10:15:07 first event',
      '10:15:08 received',
      '10:15:27 the event that queued queries',
      '10:15:28 received: what queued queries',
      '10:15:28 queued: 2 live queries',
      '10:42:30 queued: 1 post-mortem query',
    ]);
  });

  it('shows why ECS stopped it, that an id is unusable, and long durations in days', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, {
      stopped: true,
      lastStatus: 'STOPPED',
      subjects: ['a'],
      containers: [
        { name: 'api', lastStatus: 'STOPPED', runtimeId: 'a' },
        { name: 'odd', lastStatus: 'STOPPED', unsafeId: true },
      ],
      identity: { stop_code: 'TaskFailedToStart', stopped_reason: 'CannotPullContainerError: no\u001b[31m' },
      times: { createdAtMs: T0 - 2 * 60 * MINUTE - 5 * MINUTE, stoppedAtMs: T0 + (6 * 24 + 13) * 60 * MINUTE },
    });
    const { stdout } = await ask('task', taskArn(1));
    expect(stdout).toMatch(/ {3}-2h 5m {2}created$/m);
    expect(stdout).toMatch(/ {2}\+6d 13h {2}stopped: TaskFailedToStart: CannotPullContainerError: no \[31m$/m);
    expect(stdout).toMatch(/^ {2}odd +id unusable$/m);
  });

  it('shows what a sweep found, and when, if no event reported it', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, { detectedBy: 'sweep', receivedAtMs: T0 + 40 * SECOND });
    const { stdout } = await ask('task', taskArn(1));
    expect(stdout).toMatch(/\+0\.0 s {2}first change, not reported by an event\n.*\+40\.0 s {2}found by a sweep$/m);
  });

  it('is seen without a non-essential container, and marks which containers are essential', async () => {
    const { world, ask } = await aWatched();
    const containers = [
      { name: 'api', lastStatus: 'STOPPED', runtimeId: 'a', image: 'api:1', exitCode: 0 },
      { name: 'logs', lastStatus: 'STOPPED', runtimeId: 'b', image: 'logs:1', essential: false, reason: 'OutOfMemory' },
      { name: 'init', lastStatus: 'STOPPED', runtimeId: 'c', image: 'init:1', essential: false },
    ];
    await enter(world, 1, { containers, subjects: ['a', 'b', 'c'], seenLive: ['a'], seenPostMortem: ['c'] });
    const { stdout } = await ask('task', taskArn(1));
    expect(stdout).toMatch(/^seen$/m);
    expect(stdout).toMatch(/^ {2}api +alive +0 +api:1 +-$/m);
    expect(stdout).toMatch(/^ {2}logs +not seen +- +logs:1 +not essential, OutOfMemory$/m);
    expect(stdout).toMatch(/^ {2}init +post-mortem +- +init:1 +not essential$/m);
    const [json] = jsonLines((await ask('task', taskArn(1), '--json')).stdout);
    expect(json).toMatchObject({
      verdict: 'seen',
      subjects: [{ seen: 'alive' }, { seen: 'not seen', essential: false }, { seen: 'post-mortem', essential: false }],
    });
  });

  it('explains the reason of a miss', async () => {
    const { world, ask } = await aWatched();
    await enter(world, 1, { troubles: ['denylisted'], firstEventAtMs: T0 - MINUTE });
    const { stdout } = await ask('task', taskArn(1));
    expect(stdout).toMatch(/^missed: denylisted \(the SQL once killed the agent/m);
    expect(stdout).toMatch(/\+60\.0 s {2}last event: RUNNING$/m);
  });

  it('is found by the first digits of its id, or of its cluster and id', async () => {
    for (const name of [ID.slice(0, 4), `ephemeral-prod/${ID.slice(0, 8)}`, ARN.slice(0, ARN.length - 28)])
      expect((await askLife('task', name)).stdout).toContain(ARN);
    expect((await askLife('task', INSTANCE.slice(0, 10))).stderr).toContain(`does not know ${INSTANCE.slice(0, 10)}`);
  });

  it('lists the candidates if several workloads begin with the same digits', async () => {
    const { world, ask } = await aWatched();
    for (const n of [1, 2, 3]) await enter(world, n);
    const { code, stderr } = await ask('task', taskArn(1).slice(-32, -4));
    expect(code).toBe(1);
    expect(stderr).toContain('is the beginning of 3 workloads:\n');
    for (const n of [1, 2, 3]) expect(stderr).toContain(`\n  ${taskArn(n)}`);
  });

  it('is found by its id in any spelling', async () => {
    expect((await askLife('task', ID.toUpperCase())).stdout).toContain(ARN);
  });

  it.each(['task', 'arn:aws:ecs:us-east-1:111122223333:cluster/x', 'arn:aws:ecs:task/x', 'i-12', 'a70', ''])(
    'does not accept %j as a workload',
    async (name) => {
      const { code, stderr } = await askNone('task', name);
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/Not the ARN or id .*first four digits.*"npx mayfly tasks"/),
      ]);
    },
  );

  it.each([
    ...PARTITIONS.flatMap(([partition, region]) => [
      `arn:${partition}:ecs:${region}:111122223333:task/prod/a70715f36657d2e5fcdd07f4d8a04d76`,
      `arn:${partition}:ecs:${region}:111122223333:task/c5cba4eb-5dad-405e-96db-71ef8eefe6a8`,
    ]),
    'c5cba4eb-5dad-405e-96db-71ef8eefe6a8',
    'i-0a1b2c3d',
  ])('reports that it does not know %s, of any partition and format', async (name) => {
    const { code, stderr } = await askNone('task', name);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`does not know ${name}`)]);
  });
});
