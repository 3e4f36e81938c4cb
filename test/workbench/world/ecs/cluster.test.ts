import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { HOUR, MINUTE, SECOND } from '../world.ts';
import { aCluster, SLEEPY, type TaskDetail } from './a-cluster.ts';

const statuses = (story: readonly TaskDetail[]) =>
  story.map(({ lastStatus, desiredStatus }) => `${lastStatus}/${desiredStatus}`);

describe('a task of the simulated cluster', () => {
  it('emits the events that ECS emits', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask(SLEEPY);
    await clock.advance(MINUTE);
    await task.done;
    const events = story(task.arn);
    expect(statuses(events)).toEqual([
      'PENDING/RUNNING',
      'PENDING/RUNNING',
      'RUNNING/RUNNING',
      'RUNNING/STOPPED',
      'DEPROVISIONING/STOPPED',
      'STOPPED/STOPPED',
    ]);
    const [pending, digest, running, stopping, , stopped] = events.map(({ containers }) => containers[0]);
    expect(pending).not.toHaveProperty('imageDigest');
    expect(digest).toMatchObject({
      lastStatus: 'PENDING',
      imageDigest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    expect(digest).not.toHaveProperty('runtimeId');
    expect(running).toMatchObject({ lastStatus: 'RUNNING', runtimeId: task.containers[0]?.runtimeId });
    expect(running?.runtimeId).toMatch(/^[0-9a-f]{64}$/);
    expect(stopping).toMatchObject({ lastStatus: 'STOPPED', exitCode: 0 });
    expect(stopped).toMatchObject({ lastStatus: 'STOPPED', exitCode: 0, runtimeId: running?.runtimeId });
  });

  it('has the format of the events that AWS sends', async () => {
    const { clock, cluster, events } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, networkMode: 'awsvpc' });
    await clock.advance(MINUTE);
    await task.done;
    const fixture = JSON.parse(readFileSync('test/fixtures/events/07-ecs-task-ec2-stopped.json', 'utf8'));
    const ours = events.find(({ detail }) => (detail as TaskDetail).lastStatus === 'STOPPED');
    expect(Object.keys(ours ?? {}).sort()).toEqual(Object.keys(fixture).sort());
    // The fixture's task belongs to a service and a capacity provider; ours was started by hand.
    const missing = Object.keys(fixture.detail).filter((key) => !Object.hasOwn(ours?.detail ?? {}, key));
    expect(missing.sort()).toEqual(['capacityProviderName', 'startedBy']);
    expect(Object.keys((ours?.detail as TaskDetail | undefined)?.containers[0] ?? {})).toEqual(
      expect.arrayContaining(Object.keys(fixture.detail.containers[1])),
    );
    expect(ours?.time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/);
  });

  it('has the format of the events that AWS sends about Fargate', async () => {
    const { clock, cluster, events } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, launchType: 'FARGATE' });
    await clock.advance(MINUTE);
    await task.done;
    const fixture = JSON.parse(readFileSync('test/fixtures/events/11-ecs-task-fargate-running.json', 'utf8'));
    const ours = events.find(({ detail }) => (detail as TaskDetail).lastStatus === 'RUNNING')?.detail as TaskDetail;
    // The fixture's task was started by a capacity provider.
    expect(Object.keys(fixture.detail).filter((key) => !Object.hasOwn(ours, key))).toEqual(['capacityProviderName']);
    expect(ours).not.toHaveProperty('containerInstanceArn');
    expect(ours.containers[0]?.runtimeId).toMatch(new RegExp(`^${task.id}-\\d{10}$`));
    expect(ours.containers).toHaveLength(1);
  });

  it('shows the agent of its sidecar on Fargate only its own processes', async () => {
    const { clock, cluster } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, launchType: 'FARGATE' });
    await clock.advance(10 * SECOND);
    const rowsOf = (sql: string) => task.host.query(sql);
    expect(rowsOf('SELECT cmdline, cgroup_path FROM processes')).toMatchObject({
      rows: [{ cgroup_path: `/ecs/${task.id}/${task.containers[0]?.runtimeId}` }],
    });
    expect(rowsOf('SELECT id FROM docker_info')).toMatchObject({ ok: true, rows: [] });
    expect(rowsOf('SELECT instance_id FROM ec2_instance_metadata')).toMatchObject({ ok: true, rows: [] });
    await clock.advance(MINUTE);
    expect(task.host.down).toBe(true);
  });

  it('exists on its host from its start to its end, whenever the events about it arrive', async () => {
    const { clock, cluster, hosts } = await aCluster({ hosts: 1 });
    const task = cluster.runTask({ ...SLEEPY, delays: { deliver: [60_000, 60_000] } });
    const seen: string[] = [];
    for (let second = 0; second < 40; second++) {
      const answer = hosts[0]?.query("SELECT id FROM docker_containers WHERE name LIKE '/ecs-sleepy-%'");
      seen.push(answer?.ok && answer.rows[0] ? 'there' : 'not there');
      await clock.advance(SECOND);
    }
    const [container] = task.containers;
    expect(seen.filter((one) => one === 'there').length).toBe(10);
    expect((container?.stoppedAtMs ?? 0) - (container?.startedAtMs ?? 0)).toBe(10_000);
    expect(hosts[0]?.container(container?.runtimeId ?? '')?.spec.labels).toMatchObject({
      'com.amazonaws.ecs.task-arn': task.arn,
      'com.amazonaws.ecs.cluster': 'demo',
      'com.amazonaws.ecs.container-name': 'sleeper',
      'com.amazonaws.ecs.task-definition-family': 'sleepy',
      'com.amazonaws.ecs.task-definition-version': '1',
    });
  });

  it('starts in PROVISIONING, with an interface, only in awsvpc mode', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, networkMode: 'awsvpc' });
    await clock.advance(MINUTE);
    expect(statuses(story(task.arn))[0]).toBe('PROVISIONING/RUNNING');
    const attachments = story(task.arn).map(
      (detail) => (detail as unknown as { attachments: { status: string }[] }).attachments,
    );
    expect(attachments.map(([eni]) => eni?.status)).toEqual([
      'PRECREATED',
      'ATTACHED',
      'ATTACHED',
      'ATTACHED',
      'ATTACHED',
      'DETACHING',
      'DELETED',
    ]);
  });

  it('whose image cannot be pulled never gets a container', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask({
      family: 'bad',
      containers: [{ name: 'x', image: 'nope', lifetimeMs: null, pullFails: true }],
    });
    await clock.advance(MINUTE);
    const last = story(task.arn).at(-1);
    expect(last).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart' });
    expect(last?.containers[0]?.reason).toMatch(/^CannotPullContainerError/);
    expect(story(task.arn).every(({ containers }) => containers.every((one) => !('runtimeId' in one)))).toBe(true);
    expect(last).not.toHaveProperty('startedAt');
    expect(last?.containers[0]).not.toHaveProperty('exitCode');
  });

  it('that ends before its agent reports goes from PENDING to STOPPED', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask({
      family: 'flash',
      containers: [{ name: 'x', image: 'busybox', lifetimeMs: 50, exitCode: 3 }],
      delays: { report: [500, 500] },
    });
    await clock.advance(MINUTE);
    expect(statuses(story(task.arn))).not.toContain('RUNNING/RUNNING');
    expect(story(task.arn).at(-1)?.containers[0]).toMatchObject({ exitCode: 3, runtimeId: expect.any(String) });
  });

  it('runs until it is stopped, then ends with 143, or with 137 if it ignores SIGTERM', async () => {
    const { clock, cluster, hosts, story } = await aCluster();
    const service = { family: 'api', group: 'service:api', startedBy: 'ecs-svc/1' };
    const kind = cluster.runTask({ ...service, containers: [{ name: 'a', image: 'api', lifetimeMs: null }] });
    const stubborn = cluster.runTask({
      ...service,
      containers: [{ name: 'a', image: 'api', lifetimeMs: null, ignoresSigterm: true }],
    });
    await clock.advance(HOUR);
    expect(story(kind.arn)).toHaveLength(3);
    for (const task of [kind, stubborn]) task.stop('Scaling activity', 'ServiceSchedulerInitiated');
    await clock.advance(10 * SECOND);
    expect(kind.containers[0]).toMatchObject({ exitCode: 143 });
    expect(hosts.flatMap((host) => host.running()).map(({ spec }) => spec.name)).toContainEqual(
      expect.stringContaining('ecs-api'),
    );
    await clock.advance(30 * SECOND);
    expect(stubborn.containers[0]).toMatchObject({ exitCode: 137 });
    expect(story(stubborn.arn).at(-1)).toMatchObject({ stopCode: 'ServiceSchedulerInitiated', group: 'service:api' });
  });

  it('ends all its containers when an essential one ends', async () => {
    const { clock, cluster, story } = await aCluster();
    const task = cluster.runTask({
      family: 'pair',
      containers: [
        { name: 'init', image: 'a', lifetimeMs: 2000, essential: false },
        { name: 'main', image: 'b', lifetimeMs: 20_000, exitCode: 1 },
        { name: 'proxy', image: 'c', lifetimeMs: null },
      ],
    });
    await clock.advance(2 * MINUTE);
    expect(
      story(task.arn)
        .at(-1)
        ?.containers.map(({ exitCode }) => exitCode),
    ).toEqual([0, 1, 143]);
  });

  it('has growing versions and unique ids', async () => {
    const { clock, cluster, events, story } = await aCluster();
    const tasks = Array.from({ length: 40 }, () => cluster.runTask(SLEEPY));
    await clock.advance(2 * MINUTE);
    for (const task of tasks) {
      const versions = story(task.arn).map(({ version }) => version);
      expect(new Set(versions).size).toBe(versions.length);
      const updated = story(task.arn).map(({ updatedAt }) => Date.parse(updatedAt));
      expect(updated).toEqual([...updated].sort((a, b) => a - b));
    }
    expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
    const gaps = tasks.filter((task) => (story(task.arn).at(-1)?.version ?? 0) > story(task.arn).length);
    expect(gaps.length).toBeGreaterThan(0);
  });

  it('may emit an event twice, under one id', async () => {
    const { clock, cluster, events } = await aCluster({ duplicates: 1 });
    cluster.runTask(SLEEPY);
    await clock.advance(MINUTE);
    const counts = new Map<string, number>();
    for (const { id } of events) counts.set(id, (counts.get(id) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([2]));
  });

  it('goes to the host with the fewest tasks, and is rejected if none has room', async () => {
    const { cluster, hosts } = await aCluster({ hosts: 3 });
    const placed = Array.from({ length: 6 }, () => cluster.runTask(SLEEPY).host);
    expect(hosts.map((host) => placed.filter((one) => one === host).length)).toEqual([2, 2, 2]);
    expect(() =>
      cluster.runTask({ family: 'big', containers: [{ name: 'x', image: 'y', lifetimeMs: 1, cpu: 99_999 }] }),
    ).toThrow('RESOURCE: no registered host has room for a task of big');
  });
});

describe('a cluster that stops', () => {
  it('emits nothing more', async () => {
    const { clock, cluster, events } = await aCluster();
    const task = cluster.runTask({ ...SLEEPY, containers: [{ name: 'x', image: 'y', lifetimeMs: null }] });
    await clock.advance(5 * SECOND);
    await cluster.stop();
    await task.done;
    const before = events.length;
    await clock.advance(HOUR);
    expect(events).toHaveLength(before);
  });
});
