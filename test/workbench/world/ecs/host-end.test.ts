import { readFileSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import {
  type AgentEvent,
  type EventBridgeEvent,
  Random,
  ScheduleBaseline,
  SimulatedAgent,
  SimulatedHost,
} from '../../../../workbench/world/index.ts';
import { HOUR, MINUTE, ScriptedServer, SECOND } from '../world.ts';
import { aCluster, SERVICE, SLEEPY, type TaskDetail } from './a-cluster.ts';
import { aDoomedHost, HOOK } from './a-doomed-host.ts';

const fixture = (name: string) => JSON.parse(readFileSync(`test/fixtures/events/${name}.json`, 'utf8'));

/** The path of every member name in a value. */
const shapeOf = (value: unknown, path = ''): string[] =>
  typeof value === 'object' && value !== null
    ? Object.entries(value).flatMap(([key, one]) => shapeOf(one, `${path}.${Array.isArray(value) ? '' : key}`))
    : [`${path}: ${typeof value}`];

describe('a host that ends', () => {
  it('ends at once, unless something announces it', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host);
    await clock.advance(MINUTE);
    await ended;
    expect(diary()).toEqual([
      '0 EC2 Instance shutting-down',
      '2 ECS Container Instance ACTIVE',
      '20 EC2 Instance terminated',
      '23 ECS Task STOPPED',
      '23 ECS Container Instance INACTIVE',
    ]);
  });

  it('is announced by a recommendation, a warning two minutes before its end, and a hook that does not delay it', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { rebalance: true, spot: true, hook: HOOK });
    await clock.advance(10 * MINUTE);
    await ended;
    expect(diary().slice(0, 4)).toEqual([
      '0 EC2 Instance Rebalance Recommendation',
      '45 EC2 Spot Instance Interruption Warning',
      '50 EC2 Instance-terminate Lifecycle Action',
      '165 EC2 Instance shutting-down',
    ]);
    expect(cluster.autoScaling.actions).toMatchObject([{ end: { by: 'reclaim' } }]);
  });

  it('is interrupted by Spot two minutes after the warning', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { spot: true });
    await clock.advance(10 * MINUTE);
    await ended;
    expect(diary().slice(0, 2)).toEqual(['0 EC2 Spot Instance Interruption Warning', '120 EC2 Instance shutting-down']);
  });

  it('is announced by events of the form that AWS sends', async () => {
    const { clock, cluster, host, ofType } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { rebalance: true, spot: true, hook: HOOK });
    await clock.advance(10 * MINUTE);
    await ended;
    for (const [detailType, name] of [
      ['EC2 Instance Rebalance Recommendation', '21-ec2-rebalance-recommendation'],
      ['EC2 Spot Instance Interruption Warning', '20-ec2-spot-interruption-warning'],
      ['EC2 Instance-terminate Lifecycle Action', '24-asg-terminate-lifecycle-action'],
      ['EC2 Instance State-change Notification', '19-ec2-instance-state-change-running'],
    ] as const) {
      const [ours] = ofType(detailType);
      const theirs = fixture(name);
      expect(shapeOf(ours).sort()).toEqual(shapeOf(theirs).sort());
      expect(ours).toMatchObject({ source: theirs.source, account: theirs.account, region: theirs.region });
      const colons = (event: EventBridgeEvent) => event.resources.map((arn) => arn.split(':').length);
      expect(ours && colons(ours)).toEqual(colons(theirs));
    }
    const [warning] = ofType('EC2 Spot Instance Interruption Warning');
    expect(warning?.resources).toEqual([`arn:aws:ec2:${host.availabilityZone}:instance/${host.instanceId}`]);
    expect(ofType('EC2 Instance-terminate Lifecycle Action')[0]?.detail).toMatchObject({
      ...fixture('24-asg-terminate-lifecycle-action').detail,
      EC2InstanceId: host.instanceId,
      LifecycleActionToken: cluster.autoScaling.actions[0]?.token,
    });
  });

  it('ends its tasks: ECS stops them, and never learns how their containers ended', async () => {
    const { clock, cluster, host, task, story } = await aDoomedHost();
    const pending = cluster.runTask({ ...SERVICE, host, delays: { pull: [HOUR, HOUR], cached: [HOUR, HOUR] } });
    await clock.advance(SECOND);
    const ended = cluster.terminateHost(host);
    const offAtMs = clock.now();
    await clock.settle();
    expect(host.running()).toEqual([]);
    expect(task.containers.map(({ stoppedAtMs }) => stoppedAtMs)).toEqual([offAtMs, offAtMs]);
    const described = () => cluster.describeTasks({ cluster: 'demo', tasks: [task.arn] }).tasks[0];
    expect(described()).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'RUNNING' });
    await clock.advance(MINUTE);
    await Promise.all([ended, task.done, pending.done]);
    expect(cluster.tasks).toEqual([]);
    for (const { arn } of [task, pending]) {
      expect(story(arn).at(-1)).toMatchObject({
        lastStatus: 'STOPPED',
        desiredStatus: 'STOPPED',
        stopCode: 'TerminationNotice',
        stoppedReason: `Host EC2 (instance ${host.instanceId}) terminated.`,
      });
    }
    const { containers } = story(task.arn).at(-1) as TaskDetail;
    expect(containers).toMatchObject([{ lastStatus: 'RUNNING', runtimeId: expect.any(String) }, {}]);
    expect(containers.every((container) => !('exitCode' in container))).toBe(true);
    expect(described()).toMatchObject({ lastStatus: 'STOPPED', version: story(task.arn).at(-1)?.version });
  });

  it('loses changes that its ECS agent has not reported yet', async () => {
    const { clock, cluster, host, story } = await aDoomedHost();
    const slow = { delays: { report: [9000, 9000] } } as const;
    const ending = cluster.runTask({ ...SLEEPY, host, ...slow }); // runs for 10 s, reported after 9 s
    while (ending.containers[0]?.exitCode === undefined) await clock.advance(SECOND);
    const starting = cluster.runTask({ ...SLEEPY, host, ...slow });
    while (starting.containers[0]?.runtimeId === undefined) await clock.advance(SECOND);
    const ended = cluster.terminateHost(host);
    await clock.advance(MINUTE);
    await ended;
    const [unended] = story(ending.arn).at(-1)?.containers ?? [];
    expect(unended).toMatchObject({ lastStatus: 'RUNNING', runtimeId: ending.containers[0]?.runtimeId });
    expect(unended).not.toHaveProperty('exitCode');
    const [unstarted] = story(starting.arn).at(-1)?.containers ?? [];
    expect(unstarted).toMatchObject({ lastStatus: 'PENDING' });
    expect(unstarted).not.toHaveProperty('runtimeId');
  });

  it('gets no further task, even before ECS notices', async () => {
    const { clock, cluster, host } = await aDoomedHost();
    const ended = cluster.terminateHost(host);
    await clock.settle();
    expect(() => cluster.runTask(SERVICE)).toThrow('RESOURCE: no registered host has room');
    await clock.advance(MINUTE);
    await ended;
  });

  it('never joins the cluster if it ends before that', async () => {
    const { clock, cluster, diary } = await aDoomedHost();
    const host = new SimulatedHost({ clock, random: new Random('short') });
    const registered = cluster.registerHost(host);
    const ended = cluster.terminateHost(host);
    await clock.advance(MINUTE);
    await Promise.all([registered, ended]);
    expect(diary()).toEqual(['0 EC2 Instance running', '0 EC2 Instance shutting-down', '20 EC2 Instance terminated']);
    expect(cluster.instanceArnOf(host)).toBeUndefined();
  });

  it('does not change the reason of a task that was already stopping', async () => {
    const { clock, cluster, host, story } = await aDoomedHost();
    const container = { name: 'a', image: 'a', lifetimeMs: null, ignoresSigterm: true };
    const task = cluster.runTask({ family: 'stubborn', host, containers: [container] });
    await clock.advance(MINUTE);
    task.stop('Scaling activity', 'ServiceSchedulerInitiated');
    await clock.advance(10 * SECOND);
    const ended = cluster.terminateHost(host);
    await clock.advance(MINUTE);
    await ended;
    const last = story(task.arn).at(-1);
    expect(last).toMatchObject({ lastStatus: 'STOPPED', stopCode: 'ServiceSchedulerInitiated' });
    expect(last?.containers[0]).not.toHaveProperty('exitCode');
  });

  it('leaves the cluster, and is not listed after an hour', async () => {
    const { clock, cluster, host, ofType } = await aDoomedHost();
    const containerInstances = [cluster.instanceArnOf(host)];
    const ended = cluster.terminateHost(host);
    await clock.advance(MINUTE);
    await ended;
    const changes = ofType('ECS Container Instance State Change').map(({ detail }) => detail);
    expect(changes).toMatchObject([
      { agentConnected: false, status: 'ACTIVE', runningTasksCount: 1 },
      { agentConnected: false, status: 'INACTIVE', runningTasksCount: 0, ec2InstanceId: host.instanceId },
    ]);
    const answer = () => cluster.describeContainerInstances({ cluster: 'demo', containerInstances });
    expect(answer().containerInstances).toMatchObject([{ status: 'INACTIVE', agentConnected: false }]);
    expect(() => cluster.runTask(SERVICE)).toThrow('RESOURCE: no registered host has room');
    await clock.advance(HOUR);
    expect(answer().failures).toMatchObject([{ reason: 'MISSING' }]);
  });

  it("ends its osquery agent and schedule, and no other host's", async () => {
    const { clock, cluster, hosts, host } = await aDoomedHost(2);
    const random = new Random('agents');
    const events: AgentEvent[] = [];
    const server = new ScriptedServer(clock);
    const agents = hosts.map((one) => {
      const on = (event: AgentEvent) => void events.push(event);
      return new SimulatedAgent({
        host: one,
        url: 'https://x',
        enrollSecret: 's',
        clock,
        random,
        transport: server,
        on,
      });
    });
    const schedules = hosts.map((one) => new ScheduleBaseline({ host: one, clock, random }));
    for (const one of [...agents, ...schedules]) one.start();
    await clock.advance(5 * MINUTE);
    const ended = cluster.terminateHost(host);
    await clock.advance(SECOND);
    const [runs] = schedules.map((schedule) => schedule.runs);
    events.length = 0;
    agents[0]?.start();
    await clock.advance(5 * MINUTE);
    await ended;
    expect(new Set(events.map((event) => event.host))).toEqual(new Set([hosts[1]?.instanceId]));
    expect(schedules.map((schedule) => schedule.runs > (runs ?? 0))).toEqual([false, true]);
    expect(host.query('SELECT 1')).toEqual({ ok: false, message: `${host.instanceId} is off` });
    await agents[1]?.stop();
    schedules[1]?.stop();
  });

  it('ends once, and only if it began', async () => {
    const { clock, cluster, host } = await aDoomedHost();
    const ended = cluster.terminateHost(host);
    await expect(cluster.terminateHost(host)).rejects.toThrow(`${host.instanceId} is ending already`);
    await clock.advance(MINUTE);
    await ended;
    const stranger = (await aDoomedHost()).host;
    const another = await aCluster({ seed: 'another' });
    await expect(another.cluster.terminateHost(stranger)).rejects.toThrow(`${stranger.instanceId} was never launched`);
  });

  it('stops waiting when the simulation stops', async () => {
    const { clock, cluster, host, diary } = await aDoomedHost();
    const ended = cluster.terminateHost(host, { hook: HOOK });
    await clock.advance(SECOND);
    await cluster.stop();
    await ended;
    await clock.advance(HOUR);
    expect(diary()).toEqual(['0 EC2 Instance-terminate Lifecycle Action']);
    expect(host.down).toBe(false);
  });

  it('ends in the same way for the same seed', async () => {
    const aRun = async () => {
      const { clock, cluster, hosts, events } = await aCluster({ hosts: 3, seed: 'again' });
      for (let n = 0; n < 12; n++) cluster.runTask(SERVICE);
      await clock.advance(MINUTE);
      const ways = [{ spot: true, rebalance: true }, { hook: HOOK }, {}];
      const ends = hosts.map((host, n) => cluster.terminateHost(host, ways[n]));
      await clock.advance(HOUR);
      await Promise.all(ends);
      return events;
    };
    const first = await aRun();
    expect(await aRun()).toEqual(first);
    expect(first.length).toBeGreaterThan(60);
  });
});
