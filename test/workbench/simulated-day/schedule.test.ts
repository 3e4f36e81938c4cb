import { describe, expect, it } from '@jest/globals';
import { Schedule } from '../../../workbench/simulated-day/schedule.ts';
import {
  Random,
  ScheduleBaseline,
  SimulatedCluster,
  SimulatedHost,
  VirtualClock,
} from '../../../workbench/world/index.ts';

describe('a computed schedule', () => {
  it('sees what the schedule on the host returns, at the same instants', async () => {
    const random = new Random('schedule');
    const clock = new VirtualClock(Date.UTC(2026, 10, 20));
    const hosts = [1, 2].map((index) => new SimulatedHost({ clock, random: random.fork(`host ${index}`) }));
    const cluster = new SimulatedCluster({ hosts, clock, random, emit: () => {} });
    const baselines = new Map(
      hosts.map((host) => [host, new ScheduleBaseline({ host, intervalSeconds: 20, clock, random })]),
    );
    for (const baseline of baselines.values()) baseline.start();
    const registered = cluster.registerHosts();
    await clock.advance(10_000);
    await registered;
    const draws = random.fork('lives');
    const tasks = [];
    for (let index = 0; index < 40; index++) {
      await clock.advance(draws.between(1000, 8000));
      const lifetimeMs = draws.between(1000, 25_000);
      tasks.push(cluster.runTask({ family: 'api', containers: [{ name: 'api', image: 'api:1', lifetimeMs }] }));
    }
    await clock.advance(60_000);
    for (const baseline of baselines.values()) baseline.stop();

    const schedule = new Schedule(hosts, 20, clock, random);
    const ran = tasks.map(({ host, containers: [container] }) => {
      const seenAtMs = baselines.get(host)?.seen.get(container?.runtimeId ?? '');
      return seenAtMs === undefined ? null : seenAtMs - (container?.startedAtMs ?? Number.NaN);
    });
    const seen = ran.filter((afterMs) => afterMs !== null).length;
    expect(seen).toBeGreaterThan(10);
    expect(seen).toBeLessThan(35);
    expect(tasks.map((task) => schedule.firstSight(task))).toEqual(ran);
    await cluster.stop();
  });
});
