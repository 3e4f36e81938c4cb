import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DynamoNodeDirectory } from '../../../lib/aws/nodes/node-directory.ts';
import { everyEntry } from '../../../lib/core/nodes/directory.ts';
import { settled } from '../../support/a-question.ts';
import { fixture } from '../../support/fixtures.ts';
import { TableWorld } from '../../support/table-world.ts';
import { MINUTE } from '../../support/times.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';

describe("the AMI's agent and the ECS daemon's agent on one host", () => {
  let server: TlsHarness;
  let world: TableWorld;
  let blind: WireAgent;
  let sighted: WireAgent;
  beforeEach(async () => {
    server = await aTlsServer();
    world = new TableWorld(server.table);
    world.nowMs = server.clock.nowMs;
    blind = await anEnrolled(server, INSTANCE, { uuid: 'U', instanceId: 'ami' });
    sighted = await anEnrolled(server, INSTANCE, { uuid: 'U', instanceId: 'daemon' });
    for (const agent of [blind, sighted]) await settled(server, agent);
    await world.send(fixture(15));
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
    expect(server.reports.filter(({ event }) => event === 'request_failed')).toEqual([]);
  });

  const task = (n: number) => `arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/${String(n).padStart(32, '0')}`;
  /** Starts a task and lets both agents poll twice; only one can reach Docker. @returns the agents that got its query */
  async function run(n: number): Promise<string[]> {
    const id = n.toString(16).padStart(64, '0');
    await world.send(
      fixture(5, { taskArn: task(n), containers: [{ name: 'app', runtimeId: id, lastStatus: 'RUNNING' }] }),
    );
    const got: string[] = [];
    for (let round = 0; round < 2; round++) {
      if (await pollAndAnswer(blind, [])) got.push('blind');
      if (await pollAndAnswer(sighted, [{ id, state: 'running' }])) got.push('sighted');
    }
    return got;
  }

  /** @returns whether the agent got a query about containers */
  async function pollAndAnswer(agent: WireAgent, rows: readonly Record<string, string>[]): Promise<boolean> {
    server.clock.nowMs += 10_000;
    world.nowMs = server.clock.nowMs;
    const queries = Object.entries(await agent.poll());
    if (queries.length > 0) await agent.write(Object.fromEntries(queries.map(([id]) => [id, [...rows]])));
    return queries.some(([, sql]) => sql.includes('docker_containers '));
  }

  it('have separate names; the one with access to Docker gets the queries, and no task is missed', async () => {
    // The first task shows which agent has access; after that only this one gets the queries.
    expect(await run(1)).toEqual(['blind', 'sighted']);
    for (let n = 2; n <= 6; n++) expect(await run(n)).toEqual(['sighted']);
    for (let n = 1; n <= 6; n++) expect(await world.verdict(task(n))).toEqual({ verdict: 'seen' });
    const issues = await world.ports.fleetIssues.open(world.nowMs);
    expect(issues).toMatchObject([{ kind: 'identifier-shared', host: INSTANCE }]);
  });
});

describe('several agents with one identifier and one hardware uuid, each with a database of its own', () => {
  it.each([3, 4])('are distinguished: %i of them enroll a few times, and then poll', async (count) => {
    const server = await aTlsServer();
    const agents = await Promise.all(
      Array.from({ length: count }, (_, n) => anEnrolled(server, 'web-7', { uuid: 'U', instanceId: `database ${n}` })),
    );
    let enrollments = count;
    // Longer than an agent may stay silent before another one takes its name, and then for minutes.
    for (const seconds of [...Array.from({ length: 14 }, () => 10), ...Array.from({ length: 7 }, () => 60)]) {
      server.clock.nowMs += seconds * 1000;
      for (const agent of agents) {
        if ((await agent.read()).verdict !== 'invalid') continue;
        await agent.enroll();
        enrollments++;
      }
    }
    expect(new Set(agents.map(({ key }) => key)).size).toBe(count);
    expect(enrollments).toBeLessThanOrEqual(2 * count);
    const issues = await new TableWorld(server.table).ports.fleetIssues.open(server.clock.nowMs);
    expect(issues).toMatchObject([{ kind: 'identifier-shared', host: 'web-7' }]);
    await server.close();
  });
});

describe('an agent that takes over the name of a lost one', () => {
  let server: TlsHarness;
  let agent: WireAgent;
  let was: string;
  const listed = async (): Promise<string[]> => {
    const directory = new DynamoNodeDirectory(server.table, () => server.clock.nowMs);
    return (await everyEntry(directory)).map(({ hostIdentifier }) => hostIdentifier);
  };
  beforeEach(async () => {
    server = await aTlsServer();
    await anEnrolled(server, 'web-7', { uuid: 'U', instanceId: 'lost' });
    agent = await anEnrolled(server, 'web-7', { uuid: 'U', instanceId: 'new' });
    was = (await listed()).find((host) => host !== 'web-7') ?? '';
    expect(was).toMatch(/^web-7~/);
    await server.registry.recordInstance(was, INSTANCE);
  });
  afterEach(() => server.close());

  /** Lets time pass without a poll of the lost agent, so that the other one gets its name. */
  async function takeOver(): Promise<void> {
    server.clock.nowMs += 2 * MINUTE;
    await agent.enroll();
    expect(await server.registry.find('web-7', true)).toMatchObject({ identity: { agentInstance: 'new' } });
  }

  it('leaves no directory entry under its old name', async () => {
    await takeOver();
    expect(await listed()).toEqual(['web-7']);
  });

  it('is found by its instance under the new name, with the same source as before', async () => {
    await server.aliases.learn(INSTANCE, was, server.clock.nowMs, 'aws');
    await takeOver();
    expect(await server.aliases.find(INSTANCE, true)).toMatchObject({ host: 'web-7', source: 'aws' });
  });

  it('does not take the instance if its alias names another host by now', async () => {
    await server.aliases.learn(INSTANCE, 'web-8', server.clock.nowMs, 'agent');
    await takeOver();
    expect(await server.aliases.find(INSTANCE, true)).toMatchObject({ host: 'web-8' });
  });
});
