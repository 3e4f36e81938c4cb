import { beforeEach, describe, expect, it } from '@jest/globals';
import { NODE_TTL_MS } from '../../../lib/core/nodes/node.ts';
import { fixture, fixtureNumbers } from '../../support/fixtures.ts';
import { FunctionWorld } from '../../support/function-world.ts';
import { MINUTE, SECOND } from '../../support/times.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';
const ON_INSTANCE =
  'arn:aws:ecs:us-east-1:111122223333:container-instance/ephemeral-prod/96b5981bbb253fdb27dcb5f56e14edf8';
const API_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/a70715f36657d2e5fcdd07f4d8a04d76';
const ENVOY = '9fd313b782ded4c240eda6ac1cf1bd2563d044274c240c68fe6ac033001c0ba9';
const API = 'c723a4ec70a07b3de6fee444c3e0111c074caf79931a2fc374ec6ab3b4c5376f';
const MIGRATE_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/0721779a4c7359e0d0a357b335d6b27f';
const MIGRATE = '00eb5b3c7bf3db21438d01ebb72f16c793168556025aa6720ed5343bf6ee2ef6';
const FARGATE_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/fargate-jobs/a87d86906d345f62b49f844f11a10b3e';
const SPOT_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/fargate-jobs/f32c42f0fbfcfb65498e2d8e2fff8055';
const MANAGED_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/managed-pool/60fc7857640a9034b487151c5afe2131';
const ON_MANAGED =
  'arn:aws:ecs:us-east-1:111122223333:container-instance/managed-pool/f1f4e4f60faff3ccec5e62d9f0b3936d';
const EXTERNAL_TASK = 'arn:aws:ecs:us-east-1:111122223333:task/edge-sites/1ea04352393fa95e5b990edf483b266e';
const ON_EXTERNAL = 'arn:aws:ecs:us-east-1:111122223333:container-instance/edge-sites/533798f5a18d4340d77b6c8ced75bc3b';

const CONTAINER = (ids: string): string =>
  'SELECT id, name, image, image_id, command, created, state, status, pid, path, started_at, finished_at, privileged, ' +
  `security_options, readonly_rootfs, net_namespace, pid_namespace FROM docker_containers WHERE id IN (${ids})`;
const PROCESSES = (ids: string): string =>
  'SELECT id, pid, name, cmdline, state, uid, gid, start_time, parent, threads, user ' +
  `FROM docker_container_processes WHERE id IN (${ids})`;
const API_IDS = `'${ENVOY}', '${API}'`;
const LIVE = [
  { query: 'container', rule: 'ecs-task-running', sql: CONTAINER(API_IDS) },
  { query: 'processes', rule: 'ecs-task-running', sql: PROCESSES(API_IDS) },
];

let world: FunctionWorld;
beforeEach(() => {
  world = new FunctionWorld();
});

/** Delivers a fixture at the second its envelope names. */
async function arrives(...numbers: number[]): Promise<void> {
  for (const number of numbers) {
    const event = fixture(number);
    world.nowMs = Date.parse(event.time);
    expect(await world.send(event)).toEqual([]);
  }
}

describe('a task on an instance that ECS events have named (15)', () => {
  beforeEach(() => arrives(15));

  it('has no query before a container runs (01-04), and needs no call to ECS', async () => {
    await arrives(1, 2, 3, 4);
    expect(world.outcomes()).toEqual(['learned', 'noted', 'noted', 'noted', 'noted']);
    expect(await world.waiting(INSTANCE)).toEqual([]);
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'pending' });
    expect(world.ecs.calls).toEqual([]);
  });

  it('has queries about its containers and processes once it runs (05)', async () => {
    await arrives(5);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
    expect(await world.record(API_TASK)).toMatchObject({
      kind: 'ecs-task',
      version: 5,
      handledVersion: 5,
      lastStatus: 'RUNNING',
      subjects: [ENVOY, API],
      identity: {
        task_arn: API_TASK,
        cluster: 'ephemeral-prod',
        task_family: 'api',
        task_revision: '87',
        launch_type: 'EC2',
        group: 'service:api-svc',
        started_by: 'ecs-svc/4827116039274418203',
        availability_zone: 'us-east-1b',
        ip: '10.0.12.34',
        mac: '0a:1b:2c:3d:4e:5f',
      },
      handling: { host: INSTANCE, enrolled: false },
      firstEventAtMs: Date.parse('2026-11-20T10:15:27Z'),
    });
  });

  it('is pending until the queries and their redeliveries end, and then missed with the reason', async () => {
    await arrives(5);
    world.nowMs += 13 * MINUTE - 1;
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'pending' });
    world.nowMs += 1;
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
  });

  it('is agent-silent with an enrolled agent, and not-enrolled after its node has expired', async () => {
    world.nowMs = Date.parse(fixture(5).time) - NODE_TTL_MS;
    await world.aNode(INSTANCE);
    await arrives(5);
    world.nowMs += 13 * MINUTE;
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
    world.nowMs = Date.parse(fixture(7).time) - MINUTE;
    await world.aNode(INSTANCE, { agentInstance: 'new' });
    await arrives(7);
    world.nowMs += 24 * 60 * MINUTE;
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'missed', reason: 'agent-silent' });
  });

  it('has rows decorated with the name and image of their container', async () => {
    await arrives(5);
    const { pending } = await world.ports.queue.read(INSTANCE, true);
    expect(pending[0]?.subjectDecorations).toEqual({
      [ENVOY]: {
        container_name: 'envoy',
        image: 'public.ecr.aws/appmesh/aws-appmesh-envoy:v1.29.12.1-prod',
        image_digest: 'sha256:ecc14c5991158a054f63f93527c9d437d7c72efe5449b22f5c7892cf68ab462c',
      },
      [API]: {
        container_name: 'api',
        image: '111122223333.dkr.ecr.us-east-1.amazonaws.com/api:2026.11.20-4f2c1d9',
        image_digest: 'sha256:e202595200a46efe13380bf8fa111b5921b4b909ff253b1a254ca9a9af71debe',
      },
    });
  });

  it('is not queried again on a repeated event (08), even after the delivery of the queries', async () => {
    await world.aNode(INSTANCE);
    await arrives(5, 8);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
    expect(await world.poll(INSTANCE)).toHaveLength(2);
    await arrives(8);
    expect(await world.waiting(INSTANCE)).toEqual([]);
    expect(world.outcomes()).toEqual(['learned', 'queued', 'stale', 'stale']);
  });

  it('is queried once if both copies arrive in one batch (05, 08)', async () => {
    expect(await world.send(fixture(5), fixture(8))).toEqual([]);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
  });

  it('keeps its queries while it stops, across a gap in the versions (06)', async () => {
    await arrives(5, 6);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
    expect(await world.record(API_TASK)).toMatchObject({ version: 8, lastStatus: 'DEPROVISIONING' });
  });

  it('is queried before it stops if the event about its start was lost (06 first)', async () => {
    await arrives(6);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
    expect(await world.verdict(API_TASK)).toEqual({ verdict: 'pending' });
  });

  it('gets post-mortem queries instead of undelivered ones (07)', async () => {
    await arrives(5, 6, 7);
    expect(await world.waiting(INSTANCE)).toEqual([
      { query: 'container', rule: 'ecs-task-running', sql: CONTAINER(API_IDS) },
    ]);
    expect(await world.record(API_TASK)).toMatchObject({
      version: 9,
      stopped: true,
      identity: { stop_code: 'ServiceSchedulerInitiated' },
    });
  });

  it('has post-mortem queries only if the stop arrives first (09), and no others when the start arrives late (10)', async () => {
    await arrives(9, 10);
    expect(world.outcomes()).toEqual(['learned', 'queued', 'stale']);
    expect(await world.waiting(INSTANCE)).toEqual([
      { query: 'container', rule: 'ecs-task-running', sql: CONTAINER(`'${MIGRATE}'`) },
    ]);
    expect(await world.record(MIGRATE_TASK)).toMatchObject({ version: 6, lastStatus: 'STOPPED' });
  });

  it('accelerates its host from the first event on', async () => {
    await world.aNode(INSTANCE);
    await arrives(1);
    const node = await world.ports.registry.find(INSTANCE);
    expect(node?.hotUntilMs).toBe(Date.parse('2026-11-20T10:15:02Z') + 300 * SECOND);
  });

  it('is not affected by other events of the container instance (16)', async () => {
    await arrives(16, 5);
    expect(await world.waiting(INSTANCE)).toEqual(LIVE);
    expect(world.ecs.calls).toEqual([]);
  });
});

describe('tasks without a host for an agent', () => {
  it('end as missed with no-host on Fargate, without a call to ECS (11, 12)', async () => {
    await arrives(11, 12);
    expect(await world.verdict(FARGATE_TASK)).toEqual({ verdict: 'missed', reason: 'no-host' });
    expect(await world.verdict(SPOT_TASK)).toEqual({ verdict: 'missed', reason: 'no-host' });
    expect(world.outcomes()).toEqual(['no-host', 'no-host']);
    expect(world.ecs.calls).toEqual([]);
  });

  it.each([
    ['managed instances', 13, MANAGED_TASK, ON_MANAGED],
    ['external instances', 14, EXTERNAL_TASK, ON_EXTERNAL],
  ])('end as missed with no-host on %s that ECS does not know (%i)', async (_, number, task, containerInstance) => {
    await arrives(number);
    expect(world.ecs.calls).toEqual([
      { cluster: String(fixture(number).detail.clusterArn), arns: [containerInstance] },
    ]);
    expect(await world.verdict(task)).toEqual({ verdict: 'pending' }); // ECS may know it a moment later
    world.nowMs += 20 * MINUTE;
    expect(await world.verdict(task)).toEqual({ verdict: 'missed', reason: 'no-host' });
  });

  it.each([
    {
      kind: 'managed instances',
      number: 13,
      task: MANAGED_TASK,
      arn: ON_MANAGED,
      host: 'i-0feedfacefeedface',
      id: '60fc7857640a9034b487151c5afe2131-2531612879',
    },
    {
      kind: 'external instances',
      number: 14,
      task: EXTERNAL_TASK,
      arn: ON_EXTERNAL,
      host: 'mi-0123456789abcdef0',
      id: 'd37acebdcb4b311cba26563e99b8d5b80826cf34724a4e44b05d3cd2fe59cf31',
    },
  ])('have queries on $kind that ECS knows, and end as not enrolled without an agent', async (given) => {
    const { number, task, arn, host, id } = given;
    world.ecs.known.set(arn, host);
    await arrives(number);
    expect(await world.waiting(host)).toEqual([
      { query: 'container', rule: 'ecs-task-running', sql: CONTAINER(`'${id}'`) },
      { query: 'processes', rule: 'ecs-task-running', sql: PROCESSES(`'${id}'`) },
    ]);
    expect(await world.verdict(task)).toEqual({ verdict: 'pending' });
    world.nowMs += 13 * MINUTE;
    expect(await world.verdict(task)).toEqual({ verdict: 'missed', reason: 'not-enrolled' });
  });
});

describe('all fixtures', () => {
  it('pass both functions in order and in batches without a failure', async () => {
    world.ecs.known.set(ON_INSTANCE, INSTANCE);
    const all = fixtureNumbers.map((number) => fixture(number));
    for (let from = 0; from < all.length; from += 10) {
      expect(await world.send(...all.slice(from, from + 10))).toEqual([]);
      expect(await world.send(...all.slice(from, from + 10))).toEqual([]);
    }
    const tasks = [API_TASK, MIGRATE_TASK, FARGATE_TASK, SPOT_TASK, MANAGED_TASK, EXTERNAL_TASK];
    expect((await world.ports.ledger.read([...tasks, INSTANCE])).map((record) => record.workload).sort()).toEqual(
      [...tasks, INSTANCE].sort(),
    );
  });

  const others = fixtureNumbers.filter((number) => number >= 17 && number !== 19 && number !== 22);
  it.each(others)('queue nothing on %i, which is about no task and no launch', async (number) => {
    expect(await world.send(fixture(number))).toEqual([]);
    expect(world.outcomes()).toEqual(['noted']);
  });
});
