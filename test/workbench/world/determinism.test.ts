import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  type AgentEvent,
  LIFETIMES,
  Random,
  ScheduleBaseline,
  SimulatedAgent,
  SimulatedCluster,
  SimulatedHost,
  VirtualClock,
} from '../../../workbench/world/index.ts';
import { MINUTE, ScriptedServer, SECOND, T0 } from './world.ts';

/** Runs three hosts with agents and tasks for ten minutes and returns everything observable. */
async function aRun(seed: string) {
  const clock = new VirtualClock(T0);
  const random = new Random(seed);
  const hosts = Array.from({ length: 3 }, () => new SimulatedHost({ clock, random }));
  const seen: unknown[] = [];
  const cluster = new SimulatedCluster({ hosts, clock, random, emit: (event) => void seen.push(event) });
  const server = new ScriptedServer(clock);
  server.on('read', { queries: { c: 'SELECT id, status FROM docker_containers' } });
  const events: AgentEvent[] = [];
  const agents = hosts.map((host) => {
    const on = (event: AgentEvent) => void events.push(event);
    return new SimulatedAgent({ host, url: 'https://x', enrollSecret: 's', clock, random, transport: server, on });
  });
  const baselines = hosts.map((host) => new ScheduleBaseline({ host, clock, random }));
  for (const one of [...agents, ...baselines]) one.start();
  const registered = cluster.registerHosts();
  await clock.advance(5 * SECOND);
  await registered;
  const lifetimes = random.fork('lifetimes');
  for (let n = 0; n < 20; n++) {
    const lifetimeMs = LIFETIMES.Sysdig2019.sample(lifetimes);
    cluster.runTask({ family: `job-${n % 5}`, containers: [{ name: 'main', image: `image-${n % 7}`, lifetimeMs }] });
    await clock.advance(30 * SECOND);
  }
  for (const agent of agents) await agent.stop();
  for (const baseline of baselines) baseline.stop();
  await cluster.stop();
  const sent = server.received.map(({ endpoint, atMs, bytes }) => [endpoint, atMs, Buffer.from(bytes).toString()]);
  return { seen, sent, events, baselines: baselines.map(({ seen: ids }) => [...ids]) };
}

describe('a simulation', () => {
  let first: Awaited<ReturnType<typeof aRun>>;
  beforeAll(async () => {
    first = await aRun('one');
  });

  it('is the same for the same seed, to the last byte', async () => {
    expect(await aRun('one')).toEqual(first);
    expect(first.sent.length).toBeGreaterThan(300);
    expect(first.seen.length).toBeGreaterThan(100);
  });

  it('is different for another seed', async () => {
    expect((await aRun('two')).seen).not.toEqual(first.seen);
  });

  it('gives each host and agent its own identity', () => {
    const enrolled = first.sent
      .filter(([endpoint]) => endpoint === 'enroll')
      .map(([, , body]) => JSON.parse(String(body)));
    expect(new Set(enrolled.map((body) => body.host_identifier)).size).toBe(3);
    expect(new Set(enrolled.map((body) => body.host_details.osquery_info.instance_id)).size).toBe(3);
    expect(new Set(enrolled.map((body) => body.host_details.system_info.uuid)).size).toBe(3);
  });

  it('needs well under five seconds of CPU for half an hour of agent life', async () => {
    const before = process.cpuUsage();
    const clock = new VirtualClock(T0);
    const random = new Random('speed');
    const host = new SimulatedHost({ clock, random });
    const transport = new ScriptedServer(clock).on('read', { queries: { q: 'SELECT * FROM processes' } });
    const agent = new SimulatedAgent({ host, url: 'https://x', enrollSecret: 's', clock, random, transport });
    agent.start();
    await clock.advance(30 * MINUTE);
    await agent.stop();
    expect(transport.to('write').length).toBeGreaterThan(150);
    expect(process.cpuUsage(before).user).toBeLessThan(5_000_000);
  });
});
