import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import { systemClock } from '../../workbench/local-aws/machine/clock.ts';
import type { TaskHandle } from '../../workbench/world/index.ts';
import { BriskClock } from '../support/brisk-clock.ts';
import { SimulatedDeployment } from '../support/simulated-deployment.ts';

const LONG_MS = 120_000; // a bound, not a measurement: a busy machine synthesizes slowly
const FACTOR = 15; // applies to schedules: a sweep every four seconds

describe('the template and the simulated cluster, with every event lost', () => {
  let deployment: SimulatedDeployment;
  let ledger: DynamoLedger;
  beforeAll(async () => {
    const clock = new BriskClock(FACTOR);
    deployment = await SimulatedDeployment.start(clock, 2, 'all lost', {
      lossy: true,
      clock: { now: () => clock.now(), sleep: (ms, signal) => systemClock.sleep(ms / FACTOR, signal) },
    });
    const { dynamodb: endpoint, tableName, credentials } = deployment.server.local;
    ledger = new DynamoLedger(openTable(tableName, new DynamoDBClient({ endpoint, region: 'us-east-1', credentials })));
    for (const agent of deployment.agents) agent.start();
  }, LONG_MS);
  afterAll(() => deployment.close());

  const verdictsOf = async (names: readonly string[]): Promise<string[]> =>
    (await ledger.read(names)).map((record) => verdictOf(record, Date.now()).verdict);

  async function come(names: readonly string[], ...wanted: string[]): Promise<void> {
    for (;;) {
      const verdicts = await verdictsOf(names);
      if (verdicts.length === names.length && verdicts.every((one) => wanted.includes(one))) return;
      await pause(200);
    }
  }

  const rowsOf = async (task: TaskHandle) =>
    (await deployment.server.lines('results')).filter(
      ({ columns, query }) => query === 'container' && columns?.id === task.containers[0]?.runtimeId,
    );

  it(
    'still produce a row about every task, even one that ran for a second, and every instance',
    async () => {
      const long = deployment.run(3);
      const container = { name: 'brief', image: 'busybox:1', command: ['true'], lifetimeMs: 1000 };
      const short = Array.from({ length: 3 }, () =>
        deployment.cluster.runTask({ family: 'brief', containers: [container] }),
      );
      await Promise.all(short.map(({ done }) => done));
      const name = ({ arn }: TaskHandle): string => arn;
      await come(long.map(name), 'seen');
      await come(short.map(name), 'post-mortem', 'seen'); // the latter if a sweep ran during their second
      const hosts = deployment.agents.map(({ hostIdentifier }) => hostIdentifier);
      await come(hosts, 'seen');

      for (const task of [...long, ...short]) expect((await rowsOf(task)).length).toBeGreaterThan(0);
      const records = await ledger.read([...[...long, ...short].map(name), ...hosts]);
      expect(records.map(({ firstDetectedBy }) => firstDetectedBy)).toEqual(Array(8).fill('sweep'));
      const [instance] = await ledger.read(hosts.slice(0, 1));
      expect(instance?.identity).toMatchObject({ image_id: expect.stringMatching(/^ami-/), ip: expect.any(String) });
    },
    LONG_MS,
  );

  it('call ECS no more often than a sweep needs, and no function fails', () => {
    const { calls } = deployment.cluster;
    const sweeps = calls.get('ListClusters') ?? 0;
    expect(sweeps).toBeGreaterThan(0);
    expect(calls.get('ListTasks')).toBeLessThanOrEqual(2 * sweeps);
    expect(calls.get('DescribeTasks')).toBeLessThanOrEqual(2 * sweeps);
    expect(deployment.server.notices.filter(({ kind }) => kind === 'function-error' || kind === 'dead-letter')).toEqual(
      [],
    );
  });
});
