import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Duration } from 'aws-cdk-lib';
import { DynamoFleetIssues } from '../../lib/aws/fleet/fleet-issues.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import { MayflyStack } from '../../lib/stack/mayfly-stack.ts';
import { systemClock } from '../../workbench/local-aws/machine/clock.ts';
import { Random, RealClock, SimulatedCluster, simulatedHosts } from '../../workbench/world/index.ts';
import { anApp } from '../lib/stack/template.ts';
import { theAssembly } from '../support/assembly.ts';
import { BriskClock } from '../support/brisk-clock.ts';
import { aLocalServer, type LocalServer } from '../support/local-server.ts';

const LONG_MS = 120_000; // a bound, not a measurement
const FACTOR = 30; // applies to schedules: a sweep every two seconds
const CLUSTER = 'web';

/** The template of a rollout that has only reached one cluster, with the functions' real bundles. */
async function aRollout(): Promise<string> {
  await theAssembly(); // makes the bundles
  const app = anApp();
  new MayflyStack(app, 'Mayfly', { expectAgents: { clusters: [CLUSTER] }, noAgentAfter: Duration.seconds(1) });
  return app.synth().directory;
}

describe('a sweep that expects agents in one cluster', () => {
  let server: LocalServer;
  let cluster: SimulatedCluster;
  const clock = new RealClock();
  const random = new Random('expected agents');
  const [member, other] = simulatedHosts(2, { clock, random });
  beforeAll(async () => {
    if (!member || !other) throw new Error('two hosts are needed');
    const brisk = new BriskClock(FACTOR);
    cluster = new SimulatedCluster({
      name: CLUSTER,
      hosts: [member],
      clock: brisk, // an instance is old enough for an agent within a second
      random,
      emit: () => undefined, // every event is lost
    });
    await cluster.registerHosts();
    cluster.ec2.launch(other);
    server = await aLocalServer({
      assembly: aRollout,
      world: cluster.aws,
      clock: { now: () => brisk.now(), sleep: (ms, signal) => systemClock.sleep(ms / FACTOR, signal) },
    });
  }, LONG_MS);
  afterAll(async () => {
    await cluster.stop();
    await server.close();
  });

  it(
    'reports the member without an agent, and no other instance',
    async () => {
      const { dynamodb: endpoint, tableName, credentials } = server.local;
      const db = new DynamoDBClient({ endpoint, region: 'us-east-1', credentials });
      const issues = new DynamoFleetIssues(openTable(tableName, db));
      const open = async () => (await issues.open(Date.now())).map(({ kind, host }) => ({ kind, host }));
      const sweeps = (): number => cluster.ec2.calls.get('DescribeInstances') ?? 0;
      while ((await open()).length === 0) await pause(50);
      const before = sweeps();
      while (sweeps() < before + 2) await pause(50); // the sweep that reported it is complete
      expect(await open()).toEqual([{ kind: 'no-agent', host: member?.instanceId }]);
      expect(cluster.calls.get('ListContainerInstances')).toBeGreaterThan(0);
      expect(server.notices.filter(({ kind }) => kind === 'function-error')).toEqual([]);
    },
    LONG_MS,
  );
});
