import { describe, expect, it } from '@jest/globals';
import { Random, SimulatedAgent, SimulatedHost, type TaskHandle } from '../../../../workbench/world/index.ts';
import { HOUR, MINUTE, ScriptedServer, SECOND } from '../world.ts';
import { aCluster, SLEEPY, type TaskDetail } from './a-cluster.ts';

const isAlive = ({ host, containers }: TaskHandle) =>
  containers.some(({ runtimeId }) => host.running().some(({ id }) => id === runtimeId));

describe('a task that was requested to stop', () => {
  it('is announced while it runs, and may take the whole stop timeout to end', async () => {
    const { clock, cluster, story } = await aCluster({ delays: { deliver: [0, 0], terminate: [2000, 2000] } });
    const [kind, stubborn] = [false, true].map((ignoresSigterm) =>
      cluster.runTask({ family: 'api', containers: [{ name: 'a', image: 'a', lifetimeMs: null, ignoresSigterm }] }),
    ) as [TaskHandle, TaskHandle];
    await clock.advance(MINUTE);
    for (const task of [kind, stubborn]) task.stop();
    await clock.advance(1);
    for (const task of [kind, stubborn]) {
      expect(story(task.arn).at(-1)).toMatchObject({ lastStatus: 'RUNNING', desiredStatus: 'STOPPED' });
      expect(isAlive(task)).toBe(true);
    }
    await clock.advance(2 * SECOND);
    expect([kind, stubborn].map(isAlive)).toEqual([false, true]);
    await clock.advance(28 * SECOND - 2);
    expect(isAlive(stubborn)).toBe(true);
    await clock.advance(1);
    expect(isAlive(stubborn)).toBe(false);
    expect(story(stubborn.arn).at(-1)).toMatchObject({ lastStatus: 'RUNNING' }); // its agent has not reported yet
    await clock.advance(10 * SECOND);
    const { containers } = story(stubborn.arn).at(-1) as TaskDetail;
    expect(containers).toMatchObject([{ lastStatus: 'STOPPED', exitCode: 137 }]);
  });
});

describe('an ended container', () => {
  it('can be queried by its id until the three hours of the clean-up wait end', async () => {
    const { clock, cluster } = await aCluster({ hosts: 0 });
    const host = new SimulatedHost({ clock, random: new Random('host') });
    const registered = cluster.registerHost(host);
    await clock.advance(10 * SECOND);
    await registered;
    const task = cluster.runTask(SLEEPY);
    while (task.containers[0]?.stoppedAtMs === undefined) await clock.advance(SECOND);
    const { runtimeId, stoppedAtMs } = task.containers[0];
    const rows = () => host.query(`SELECT state FROM docker_containers WHERE id = '${runtimeId}'`);
    await clock.advance(stoppedAtMs + 3 * HOUR - clock.now() - 1);
    expect(rows()).toMatchObject({ rows: [{ state: 'exited' }] });
    await clock.advance(1);
    expect(rows()).toMatchObject({ rows: [] });
  });
});

describe('a host without an osquery agent', () => {
  it('runs its tasks, whether its agent has stopped or never existed', async () => {
    const { clock, cluster, hosts, story } = await aCluster();
    const server = new ScriptedServer(clock);
    const [host] = hosts as [SimulatedHost];
    const random = new Random('agent');
    const agent = new SimulatedAgent({ host, url: 'https://x', enrollSecret: 's', clock, random, transport: server });
    agent.start();
    await clock.advance(MINUTE);
    await agent.stop();
    const heard = server.received.length;
    expect(heard).toBeGreaterThan(0);
    const tasks = hosts.map((one) => cluster.runTask({ ...SLEEPY, host: one }));
    await clock.advance(MINUTE);
    for (const { arn } of tasks) {
      expect(story(arn).map(({ lastStatus }) => lastStatus)).toContain('RUNNING');
      expect(story(arn).at(-1)?.lastStatus).toBe('STOPPED');
    }
    expect(server.received).toHaveLength(heard);
  });
});
