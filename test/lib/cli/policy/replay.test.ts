import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { DynamoCampaigns } from '../../../../lib/aws/campaigns/campaigns.ts';
import { DynamoLedger } from '../../../../lib/aws/ledger/ledger.ts';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoAliases, DynamoNodeRegistry } from '../../../../lib/aws/nodes/node-registry.ts';
import { DynamoFanOuts } from '../../../../lib/aws/queue/fan-outs.ts';
import { DynamoHostQueue } from '../../../../lib/aws/queue/host-queue.ts';
import { withIsoTimes } from '../../../../lib/cli/terminal/iso.ts';
import { compiledPolicy } from '../../../../lib/core/policy/compiled-policy.ts';
import type { PendingQuery } from '../../../../lib/core/queue/pending-query.ts';
import { ContainerHosts } from '../../../../lib/core/triggers/container-hosts.ts';
import { handleEvent } from '../../../../lib/core/triggers/handle-event.ts';
import type { RuleDeps } from '../../../../lib/core/triggers/handle-rules.ts';
import { parseEvent } from '../../../../lib/core/triggers/parse.ts';
import { noTaskDefinitions } from '../../../../lib/memory/task-definitions.ts';
import { compilePolicy, readPolicyFolder } from '../../../../lib/policy-compiler/index.ts';
import {
  aFolder,
  aMayfly,
  CONFIG,
  FIXTURES,
  folderOf,
  jsonLines,
  mayfly,
  policySelecting,
  RUNNING,
  ruleSelecting,
} from '../../../support/command.ts';
import { aTable } from '../../../support/dynamodb.ts';
import { everyQuery } from '../../../support/scan.ts';

const eventIn = async (file: string) => JSON.parse(await readFile(join(FIXTURES, file), 'utf8'));
const kinds = (stdout: string) => jsonLines(stdout).map(({ kind, file, query }) => [kind, file, query]);

describe('mayfly policy replay', () => {
  it('prints the same bytes for the same events and policy', async () => {
    const first = await mayfly('policy', 'replay', FIXTURES, '--policy', 'policy');
    const again = await mayfly('policy', 'replay', FIXTURES, '--policy', 'policy');
    expect(first.code).toBe(0);
    expect(first.stdout.length).toBeGreaterThan(1000);
    expect(again.stdout).toBe(first.stdout);
  });

  it('leaves the same queue as the functions leave on DynamoDB', async () => {
    const { stdout } = await mayfly('policy', 'replay', FIXTURES, '--policy', 'policy');
    const lines = jsonLines(stdout);
    const withdrawn = new Set(lines.filter(({ kind }) => kind === 'withdrawn').map(({ queryId }) => queryId));
    const left = lines
      .filter(({ kind, queryId }) => kind === 'queued' && !withdrawn.has(queryId))
      .map(({ kind: _, file: __, rendered: ___, ...query }) => query);
    const byId = (a: { queryId?: unknown }, b: { queryId?: unknown }) =>
      String(a.queryId) < String(b.queryId) ? -1 : 1;
    expect(withdrawn.size).toBeGreaterThan(0);
    expect(left.sort(byId)).toEqual((await queueOfFunctions()).map(withIsoTimes).sort(byId));
  });

  it('sorts by file name, not by date, and skips files that are not JSON', async () => {
    const running = JSON.stringify(await eventIn('05-ecs-task-ec2-running.json'));
    const stopped = JSON.stringify(await eventIn('07-ecs-task-ec2-stopped.json'));
    const recording = { '2.json': stopped, '1.json': running, 'notes.md': '# what happened' };
    const { stdout } = await mayfly(
      'policy',
      'replay',
      await folderOf(recording),
      '--policy',
      await policySelecting('id'),
    );
    expect(kinds(stdout)).toEqual([
      ['queued', '1.json', 'container'],
      ['queued', '2.json', 'container'],
      ['withdrawn', '2.json', 'container'],
    ]);
  });

  it('queues nothing for a duplicate or a late event', async () => {
    const recording = await folderOf({
      'a.json': JSON.stringify(await eventIn('07-ecs-task-ec2-stopped.json')),
      'b.json': JSON.stringify(await eventIn('07-ecs-task-ec2-stopped.json')),
      'c.json': JSON.stringify(await eventIn('05-ecs-task-ec2-running.json')),
    });
    const { stdout } = await mayfly('policy', 'replay', recording, '--policy', await policySelecting('id'));
    expect(kinds(stdout)).toEqual([['queued', 'a.json', 'container']]);
  });

  it('names a host by its instance if any event of the recording reveals it, and else by its container instance', async () => {
    const running = JSON.stringify(await eventIn('05-ecs-task-ec2-running.json'));
    const registered = JSON.stringify(await eventIn('15-ecs-container-instance-registered.json'));
    const dir = await policySelecting('id');
    const known = await mayfly(
      'policy',
      'replay',
      await folderOf({ '1.json': running, '2.json': registered }),
      '--policy',
      dir,
    );
    const unknown = await mayfly('policy', 'replay', await folderOf({ '1.json': running }), '--policy', dir);
    expect(jsonLines(known.stdout)[0]?.host).toMatch(/^i-/);
    expect(jsonLines(unknown.stdout)[0]?.host).toMatch(/^arn:aws:ecs:.*:container-instance\//);
  });

  it('takes the time from the events, and never sets it back', async () => {
    const event = await eventIn('05-ecs-task-ec2-running.json');
    const other = (n: number, time: string) =>
      JSON.stringify({ ...event, time, detail: { ...event.detail, taskArn: `${event.detail.taskArn}${n}` } });
    const recording = await folderOf({
      '1.json': other(1, '2026-11-20T10:00:00Z'),
      '2.json': other(2, '2026-11-20T09:00:00Z'),
    });
    const dir = await folderOf({
      'rules/task.yaml': ruleSelecting('id'),
      'config/default.yaml': CONFIG,
      'policy.yaml': 'limits: { spacing: 0s }',
    });
    const lines = jsonLines((await mayfly('policy', 'replay', recording, '--policy', dir)).stdout);
    const at = '2026-11-20T10:00:00.000Z';
    expect(lines.map(({ queuedAt }) => queuedAt)).toEqual([at, at]);
  });

  it('reports queries dropped by a limit, unbindable values and files that are not events', async () => {
    const event = await eventIn('05-ecs-task-ec2-running.json');
    const other = (n: number, runtimeId: string) =>
      JSON.stringify({
        ...event,
        detail: {
          ...event.detail,
          taskArn: `${event.detail.taskArn}${n}`,
          containers: [{ ...event.detail.containers[0], runtimeId }],
        },
      });
    const recording = await folderOf({
      '1.json': other(1, 'a'),
      '2.json': other(2, 'b'),
      '3.json': other(3, "' OR 1"),
      '4.json': '{}',
    });
    const dir = await folderOf({
      'rules/task.yaml': ruleSelecting('id'),
      'config/default.yaml': CONFIG,
      'policy.yaml': 'limits: { pending_per_host: 1 }',
    });
    const { code, stdout } = await mayfly('policy', 'replay', recording, '--policy', dir);
    expect([code, jsonLines(stdout)]).toEqual([
      0,
      [
        expect.objectContaining({ kind: 'queued', file: '1.json', rendered: expect.stringContaining("IN ('a')") }),
        expect.objectContaining({ kind: 'dropped', file: '2.json', limit: 'pendingPerHost' }),
        expect.objectContaining({ kind: 'refused', file: '3.json', problem: 'unsafe-id' }),
        expect.objectContaining({ kind: 'unreadable', file: '4.json' }),
      ],
    ]);
  });

  it('replays against the live policy unless a folder is given', async () => {
    const { data } = await aMayfly();
    await mayfly('policy', 'push', await policySelecting('id, image'), '--data', data, '-m', 'first');
    const recording = await folderOf({ '1.json': await readFile(RUNNING, 'utf8') });
    const { stdout } = await mayfly('policy', 'replay', recording, '--data', data);
    expect(jsonLines(stdout)).toEqual([expect.objectContaining({ sql: expect.stringContaining('SELECT id, image') })]);
  });

  it('reports when there is nothing to replay', async () => {
    const empty = await aFolder();
    expect(await mayfly('policy', 'replay', empty, '--policy', 'policy')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('holds no .json file'),
    });
    expect(await mayfly('policy', 'replay', join(empty, 'x'), '--policy', 'policy')).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('no recording in'),
    });
  });
});

/** The queue that the functions leave on DynamoDB after the fixtures, one after another. */
async function queueOfFunctions(): Promise<PendingQuery[]> {
  const { policy } = compilePolicy(readPolicyFolder('policy'));
  if (!policy) throw new Error('the default policy does not compile');
  const compiled = compiledPolicy(policy);
  const table = await aTable();
  const aliases = new DynamoAliases(table);
  const events = await Promise.all(
    (await readdir(FIXTURES))
      .filter((f) => f.endsWith('.json'))
      .sort()
      .map(eventIn),
  );
  const parsed = events.map((event) => parseEvent(event));
  const instances = new Map(
    parsed.flatMap((event) =>
      event.kind === 'container-instance' && event.instance ? [[event.arn, event.instance]] : [],
    ),
  );
  let nowMs = 0;
  const now = () => nowMs;
  const deps: RuleDeps = {
    ledger: new DynamoLedger(table),
    queue: new DynamoHostQueue(table),
    registry: new DynamoNodeRegistry(table),
    directory: new DynamoNodeDirectory(table, now),
    fanOuts: new DynamoFanOuts(table),
    campaigns: new DynamoCampaigns(table),
    aliases,
    hosts: new ContainerHosts(
      aliases,
      { instancesOf: async (_, arns) => new Map(arns.map((arn) => [arn, instances.get(arn) ?? arn])) },
      now,
    ),
    definitions: noTaskDefinitions,
    policy: async () => compiled,
    now,
    report: () => undefined,
  };
  for (const event of parsed) {
    if ('event' in event) nowMs = Math.max(nowMs, event.event.occurredAtMs);
    await handleEvent(event, deps);
  }
  return everyQuery(table);
}
