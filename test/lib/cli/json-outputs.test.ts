import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { afterAll, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { mockClient } from 'aws-sdk-client-mock';
import type { Command } from 'commander';
import * as z from 'zod';
import { DynamoCampaigns } from '../../../lib/aws/campaigns.ts';
import { DynamoFleetIssues } from '../../../lib/aws/fleet-issues.ts';
import { DynamoNodeDirectory } from '../../../lib/aws/node-directory.ts';
import { DynamoPolicyStore } from '../../../lib/aws/policy-store.ts';
import { programWith } from '../../../lib/cli/program.ts';
import { entryOf } from '../../../lib/core/nodes/directory.ts';
import { packed } from '../../../lib/core/results/lines.ts';
import type { CountedRun } from '../../../lib/cost/counted-run.ts';
import { NOTHING, unitsOf } from '../../../lib/cost/usage.ts';
import { JSON_OUTPUTS } from '../../../scripts/json-outputs/json-outputs.ts';
import { addWorkbench } from '../../../workbench/demo/add-workbench.ts';
import { aCampaign, aHostAnswer, CAMPAIGN } from '../../support/a-campaign.ts';
import { aLine } from '../../support/a-line.ts';
import { aVersion } from '../../support/a-policy.ts';
import { taskArn } from '../../support/builders.ts';
import { MINUTE, SECOND, T0 } from '../../support/times.ts';
import { aCaredFor } from './care-harness.ts';
import { atNow, enter, NOW } from './ledger/harness.ts';
import { CONFIG, FIXTURES, folderOf, jsonLines, mayfly, policySelecting, RUNNING } from './policy/harness.ts';

atNow();

/**
 * A Mayfly with a seen and a missed task, a late answer, a row, nodes, a fleet issue, a campaign with a row and an error, a
 * dead letter, a log and a counted run.
 */
async function aBusyMayfly() {
  const cared = await aCaredFor();
  const { world, data } = cared;
  await new DynamoPolicyStore(world.table).push(aVersion(1), 0);
  const hadUntil = { ip: '10.0.0.9', subnet: 'subnet-1' };
  await enter(world, 1, { seenLive: ['a', 'b'], firstAnswerAtMs: T0 + 5 * MINUTE, deliveredAtMs: T0 + SECOND });
  await enter(world, 2, { troubles: ['no-row'], identity: { cluster: 'prod', ...hadUntil } });
  const directory = new DynamoNodeDirectory(world.table, world.now);
  for (const host of ['web-1', 'web-2'])
    await directory.record(entryOf(await world.aNode(host, { hostname: host }), 'default'), NOW + 60 * MINUTE);
  const issues = new DynamoFleetIssues(world.table);
  await issues.record('no-agent', 'i-2', 'it never enrolled', NOW);
  await issues.record('identifier-shared', 'web-1', 'another agent lives', NOW);
  const campaigns = new DynamoCampaigns(world.table);
  await campaigns.begin(aCampaign({ askedAtMs: NOW - MINUTE, expiresAtMs: NOW + 60 * MINUTE }));
  await campaigns.recordProgress(CAMPAIGN, { isQueued: true });
  const at = { answeredAtMs: NOW };
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h1', [{ total_seconds: '1' }], at));
  await campaigns.keepAnswer(CAMPAIGN, aHostAnswer('h2', [], { ...at, status: 1, message: 'no such table' }));
  const results = join(data, 'results', 'results');
  await mkdir(results, { recursive: true });
  const line = aLine({ queuedAtMs: T0 });
  await writeFile(join(results, `${line.time.slice(0, 10)}.ndjson`), packed([line]).join(''));
  await writeFile(join(data, 'usage.json'), JSON.stringify(COUNTED));
  const logged = { timestamp: new Date().toISOString(), host: 'web-1' };
  cared.log({ message: 'node_enrolled', ...logged }, { message: 'queries_delivered', wireIds: [], ...logged });
  const letter = await cared.bury({ id: 'e', source: 'aws.ecs', 'detail-type': 'x', detail: { taskArn: 'arn:task' } });
  await cared.bury({ not: 'an event' });
  return { ...cared, letter };
}

const COUNTED: CountedRun = {
  ...{ startedAt: new Date(T0).toISOString(), seconds: 61.5, front: 'serverless', operations: { ...NOTHING, poll: 9 } },
  units: { ...unitsOf({ ...NOTHING, poll: 9 }), gbSeconds: 0.5 },
  ...{ functions: { TlsApi: { invocations: 9, gbSeconds: 0.5 } }, meanSeconds: { request: 0.1, batch: 0, sweep: 0 } },
  ...{ firehose: { requests: 2, gb: 0.001 }, busEvents: 3 },
};

/** What the words of a command need. */
interface Given {
  readonly letter: string;
  /** A folder with a policy, and one that does not exist yet. */
  readonly folder: string;
  readonly fresh: string;
  readonly wrong: string;
  readonly flagfile: string;
  readonly osqueryConf: string;
}

interface Asked {
  readonly words: (given: Given) => readonly string[];
  /** How many documents it prints. @default 1 */
  readonly documents?: number;
}

const asked = (...words: string[]): Asked => ({ words: () => words });

/** It prints the course of a run: test/e2e/local-command.test.ts and test/e2e/readme.test.ts compare it. */
const A_RUN = 'local';

/** The commands in the order in which they are asked: those that change something come last. */
const COMMANDS: Readonly<Record<Exclude<keyof typeof JSON_OUTPUTS, typeof A_RUN>, Asked>> = {
  tasks: { ...asked('tasks', '--since', '1d'), documents: 2 },
  task: asked('task', taskArn(1)),
  coverage: asked('coverage', '--since', '1d'),
  nodes: asked('nodes'),
  missed: asked('missed', '--since', '1d'),
  mtta: asked('mtta', '--since', '1d'),
  query: { ...asked('query', '--resume', CAMPAIGN), documents: 2 },
  queries: asked('queries'),
  rows: asked('rows', '--since', '1d'),
  who: asked('who', '10.0.0.9'),
  'node show': asked('node', 'show', 'web-1'),
  doctor: asked('doctor', 'web-1'),
  tail: { ...asked('tail', '--no-follow', '--since', '1d'), documents: 2 },
  'secret status': asked('secret', 'status'),
  'dlq list': asked('dlq', 'list'),
  'dlq show': { words: ({ letter }) => ['dlq', 'show', letter] },
  'policy init': { words: ({ fresh }) => ['policy', 'init', fresh] },
  'policy import': { words: ({ osqueryConf, fresh }) => ['policy', 'import', osqueryConf, '--to', `${fresh}-2`] },
  'policy check': { words: ({ wrong }) => ['policy', 'check', wrong] },
  'policy diff': { words: ({ folder }) => ['policy', 'diff', folder] },
  'policy history': asked('policy', 'history'),
  'policy show': asked('policy', 'show'),
  'policy drift': asked('policy', 'drift', '--all'),
  'policy test': asked('policy', 'test', '--policy', 'policy', RUNNING),
  'policy replay': { ...asked('policy', 'replay', FIXTURES, '--policy', 'policy'), documents: 0 },
  'host lint': { words: ({ flagfile }) => ['host', 'lint', flagfile] },
  cost: asked('cost'),
  'cost --data': asked('cost'),
  'local put-events': asked('local', 'put-events', RUNNING),
  request: asked('request', 'ask-1'),
  'query --cancel': asked('query', '--cancel', '--resume', CAMPAIGN),
  'policy push': { words: ({ folder }) => ['policy', 'push', folder, '-m', 'more', '--yes'] },
  'policy rollback': asked('policy', 'rollback'),
  'node revoke': asked('node', 'revoke', 'web-2', '--yes'),
  'secret rotate': asked('secret', 'rotate', '--yes'),
  'secret retire': asked('secret', 'retire', '--yes'),
  'dlq redrive': asked('dlq', 'redrive', '--all', '--yes'),
};

/** Commands that call the services of a local Mayfly. */
const WITH_SERVICES = /^(doctor|tail|secret .*|dlq .*)$/;

/** Commands that have no `--data`, or mean something else by it. */
const WITHOUT_DATA = ['cost', 'policy init', 'policy import', 'policy check', 'policy replay', 'host lint'];

describe('the published schema of --json', () => {
  const bus = mockClient(EventBridgeClient);
  let busy: Awaited<ReturnType<typeof aBusyMayfly>>;
  let given: Given;
  beforeAll(async () => {
    busy = await aBusyMayfly();
    bus.on(PutEventsCommand).resolves({ Entries: [{ EventId: 'event-1' }] });
    const files = await folderOf({
      'bad.flags': '--tls_hostname=https://x\n',
      'osquery.conf': JSON.stringify({
        options: { no_such_option: 1 },
        schedule: { up: { query: 'SELECT * FROM uptime', interval: 60 }, bad: { query: 'SELECT x', interval: 60 } },
      }),
    });
    given = {
      letter: busy.letter,
      folder: await policySelecting('id'),
      fresh: join(files, 'fresh'),
      wrong: await folderOf({ 'config/default.yaml': CONFIG, 'rules/task.yaml': 'rules: 1\n' }),
      flagfile: join(files, 'bad.flags'),
      osqueryConf: join(files, 'osquery.conf'),
    };
  });
  afterAll(async () => {
    bus.restore();
    await busy.close();
  });

  it.each(Object.entries(COMMANDS))('fits what mayfly %s prints', async (name, { words, documents = 1 }) => {
    // Signatures of requests to these services have the time of the machine.
    if (WITH_SERVICES.test(name)) jest.restoreAllMocks();
    const accepted = Response.json({ accepted: 1, unmatched: [0] });
    const fetched = jest.spyOn(globalThis, 'fetch').mockResolvedValue(accepted);
    const { prints, schema } = JSON_OUTPUTS[name as keyof typeof JSON_OUTPUTS];
    const line = [...words(given), '--json'];
    const { stdout } = await (WITHOUT_DATA.includes(name) ? mayfly(...line) : busy.ask(...line));
    fetched.mockRestore();
    const found = jsonLines(stdout);
    expect(found.length).toBe(documents === 0 ? found.length || 1 : documents);
    if (prints === 'one document') expect(found).toHaveLength(1);
    for (const document of found) {
      const { error } = z.safeParse(schema, document);
      expect(error && z.prettifyError(error)).toBeUndefined();
      expect(JSON.stringify(document).length).toBeGreaterThan(20); // not an empty list
    }
  });

  it('is there for every command with --json', () => {
    const withJson = (command: Command, path: readonly string[]): string[] => [
      ...(command.options.some(({ long }) => long === '--json') ? [path.join(' ')] : []),
      ...command.commands.flatMap((sub) => withJson(sub, [...path, sub.name()])),
    ];
    const published = Object.keys(JSON_OUTPUTS).map((name) => name.replace(/ --.*/, ''));
    const commands = withJson(programWith(addWorkbench), []);
    expect(new Set(published)).toEqual(new Set(commands));
  });

  it('fits a missed task too, and lists what the lists of the others hold', async () => {
    const [missed] = jsonLines((await busy.ask('task', taskArn(2), '--json')).stdout);
    expect(z.safeParse(JSON_OUTPUTS.task.schema, missed).error).toBeUndefined();
    const [seen] = jsonLines((await busy.ask('task', taskArn(1), '--json')).stdout);
    expect(seen).toMatchObject({ rows: [expect.anything()] });
    const [mtta] = jsonLines((await busy.ask('mtta', '--since', '1d', '--json')).stdout);
    expect(mtta).toMatchObject({ late: [expect.anything()] });
  });

  it('fits a push that was refused', async () => {
    const refused = await busy.ask('policy', 'push', given.folder, '-m', 'late', '--expect', '1', '--json');
    expect(z.safeParse(JSON_OUTPUTS['policy push'].schema, jsonLines(refused.stdout)[0]).error).toBeUndefined();
    expect(JSON.parse(refused.stderr.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({ error: { code: 'REFUSED' } });
  });
});
