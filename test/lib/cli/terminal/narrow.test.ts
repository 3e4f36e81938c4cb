import { cpSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { Command } from 'commander';
import pc from 'picocolors';
import { DynamoCampaigns } from '../../../../lib/aws/campaigns/campaigns.ts';
import { DynamoFleetIssues } from '../../../../lib/aws/fleet/fleet-issues.ts';
import { DynamoNodeDirectory } from '../../../../lib/aws/nodes/node-directory.ts';
import { DynamoPolicyStore } from '../../../../lib/aws/policy/policy-store.ts';
import { programWith } from '../../../../lib/cli/program.ts';
import { visible } from '../../../../lib/cli/terminal/layout.ts';
import { directoryEntryOf } from '../../../../lib/core/nodes/directory.ts';
import type { Target } from '../../../../lib/core/policy/policy.ts';
import { versionAfter } from '../../../../lib/core/policy/policy-version.ts';
import { packed } from '../../../../lib/core/results/lines.ts';
import builtIn from '../../../../policy/built-in.json' with { type: 'json' };
import { addWorkbench } from '../../../../workbench/demo/add-workbench.ts';
import { frame } from '../../../../workbench/demo/frame.ts';
import type { TaskCard } from '../../../../workbench/demo/scoreboard.ts';
import { closing } from '../../../../workbench/demo/summary.ts';
import { aCampaign, aHostAnswer, CAMPAIGN } from '../../../support/a-campaign.ts';
import { aLine } from '../../../support/a-line.ts';
import { aPolicy, aVersion } from '../../../support/a-policy.ts';
import { aSighting, recordSighting } from '../../../support/a-record.ts';
import { dockerId, taskArn } from '../../../support/builders.ts';
import { aFolder, jsonLines, mayfly, RUNNING } from '../../../support/command.ts';
import type { TableWorld } from '../../../support/table-world.ts';
import { onTerminal } from '../../../support/terminal.ts';
import { MINUTE, SECOND, T0 } from '../../../support/times.ts';
import { atNow, aWatched, enter, NOW } from '../ledger/harness.ts';
import { aMayflyWithQueues } from '../mayfly-with-queues.ts';

const pathsOf = (command: Command, path: readonly string[] = []): string[] => [
  ...(path.length > 0 ? [path.join(' ')] : []),
  ...command.commands.flatMap((sub) => pathsOf(sub, [...path, sub.name()])),
];
const HELPS = pathsOf(programWith(addWorkbench));

/** A copy of the policy folder: `policy diff` notes in the folder what it compared. */
const POLICY = aFolder();
cpSync('policy', POLICY, { recursive: true });

const LONG = 'ip-10-0-123-234.a-region-with-a-long-name.compute.internal';

/** A Mayfly with long names, in which every table has rows. */
async function aFullMayfly() {
  jest.spyOn(Date, 'now').mockReturnValue(NOW);
  const { world, data, ask } = await aWatched();
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const host of ['i-0a1b2c3d4e5f60718', LONG]) {
    const node = await world.aNode(host, { hostname: LONG });
    await directory.record(directoryEntryOf(node, 'a-profile-with-a-long-name'), NOW + 60 * MINUTE);
  }
  const policy = {
    policy: builtIn.policy,
    sources: {},
    pushedBy: 'a-colleague@a-long-host-name',
    pushedAtMs: T0,
  };
  const message =
    'Ask for the sockets of the containers too, as our incident of last week has shown that they are missing';
  await new DynamoPolicyStore(world.table).push(versionAfter(0, { ...policy, message }), 0);
  const issues = new DynamoFleetIssues(world.table);
  await issues.record('identifier-shared', LONG, LONG, NOW);
  const handling = { host: LONG, enrolled: false, queryKeys: [], settleByMs: T0 + MINUTE };
  await enter(world, 1, { identity: { cluster: 'a-cluster-with-a-long-name', group: 'service:api' }, handling });
  await enter(world, 2, { identity: { cluster: 'prod' } });
  await enter(world, 3, { identity: { cluster: 'prod' } });
  await recordSighting(world.ports.ledger, taskArn(3), aSighting([dockerId(3)], [], T0 + 5 * SECOND));
  await withRowsAndCampaigns(world, data);
  return ask;
}

const WORDS = 'a long value with many words that a process may have as its command line '.repeat(3);

/** Long rows of a task, and campaigns with long rows. */
async function withRowsAndCampaigns({ table }: TableWorld, data: string) {
  const campaigns = new DynamoCampaigns(table);
  const sql = `SELECT ${LONG.replaceAll(/[.-]/g, '_')}, pid, name, path, cmdline, cwd, root FROM processes WHERE on_disk = 0`;
  const asker = 'arn:aws:sts::111122223333:assumed-role/a-role-with-a-long-name/a-colleague@example.com';
  await campaigns.begin(
    aCampaign({ sql, askedBy: asker, target: WORDS, askedAtMs: NOW - MINUTE, expiresAtMs: NOW + 60 * MINUTE }),
  );
  await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
  const row = { cmdline: WORDS, path: `/opt/${LONG}/bin`, pid: '1' };
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer(LONG, [row, row], { answeredAtMs: NOW }));
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2', [], { answeredAtMs: NOW, status: 1, message: WORDS }));
  const results = join(data, 'results', 'results');
  await mkdir(results, { recursive: true });
  const line = aLine({ workload: taskArn(1), hostname: LONG, columns: { ...row, name: WORDS, state: WORDS } });
  await writeFile(join(results, `${line.time.slice(0, 10)}.ndjson`), packed([line]).join(''));
}

/** Lines that a terminal of 80 columns wraps. A full id in a line of its own, and a command at its end, can be copied although. */
const wideLines = (stdout: string): string[] =>
  stdout.split('\n').filter((line) => visible(line) > 79 && / \S/.test(line.trim()) && !/npx mayfly/.test(line));

describe('on a terminal of 80 columns', () => {
  atNow();
  let ask: Awaited<ReturnType<typeof aFullMayfly>>;
  beforeAll(async () => {
    ask = await aFullMayfly();
  });

  it.each([
    ['coverage', '--since', '7d'],
    ['missed', '--since', '7d'],
    ['task', taskArn(1)],
    ['nodes'],
    ['mtta', '--since', '7d'],
    ['node', 'show', LONG],
    ['policy', 'show'],
    ['policy', 'history'],
    ['policy', 'drift', '--all'],
    ['policy', 'diff', POLICY],
    ['tasks', '--since', '7d'],
    ['rows', '--since', '7d'],
    ['who', '10.0.0.1'],
    ['queries'],
    ['query', '--resume', CAMPAIGN],
    ['doctor', LONG],
  ])('%s %s fits', async (...args) => {
    const { stdout } = await onTerminal(process.stdout, true, () => ask(...args), 80);
    expect(stdout.trim()).not.toBe('');
    expect(wideLines(stdout)).toEqual([]);
  });

  it.each([
    ['policy', 'check', 'policy'],
    ['policy', 'test', RUNNING, '--policy', 'policy'],
    ['cost', '--hosts', '1000', '--front', 'service'],
    ['host', 'lint', 'LICENSE'],
  ])('%s %s fits', async (...args) => {
    const { stdout } = await onTerminal(process.stdout, true, () => mayfly(...args), 80);
    expect(stdout.trim()).not.toBe('');
    expect(wideLines(stdout)).toEqual([]);
  });

  it.each(HELPS)('the help of "%s" fits, but for commands to be copied', async (path) => {
    const { stdout } = await onTerminal(process.stdout, true, () => mayfly('help', ...path.split(' ')), 80);
    expect(stdout.split('\n').filter((line) => visible(line) > 80 && !/^ {2}\$ /.test(line))).toEqual([]);
  });

  it('elsewhere, such as in a pipe, nothing is cut or hidden', async () => {
    const { stdout } = await ask('nodes');
    expect(stdout).toMatch(new RegExp(`${LONG}  ${LONG}  ubuntu +a-profile-with-a-long-name`));
  });
});

describe('on a terminal of 80 columns, what a command that asks or serves prints', () => {
  const bus = mockClient(EventBridgeClient);
  afterAll(() => bus.restore());

  it('request fits', async () => {
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: '5f1d9c0e-7a52-4c1e-9a4e-3c1b7f0a9d11' }] });
    const { world, data, ask } = await aWatched();
    const ready = {
      dynamodb: process.env.TEST_DYNAMODB_ENDPOINT,
      tableName: world.table.name,
      events: 'http://127.0.0.1:9',
    };
    await writeFile(join(data, 'ready.json'), JSON.stringify(ready));
    const [rule] = aPolicy(1).rules;
    if (!rule) throw new Error('the policy has no rule');
    const name = 'a-rule-with-a-long-name-about-the-sockets-of-all-containers';
    const everyNode: Target = { 'hosts-where': { hostname: ['*'] } };
    const rules = [
      { ...rule, name },
      { ...rule, name: `${name}-2`, target: everyNode },
    ];
    await new DynamoPolicyStore(world.table).push(aVersion(1, { policy: aPolicy(1, { rules }) }), 0);
    const node = await world.aNode(LONG, { hostname: LONG });
    await new DynamoNodeDirectory(world.table, world.now).record(
      directoryEntryOf(node, 'default'),
      Date.now() + 60 * MINUTE,
    );
    const { stdout } = await onTerminal(process.stdout, true, () => ask('request', 'ask-1'), 80);
    expect(stdout).toContain('asks 1 host');
    expect(wideLines(stdout)).toEqual([]);
  });

  it('console fits', async () => {
    const { ask } = await aWatched();
    const before = new Set(process.listeners('SIGINT'));
    const served = onTerminal(process.stdout, true, () => ask('console'), 80);
    let end: NodeJS.SignalsListener | undefined;
    while (!end) {
      await nextTurn();
      end = process.listeners('SIGINT').find((listener) => !before.has(listener));
    }
    end('SIGINT');
    const { stdout } = await served;
    expect(stdout).toMatch(/http:\/\/127\.0\.0\.1:\d+\/\?token=/);
    expect(wideLines(stdout)).toEqual([]);
  });

  it.each([true, false])('the demo fits, whether its front holds reads: %s', async (isHeld) => {
    const cards: TaskCard[] = Array.from({ length: 12 }, (_, n) => ({
      ...{ arn: taskArn(n), family: 'a-family-with-a-long-name', host: LONG, startedAtMs: T0 - n * MINUTE },
      ...{ endedAtMs: n % 2 ? T0 : undefined, verdict: n % 3 ? 'seen' : 'missed', reason: 'host-unreachable' },
      ...{ answeredAtMs: n % 3 ? T0 : undefined, fetchedAfterMs: 104_000, bySchedule: false },
    }));
    const hosts = Array.from({ length: 4 }, () => ({
      name: LONG,
      running: 99,
      enrolled: true,
      hot: true,
      held: isHeld,
    }));
    const scene = { title: 'Mayfly', url: 'https://localhost:65535', isHeld, hosts, startedAtMs: T0, endsAtMs: T0 };
    const shown = await onTerminal(
      process.stdout,
      true,
      () => [
        ...frame({ ...scene, latestRow: WORDS }, cards, { nowMs: T0 + MINUTE, rows: 40, color: pc }),
        closing(cards, ' --data /a/folder', isHeld),
      ],
      80,
    );
    expect(wideLines(shown.join('\n'))).toEqual([]);
  });
});

describe('on a terminal of 80 columns, what is read from the services of a Mayfly', () => {
  let cared: Awaited<ReturnType<typeof aMayflyWithQueues>>;
  beforeAll(async () => {
    cared = await aMayflyWithQueues();
    const detail = { taskArn: taskArn(1), text: WORDS };
    const id = await cared.bury({ id: 'e', source: 'aws.ecs', 'detail-type': 'ECS Task State Change', detail });
    const timestamp = new Date().toISOString();
    cared.log(
      { message: 'event_failed', timestamp, messageId: id, error: `Error: ${WORDS}\n    at a handler (${LONG})` },
      { message: 'enroll_unproven', timestamp, hostIdentifier: LONG, why: WORDS },
    );
  });
  afterAll(() => cared.close());

  it.each([
    ['secret', 'status'],
    ['secret', 'rotate', 'web', '--yes'],
    ['dlq', 'list'],
    ['dlq', 'show', ''],
    ['tail', '--no-follow', '--since', '1h'],
    ['doctor', LONG],
  ])('%s %s fits', async (...args) => {
    const [first] = jsonLines((await cared.ask('dlq', 'list', '--json')).stdout).flat();
    const words = args.map((word) => word || String(Object(first).id));
    const { stdout } = await onTerminal(process.stdout, true, () => cared.ask(...words), 80);
    expect(stdout.trim()).not.toBe('');
    expect(wideLines(stdout)).toEqual([]);
  });
});
