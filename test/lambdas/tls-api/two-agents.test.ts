import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { settled } from '../../support/a-question.ts';
import { fixture } from '../../support/fixtures.ts';
import { aTlsServer, type TlsHarness } from '../../support/tls-server.ts';
import { anEnrolled, type WireAgent } from '../../support/wire-agent.ts';
import { World } from '../../support/world.ts';

const INSTANCE = 'i-0a1b2c3d4e5f60718';

describe("the AMI's agent and the ECS daemon's agent on one host", () => {
  let server: TlsHarness;
  let world: World;
  let blind: WireAgent;
  let sighted: WireAgent;
  beforeEach(async () => {
    server = await aTlsServer();
    world = new World(server.table);
    world.nowMs = server.clock.nowMs;
    blind = await anEnrolled(server, INSTANCE, { uuid: 'U', instanceId: 'ami' });
    sighted = await anEnrolled(server, INSTANCE, { uuid: 'U', instanceId: 'daemon' });
    for (const agent of [blind, sighted]) await settled(server, agent);
    await world.take(fixture(15));
  });
  afterEach(async () => {
    await server.close();
    expect(server.thrown).toEqual([]);
    expect(server.reports.filter(({ event }) => event === 'request_failed')).toEqual([]);
  });

  const task = (n: number) => `arn:aws:ecs:us-east-1:111122223333:task/ephemeral-prod/${String(n).padStart(32, '0')}`;
  /** Starts a task, and has both agents poll twice: only one of them reaches Docker. @returns who was asked about it */
  async function run(n: number): Promise<string[]> {
    const ids = [n].map((one) => one.toString(16).padStart(64, '0'));
    const containers = ids.map((runtimeId) => ({ name: 'app', runtimeId, lastStatus: 'RUNNING' }));
    await world.take(fixture(5, { taskArn: task(n), containers }));
    const asked: string[] = [];
    for (let round = 0; round < 2; round++) {
      for (const [name, agent] of [
        ['blind', blind],
        ['sighted', sighted],
      ] as const) {
        server.clock.nowMs += 10_000;
        world.nowMs = server.clock.nowMs;
        const queries = Object.entries(await agent.poll());
        if (queries.some(([, sql]) => sql.includes('docker_containers '))) asked.push(name);
        const rows = name === 'sighted' ? ids.map((id) => ({ id, state: 'running' })) : [];
        if (queries.length > 0) await agent.write(Object.fromEntries(queries.map(([id]) => [id, rows])));
      }
    }
    return asked;
  }

  it('are told apart; the one that reaches Docker is asked, and no task is missed', async () => {
    // Which of the two it is shows with the first task; from then on only that one is asked.
    expect(await run(1)).toEqual(['blind', 'sighted']);
    for (let n = 2; n <= 6; n++) expect(await run(n)).toEqual(['sighted']);
    for (let n = 1; n <= 6; n++) expect(await world.verdict(task(n))).toEqual({ verdict: 'seen' });
    const issues = await world.ports.findings.open(world.nowMs);
    expect(issues).toMatchObject([{ kind: 'identifier-shared', host: INSTANCE }]);
  });
});
