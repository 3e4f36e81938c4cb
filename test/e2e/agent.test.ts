import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DynamoLedger } from '../../lib/aws/ledger/ledger.ts';
import { DynamoNodeRegistry } from '../../lib/aws/nodes/node-registry.ts';
import { DynamoHostQueue } from '../../lib/aws/queue/host-queue.ts';
import { openTable } from '../../lib/aws/table/table.ts';
import { verdictOf } from '../../lib/core/ledger/verdict.ts';
import type { Fault, TaskHandle } from '../../workbench/world/index.ts';
import type { AnyLine } from '../support/any-line.ts';
import { BriskClock } from '../support/brisk-clock.ts';
import { SimulatedDeployment } from '../support/simulated-deployment.ts';

const LONG_MS = 120_000; // bounds, not measurements: a busy machine synthesizes and polls slowly

/** Polls until `look` returns true; the bound of a test is the only limit. */
async function until(look: () => Promise<boolean>): Promise<void> {
  while (!(await look())) await pause(100);
}

describe('simulated agents and the synthesized template', () => {
  let deployment: SimulatedDeployment;
  let ledger: DynamoLedger;
  let nodes: DynamoNodeRegistry;
  let queue: DynamoHostQueue;
  beforeAll(async () => {
    deployment = await SimulatedDeployment.start(new BriskClock(10), 2, 'agents');
    const { dynamodb: endpoint, tableName, credentials } = deployment.server.local;
    const table = openTable(tableName, new DynamoDBClient({ endpoint, region: 'us-east-1', credentials }));
    ledger = new DynamoLedger(table);
    nodes = new DynamoNodeRegistry(table);
    queue = new DynamoHostQueue(table);
    for (const agent of deployment.agents) agent.start();
    await until(async () => kinds('config-applied') === 2 && kinds('polled') > 2);
  }, LONG_MS);
  afterAll(() => deployment.close());

  const kinds = (kind: string) => deployment.heard.filter((event) => event.kind === kind).length;
  const idOf = (task: TaskHandle) => task.containers[0]?.runtimeId ?? '';

  /** The stored rows that show a task's container. */
  const rowsOf = async (task: TaskHandle): Promise<AnyLine[]> =>
    (await deployment.server.lines('results')).filter(
      (line) => line.query === 'container' && line.columns?.id === idOf(task),
    );

  async function seen(tasks: readonly TaskHandle[]): Promise<boolean> {
    const records = await ledger.read(tasks.map((task) => task.arn));
    return (
      records.length === tasks.length && records.every((record) => verdictOf(record, Date.now()).verdict === 'seen')
    );
  }

  it(
    'enroll, fetch their configuration and report their identity',
    async () => {
      expect(kinds('enrolled')).toBe(2);
      await until(
        async () => (await deployment.server.lines('results')).filter((line) => line.set === 'enrollment').length >= 4,
      );
      const launches = async () =>
        (await deployment.server.lines('results')).filter((line) => line.set === 'launch' && line.query === 'instance');
      await until(async () => (await launches()).length >= 2);
      const hosts = (await launches()).map((line) => [line.host, line.workload, line.columns?.instance_id]);
      expect(hosts.sort()).toEqual(deployment.agents.map(({ hostIdentifier: id }) => [id, id, id]).sort());
      expect(
        deployment.heard.filter((event) =>
          ['would-have-crashed', 'config-rejected', 'work-rejected', 'exited'].includes(event.kind),
        ),
      ).toEqual([]);
    },
    LONG_MS,
  );

  it(
    'see every task that ECS reports, and its row is stored once with its workload',
    async () => {
      const tasks = deployment.run(4);
      await until(() => seen(tasks));
      for (const task of tasks) {
        const rows = await rowsOf(task);
        expect(rows.map((row) => [row.workload, row.host, row.status, row.late])).toEqual([
          [task.arn, task.host.instanceId, 0, false],
        ]);
        expect(rows[0]?.columns).toMatchObject({ state: 'running', image: 'busybox:1' });
        expect(rows[0]?.decorations).toMatchObject({
          task_family: 'sleepy',
          container_name: 'sleepy',
          host_identifier: task.host.instanceId,
        });
      }
    },
    LONG_MS,
  );

  it(
    'see a task on Fargate through the agent in its sidecar, and end its node with the task',
    async () => {
      const task = deployment.runOnFargate();
      await until(() => seen([task]));
      const rows = (await deployment.server.lines('results')).filter(
        ({ query, columns }) => query === 'processes' && columns?.id === idOf(task),
      );
      expect(rows.map(({ host, workload, columns }) => [host, workload, columns?.cmdline])).toEqual([
        [task.id, task.arn, 'sleep 3600'],
      ]);
      task.stop();
      const [record] = await ledger.read([task.arn]);
      await until(async () => (await ledger.read([task.arn]))[0]?.stopped === true);
      expect(record?.handling?.host).toBe(task.id);
      await until(async () => (await nodes.find(task.id, true))?.endedAtMs !== undefined);
      expect(await seen([task])).toBe(true);
    },
    LONG_MS,
  );

  interface LinkFault {
    readonly fault: Fault;
    readonly endpoint: 'read' | 'write';
    readonly times: number;
  }
  const fault = (fault: Fault, endpoint: LinkFault['endpoint'], times: number): LinkFault => ({
    fault,
    endpoint,
    times,
  });

  it.each<readonly [string, readonly [LinkFault, LinkFault]]>([
    [
      'answers are lost after two requests',
      [fault('drop-after-processing', 'read', 2), fault('drop-after-processing', 'write', 2)],
    ],
    ['six writes in a row fail', [fault('drop-after-processing', 'write', 6), fault('refuse', 'write', 6)]],
    ['half of an answer is lost', [fault('half-response', 'write', 1), fault('half-response', 'read', 1)]],
    ['a request arrives twice', [fault('duplicate', 'write', 1), fault('duplicate', 'read', 1)]],
  ])(
    'lose nothing and store nothing twice when, on each of their links, %s',
    async (_, faultsOf) => {
      // The first read after the pause takes the queries.
      await Promise.all(deployment.agents.map((agent) => agent.stop()));
      const tasks = deployment.run(2); // one on each host
      await until(
        async () =>
          (await ledger.read(tasks.map((task) => task.arn))).filter((record) => record.handling?.queryKeys.length)
            .length === tasks.length,
      );
      for (const [index, link] of deployment.faults.entries()) {
        const { fault, endpoint, times } = faultsOf[index] ?? faultsOf[0];
        link.happened = 0;
        link.inject(fault, { endpoint, times });
      }
      for (const agent of deployment.agents) agent.start();
      await until(() => seen(tasks));
      await until(() => quiet());
      expect(deployment.faults.map(({ happened }) => happened)).toEqual(faultsOf.map(({ times }) => times));
      for (const task of tasks) {
        const rows = await rowsOf(task);
        // While writes fail, unanswered queries are offered again: each run is stored once, a second run with its mark.
        expect([task.id, rows.filter(({ repeat }) => !repeat).length]).toEqual([task.id, 1]);
        expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
      }
    },
    LONG_MS,
  );

  /** Whether both agents have polled without work after their last answer. */
  async function quiet(): Promise<boolean> {
    const from = deployment.heard.length;
    await until(async () =>
      deployment.agents.every((agent) =>
        deployment.heard.slice(from).some((event) => event.host === agent.hostIdentifier && event.kind === 'polled'),
      ),
    );
    return !deployment.heard
      .slice(from)
      .some((event) => event.kind === 'results-kept' || event.kind === 'query-executed');
  }

  /** Whether the queues of both hosts are empty: nothing waits, and no delivery is unanswered. */
  async function drained(): Promise<boolean> {
    const queues = await Promise.all(deployment.agents.map(({ hostIdentifier }) => queue.read(hostIdentifier, true)));
    return queues.every(({ pending, deliveries }) => pending.length + deliveries.length === 0);
  }

  it(
    'write no log line of the function while their polls find nothing',
    async () => {
      await until(() => drained());
      await until(() => quiet());
      const before = logged();
      const polls = kinds('polled');
      await until(async () => kinds('polled') >= polls + 6);
      expect(logged()).toEqual(before);
      expect(before.some((line) => line.includes('"queries_delivered"'))).toBe(true);
    },
    LONG_MS,
  );

  /** The lines of the tls-api function's log. */
  const logged = (): string[] => {
    const folder = join(deployment.server.data, 'logs');
    const [file = ''] = readdirSync(folder).filter((name) => /tls-?api/i.test(name));
    return readFileSync(join(folder, file), 'utf8').split('\n');
  };

  it('keep their nodes throughout: one enrollment each, no lost key, no failed function', () => {
    expect(kinds('enrolled')).toBe(3); // two hosts, and the sidecar of the task on Fargate
    expect(kinds('node-key-deleted')).toBe(0);
    const failures = deployment.server.notices.filter(
      ({ kind }) => kind === 'function-error' || kind === 'dead-letter',
    );
    expect(failures).toEqual([]);
  });
});
